//! `frontdesk healthcheck`, for containers that have no curl.

use std::time::Duration;

use super::Done;
use super::url::local_url;
use crate::config::Config;

const PATIENCE: Duration = Duration::from_secs(3);

/// The service is not ready.
#[derive(Debug, thiserror::Error)]
#[error("the service at {0} is not ready")]
struct NotReady(String);

/// Asks the service on this host whether it is ready.
pub(super) async fn check(config: &Config) -> Done {
    let url = local_url(config, config.listen);
    // Its certificate is for the name that others call it by, not for this address.
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        .no_proxy()
        .tls_danger_accept_invalid_certs(true)
        .build()?;
    let answer = client.get(format!("{url}/readyz")).send().await?;
    if answer.status().is_success() { Ok(()) } else { Err(NotReady(url).into()) }
}
