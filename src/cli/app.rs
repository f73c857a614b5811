//! `frontdesk app …`.

use clap::Subcommand;

use super::Done;
use super::parse::{name, tenant};
use super::print::{Output, say};
use crate::actions::add_app::add_app;
use crate::actions::change_app::revoke_app;
use crate::app::App;
use crate::reservation::{Scopes, TenantName};
use crate::store::apps;
use crate::view::{AppView, CredentialOnce};

#[derive(Debug, Subcommand)]
pub(super) enum AppCommand {
    /// Add an app, and show its credential this once
    Add {
        /// What operators call it
        #[arg(value_parser = name)]
        name: String,
        /// Tenant that it belongs to; may be left out where there is only one
        #[arg(long)]
        tenant: Option<TenantName>,
    },
    /// List a tenant's apps
    List {
        /// Which tenant; may be left out where there is only one
        #[arg(long)]
        tenant: Option<TenantName>,
    },
    /// Revoke an app with its credentials, at once and for good
    Revoke {
        /// Which app
        name: String,
        /// Tenant that it belongs to; may be left out where there is only one
        #[arg(long)]
        tenant: Option<TenantName>,
    },
}

impl AppCommand {
    pub async fn run(self, app: &App, output: Output) -> Done {
        match self {
            Self::Add { name, tenant: named } => {
                let tenant = tenant(app, named).await?;
                output.one(&CredentialOnce::from(
                    &add_app(app, &tenant.name, name, Scopes::all_but_admin()).await?,
                ))
            }
            Self::List { tenant: named } => {
                let tenant = tenant(app, named).await?;
                let all = apps::list(&mut *app.db.acquire().await?, tenant.id).await?;
                output.list(&all.iter().map(AppView::from).collect::<Vec<_>>())
            }
            Self::Revoke { name, tenant: named } => {
                let tenant = tenant(app, named).await?;
                let now = revoke_app(app, &tenant.name, name.as_str()).await?;
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
