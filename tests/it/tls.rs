//! TLS without a proxy: what is shown to clients, and a certificate that is renewed.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use frontdesk::config::TlsConfig;
use frontdesk::server;
use frontdesk::tls::{Certificate, TlsError};
use rcgen::generate_simple_self_signed;

use crate::rig::eventually;
use crate::world::World;

/// Puts a certificate for `localhost` and its key into the folder; the certificate as PEM.
fn renew(folder: &Path) -> String {
    let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    made.cert.pem()
}

fn config(folder: &Path) -> TlsConfig {
    TlsConfig { certificate_file: folder.join("cert.pem"), key_file: folder.join("key.pem") }
}

/// A client that trusts this certificate and no other.
fn client(trusted: &str) -> reqwest::Client {
    let trusted = reqwest::Certificate::from_pem(trusted.as_bytes()).unwrap();
    reqwest::Client::builder().tls_certs_only([trusted]).pool_max_idle_per_host(0).build().unwrap()
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_is_not() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let first = renew(folder.path());
    let certificate = Certificate::read(&config(folder.path())).unwrap();
    let following = Arc::clone(&certificate);
    let following = tokio::spawn(async move { following.follow(Duration::from_millis(20)).await });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/livez", listener.local_addr().unwrap().port());
    let serving = server::serve(
        world.app.clone(),
        listener,
        Some(&certificate),
        &crate::world::config().api,
        Duration::from_secs(1),
    )
    .unwrap();
    let handle = serving.handle();
    let serving = tokio::spawn(serving);

    let answers =
        async |trusted: &str| client(trusted).get(&url).send().await.is_ok_and(|a| a.status() == 200);
    assert!(answers(&first).await);
    assert!(
        client(&first).get(url.replace("https", "http")).send().await.is_err(),
        "plain HTTP is not answered"
    );

    fs::write(folder.path().join("cert.pem"), "half a fi").unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(answers(&first).await, "the old one stays while the new one can't be used");

    let second = renew(folder.path());
    eventually("the new certificate is shown", async || answers(&second).await).await;
    assert!(!answers(&first).await);

    following.abort();
    handle.stop(false).await;
    serving.await.unwrap().unwrap();
}

#[test]
fn a_certificate_that_can_t_be_used_is_refused_by_name() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    renew(folder.path());
    renew(other.path());
    let mixed = TlsConfig { key_file: other.path().join("key.pem"), ..config(folder.path()) };
    assert!(matches!(Certificate::read(&mixed), Err(TlsError::Pair { .. })));
    let swapped = TlsConfig { certificate_file: folder.path().join("key.pem"), ..config(folder.path()) };
    assert!(matches!(Certificate::read(&swapped), Err(TlsError::NoCertificate { .. })));
    let missing = TlsConfig { key_file: folder.path().join("none.pem"), ..config(folder.path()) };
    assert!(matches!(Certificate::read(&missing), Err(TlsError::Key { .. })));
}
