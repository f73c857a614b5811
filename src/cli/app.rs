//! `frontdesk app …`.

use clap::Subcommand;

use super::Done;
use super::parse::{name, public_key_file, tenant};
use super::print::{Output, say};
use crate::actions::add_app::add_app_with_key;
use crate::actions::app_credentials::{
    AppCredentialError, NewSigningKey, add_app_credential, add_signing_key, revoke_app_credential,
    revoke_signing_key,
};
use crate::actions::change_app::{AppChange, change_app, revoke_app};
use crate::app::App;
use crate::reservation::{CredentialId, Scope, Scopes, TenantName};
use crate::signing::{AppAlgorithm, Issuer, PublicKey};
use crate::store::apps::AppRecord;
use crate::store::{app_credentials, app_signing_keys, apps};
use crate::view::{AppDetailView, AppOnce, AppView, CredentialOnce, SigningKeyOnce};

#[derive(Debug, clap::Args)]
pub(super) struct AppArgs {
    /// Tenant that it belongs to; may be left out where there is only one
    #[arg(long, global = true)]
    tenant: Option<TenantName>,
    #[command(subcommand)]
    command: AppCommand,
}

#[derive(Debug, Subcommand)]
enum AppCommand {
    /// Add an app, and show its credential this once
    Add {
        /// What operators call it
        #[arg(value_parser = name)]
        name: String,
        /// What it may do, such as `appointments:read`; may be given several times [default: all but `admin`]
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<Scope>,
        /// Let it sign tokens of its own: `hs256` with a secret, or `rs256` with a private key. Either is made and shown
        /// this once
        #[arg(long, value_name = "hs256|rs256")]
        auth: Option<AppAlgorithm>,
    },
    /// List a tenant's apps
    List,
    /// Show an app with what its credentials and signing keys are called
    Show {
        /// Which app
        name: String,
    },
    /// Change what an app may do, from its next call, or what it is called
    Change {
        /// Which app
        name: String,
        /// All that it may do from now on, in place of what it may; may be given several times
        #[arg(long = "scope", value_name = "SCOPE", required_unless_present_any = ["more_scopes", "rename"])]
        scopes: Vec<Scope>,
        /// What it may do beside what it may already; may be given several times
        #[arg(long = "add-scope", value_name = "SCOPE", conflicts_with = "scopes")]
        more_scopes: Vec<Scope>,
        /// What operators call it from now on
        #[arg(long, value_name = "NAME", value_parser = name)]
        rename: Option<String>,
    },
    /// Make another credential for an app, beside the one it has, and show it this once
    AddCredential {
        /// Which app
        name: String,
    },
    /// Revoke one credential of an app, at once and for good; the app stays
    RevokeCredential {
        /// Which app
        name: String,
        /// Which credential
        id: CredentialId,
    },
    /// Let an app sign tokens of its own, which it may send instead of its credential
    AddSigningKey {
        /// Which app
        name: String,
        /// What it signs with: `hs256` with a secret, or `rs256` with a private key; what is made is shown this once
        #[arg(long, value_name = "hs256|rs256")]
        algorithm: AppAlgorithm,
        /// File with its own public RSA key in PEM, for `rs256` [default: a pair of keys is made]
        #[arg(long, value_name = "FILE", value_parser = public_key_file)]
        public_key: Option<PublicKey>,
        /// What the claim `iss` of its tokens has to be
        #[arg(long)]
        issuer: Option<Issuer>,
    },
    /// Revoke one signing key of an app, at once and for good; the app stays
    RevokeSigningKey {
        /// Which app
        name: String,
        /// Which signing key
        id: CredentialId,
    },
    /// Revoke an app with all its credentials and signing keys, at once and for good
    Revoke {
        /// Which app
        name: String,
    },
}

/// What does not go together.
#[derive(Debug, thiserror::Error)]
#[error("a public key is for rs256; for hs256 a secret is made")]
struct PublicKeyUnused;

/// What is shown in PEM.
const PEMS: [&str; 2] = ["private_key", "public_key"];

impl AppArgs {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let found = tenant(app, self.tenant).await?;
        let tenant = &found.name;
        match self.command {
            AppCommand::Add { name, scopes, auth } => {
                let scopes = if scopes.is_empty() { Scopes::usual() } else { scopes.into_iter().collect() };
                let key = match auth {
                    None => None,
                    Some(algorithm) => Some(NewSigningKey::make(algorithm).await?),
                };
                let (added, key) = add_app_with_key(app, tenant, name, scopes, key.as_ref()).await?;
                output.one_with_files(&AppOnce::new(&added, key.as_ref()), PEMS)
            }
            AppCommand::List => {
                let all = apps::list(&mut *app.db.acquire().await?, found.id).await?;
                output.list(&all.iter().map(AppView::from).collect::<Vec<_>>())
            }
            AppCommand::Show { name } => {
                let known = apps::find(&mut *app.db.acquire().await?, found.id, name.as_str().into()).await?;
                show(app, output, &known.ok_or(AppCredentialError::Unknown(name))?).await
            }
            AppCommand::Change { name, scopes, more_scopes, rename } => {
                let scopes = (!scopes.is_empty()).then(|| scopes.into_iter().collect());
                let more_scopes = more_scopes.into_iter().collect();
                let change = AppChange { name: rename, scopes, more_scopes };
                output.one(&AppView::from(&change_app(app, tenant, name.as_str(), change).await?))
            }
            AppCommand::AddCredential { name } => {
                output.one(&CredentialOnce::from(&add_app_credential(app, tenant, name.as_str()).await?))
            }
            AppCommand::RevokeCredential { name, id } => {
                show(app, output, &revoke_app_credential(app, tenant, name.as_str(), id).await?).await
            }
            AppCommand::AddSigningKey { name, algorithm, public_key, issuer } => {
                let new = match (algorithm, public_key) {
                    (algorithm, None) => NewSigningKey::make(algorithm).await?,
                    (AppAlgorithm::Rs256, Some(key)) => NewSigningKey::Public(key),
                    (AppAlgorithm::Hs256, Some(_)) => return Err(PublicKeyUnused.into()),
                };
                let added = add_signing_key(app, tenant, name.as_str(), &new, issuer.as_ref()).await?;
                output.one_with_files(&SigningKeyOnce::from(&added), PEMS)
            }
            AppCommand::RevokeSigningKey { name, id } => {
                show(app, output, &revoke_signing_key(app, tenant, name.as_str(), id).await?).await
            }
            AppCommand::Revoke { name } => {
                let now = revoke_app(app, tenant, name.as_str()).await?;
                if output.json {
                    output.one(&serde_json::json!({ "name": name, "revoked": true, "was_live": now }))
                } else {
                    say(format_args!("{}", if now { "revoked" } else { "it was revoked before" }));
                    Ok(())
                }
            }
        }
    }
}

async fn show(app: &App, output: Output, record: &AppRecord) -> Done {
    let mut db = app.db.acquire().await?;
    let credentials = app_credentials::list(&mut db, record.tenant, &[record.id]).await?;
    let signing_keys = app_signing_keys::list(&mut db, record.tenant, &[record.id]).await?;
    output.one(&AppDetailView::new(record, &credentials, &signing_keys))
}
