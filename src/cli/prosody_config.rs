//! `frontdesk prosody-config`.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use secrecy::ExposeSecret;
use serde::Serialize;
use strum::VariantNames as _;

use super::Done;
use super::parse::{TenantError, name, tenant};
use super::print::{Output, say};
use super::prosody_tokens::tell;
use super::url::public_url;
use crate::actions::add_server::{Equipped, Serves, add_credential, add_server};
use crate::app::App;
use crate::config::Config;
use crate::prosody::snippet::{Setup, Target};
use crate::prosody::verification::{Tokens, Verification};
use crate::reservation::{BaseUrl, CredentialId, TenantName};
use crate::signing::Algorithm;
use crate::store::servers;

/// Prosody's VirtualHost in docker-jitsi-meet, unless XMPP_DOMAIN says otherwise.
const DOCKER_HOST: &str = "meet.jitsi";

#[derive(Debug, Args)]
pub(super) struct ProsodyConfigArgs {
    /// How Jitsi was installed
    #[arg(
        long,
        required_unless_present = "guard_module",
        value_parser = PossibleValuesParser::new(Target::VARIANTS).try_map(|text| text.parse::<Target>())
    )]
    target: Option<Target>,
    /// Which conference server it is for: it gets another credential; one that is new is added
    #[arg(long, value_name = "NAME", value_parser = name)]
    server: Option<String>,
    /// Tenant of a new server's rooms that name none; may be left out where there is only one
    #[arg(long, value_name = "TENANT", requires = "server")]
    tenant: Option<TenantName>,
    /// Prosody's VirtualHost [default: the host of the tenant's meeting URL; for docker: meet.jitsi]
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Where that Prosody reaches Frontdesk [default: public_url; else for docker: http://frontdesk:8180]
    #[arg(long, value_name = "URL")]
    url: Option<BaseUrl>,
    /// Let Prosody check room tokens: by a shared secret (hs256, hs384, hs512), or by public keys, each in a file (asap),
    /// or all in one (jwks; certificates for Jitsi's plugins of 2023)
    #[arg(
        long,
        value_parser = PossibleValuesParser::new(Tokens::VARIANTS).try_map(|text| text.parse::<Tokens>())
    )]
    tokens: Option<Tokens>,
    /// Print the Prosody module that closes the ways past the check, and nothing else
    #[arg(long, exclusive = true)]
    pub guard_module: bool,
}

/// What can't be found out, or doesn't fit.
#[derive(Debug, thiserror::Error)]
enum Missing {
    #[error(
        "name Prosody's VirtualHost with --host, or set the tenant's address with `frontdesk tenant set NAME --meeting-url URL`"
    )]
    Host,
    #[error("`{0}` can't be the name of a host")]
    BadHost(String),
    #[error(
        "rooms that `{server}` names without a tenant are those of `{default}`, not of `{named}`: \
         leave out --tenant, or name another server"
    )]
    OtherTenant { server: String, default: TenantName, named: TenantName },
}

/// The text, for programs.
#[derive(Serialize)]
struct ProsodyConfigView {
    target: String,
    host: String,
    server: Option<String>,
    credential_id: Option<CredentialId>,
    text: String,
}

impl ProsodyConfigArgs {
    pub async fn run(self, app: &App, config: &Config, output: Output) -> Done {
        let Some(target) = self.target else { return Ok(()) };
        let host = match (&self.host, target) {
            (Some(host), _) => host.to_lowercase(),
            (None, Target::Docker) => DOCKER_HOST.to_owned(),
            (None, Target::Debian) => self.meeting_host(app).await?,
        };
        if host.is_empty() || !host.chars().all(|c| c.is_alphanumeric() || "-._".contains(c)) {
            return Err(Missing::BadHost(host).into());
        }
        let url = match (&self.url, &config.public_url, target) {
            (Some(url), _, _) | (None, Some(url), _) => url.clone(),
            (None, None, Target::Docker) => "http://frontdesk:8180".parse()?,
            (None, None, Target::Debian) => public_url(config, config.listen).parse()?,
        };
        let told = match self.tokens {
            Some(tokens) => {
                Some(tell(app, tokens, target, self.server.as_deref(), self.tenant.clone()).await?)
            }
            None => None,
        };
        // Only now: what was made can't be shown again.
        let equipped = match &self.server {
            Some(name) => Some(equip(app, name, self.tenant.clone()).await?),
            None => None,
        };
        let setup = Setup {
            target,
            host: &host,
            url: &url,
            server: self.server.as_deref(),
            credential: equipped.as_ref().map(|equipped| equipped.credential.expose()),
            tokens: self.tokens.zip(told.as_ref()).map(|(tokens, told)| Verification {
                tokens,
                url: &url,
                server: equipped.as_ref().map(|equipped| equipped.server.server.id),
                secret: told.secret.as_ref().map(ExposeSecret::expose_secret),
                several_tenants: told.several_tenants,
                algorithm: algorithm(tokens, told.settings.algorithm),
                issuer: told.settings.issuer.as_str(),
                audience: told.settings.audience.as_str(),
                any_audience: told.any_audience,
            }),
        };
        let text = setup.render();
        if !output.json {
            say(format_args!("{}", text.trim_end()));
            return Ok(());
        }
        output.one(&ProsodyConfigView {
            target: target.to_string(),
            host: host.clone(),
            server: self.server.clone(),
            credential_id: equipped.map(|equipped| equipped.credential_id),
            text,
        })
    }

    /// The host of the meeting URL: of the server's default tenant, where there is such a server.
    async fn meeting_host(&self, app: &App) -> Result<String, Box<dyn std::error::Error>> {
        let known = match &self.server {
            Some(name) => servers::by_name(&mut *app.db.acquire().await?, name).await?,
            None => None,
        };
        let named = known.map(|server| server.default_tenant).or_else(|| self.tenant.clone());
        // Of several tenants, one can be named only together with a server.
        let tenant = match tenant(app, named).await {
            Err(TenantError::Several) if self.server.is_none() => return Err(Missing::Host.into()),
            tenant => tenant?,
        };
        let url = tenant.policy.meeting_url.ok_or(Missing::Host)?;
        Ok(url.host().to_owned())
    }
}

/// Another credential for the server of that name, which is added where it is new.
async fn equip(
    app: &App,
    name: &str,
    named: Option<TenantName>,
) -> Result<Equipped, Box<dyn std::error::Error>> {
    if let Some(known) = servers::by_name(&mut *app.db.acquire().await?, name).await? {
        return match named.filter(|named| *named != known.default_tenant) {
            Some(named) => {
                Err(Missing::OtherTenant { server: name.to_owned(), default: known.default_tenant, named }
                    .into())
            }
            None => Ok(add_credential(app, name).await?),
        };
    }
    let default = tenant(app, named).await?.name;
    Ok(add_server(app, name.to_owned(), Serves { default, others: Vec::new(), all: false }).await?)
}

/// What Prosody verifies with: of public keys, what the tenant's tokens are signed with, where those have any.
fn algorithm(tokens: Tokens, signs: Algorithm) -> &'static str {
    if tokens.is_shared_secret() || signs.is_shared_secret() { tokens.algorithm() } else { signs.as_str() }
}
