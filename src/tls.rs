//! TLS, without a proxy in front: the certificate, read anew when its files change.
//!
//! Certificates live for weeks; whoever renews them only has to replace the files.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, version};
use tokio::time::sleep;

use crate::config::TlsConfig;
use crate::telemetry::with_sources;

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate's file can't be read, or is no PEM.
    #[error("cannot read the certificate `{path}`")]
    Certificate {
        /// The file.
        path: String,
        /// Why.
        source: pem::Error,
    },
    /// The file has no certificate in it.
    #[error("there is no certificate in `{path}`")]
    NoCertificate {
        /// The file.
        path: String,
    },
    /// The key's file can't be read, or has no private key in it.
    #[error("cannot read the private key `{path}`")]
    Key {
        /// The file.
        path: String,
        /// Why.
        source: pem::Error,
    },
    /// They don't belong together, or can't be used.
    #[error("the private key and the certificate `{path}` can't be used together")]
    Pair {
        /// The certificate's file.
        path: String,
        /// Why.
        source: rustls::Error,
    },
}

/// The certificate of the moment with its key.
#[derive(Debug)]
pub struct Certificate {
    config: TlsConfig,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
    /// When the files that it was read from had changed last.
    read: [Option<SystemTime>; 2],
}

impl Certificate {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// Where they can't be read, or don't belong together.
    pub fn read(config: &TlsConfig) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        // Before they are read: what changes meanwhile is read again.
        let read = changed(config);
        let current = RwLock::new(Arc::new(load(config, &provider)?));
        Ok(Arc::new(Self { config: config.clone(), provider, current, read }))
    }

    /// What a server needs to know: TLS 1.2 and 1.3, this certificate, nothing asked of clients.
    #[must_use]
    pub fn server_config(self: &Arc<Self>) -> ServerConfig {
        ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .expect("the provider speaks both versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Self>::clone(self))
    }

    /// Looks at the files `every` so often, and reads them again when they changed. What can't be used is logged, and the certificate
    /// that there is stays.
    pub async fn follow(&self, every: Duration) {
        let mut seen = self.read;
        loop {
            sleep(every).await;
            let now = changed(&self.config);
            if now == seen {
                continue;
            }
            match load(&self.config, &self.provider) {
                Ok(key) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                    tracing::info!("the certificate was read anew");
                    seen = now;
                }
                // Perhaps only one of the files was replaced yet: look again.
                Err(error) => {
                    tracing::error!(
                        error = with_sources(&error),
                        "the new certificate can't be used; the old one stays"
                    );
                }
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// When either file changed last, as far as that can be told.
fn changed(config: &TlsConfig) -> [Option<SystemTime>; 2] {
    let changed = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    [changed(&config.certificate_file), changed(&config.key_file)]
}

fn load(config: &TlsConfig, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let path = config.certificate_file.display().to_string();
    let chain = CertificateDer::pem_file_iter(&config.certificate_file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|source| TlsError::Certificate { path: path.clone(), source })?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate { path });
    }
    let key = PrivateKeyDer::from_pem_file(&config.key_file)
        .map_err(|source| TlsError::Key { path: config.key_file.display().to_string(), source })?;
    CertifiedKey::from_der(chain, key, provider).map_err(|source| TlsError::Pair { path, source })
}
