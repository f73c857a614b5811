//! `frontdesk server …`.

use clap::{ArgGroup, Subcommand};

use super::Done;
use super::parse::{name, tenant};
use super::print::Output;
use crate::actions::add_server::{Serves, add_credential, add_server};
use crate::actions::change_server::{ChangeServerError, ServerChange, change_server, revoke_credential};
use crate::app::App;
use crate::reservation::{CredentialId, ServerState, TenantName};
use crate::store::server_credentials;
use crate::store::servers::{self, ServerRecord};
use crate::view::{CredentialOnce, ServerView};

#[derive(Debug, Subcommand)]
pub(super) enum ServerCommand {
    /// Add a conference server, and show its credential this once
    Add {
        /// What operators call it
        #[arg(value_parser = name)]
        name: String,
        /// Tenant of rooms that name none; may be left out where there is only one
        #[arg(long)]
        tenant: Option<TenantName>,
        /// Another tenant that it may ask for; may be given several times
        #[arg(long, value_name = "TENANT")]
        also: Vec<TenantName>,
        /// It may ask for every tenant
        #[arg(long)]
        all_tenants: bool,
    },
    /// List the conference servers
    List,
    /// Show a conference server
    Show {
        /// Which server
        name: String,
    },
    /// Change what a server may ask for, or what it is called; rooms that it holds it keeps
    #[command(group = ArgGroup::new("change").multiple(true).required(true))]
    Change {
        /// Which server
        name: String,
        /// Tenant of rooms that name none
        #[arg(long, group = "change")]
        tenant: Option<TenantName>,
        /// Another tenant that it may ask for, instead of those it had; may be given several times
        #[arg(long, group = "change", value_name = "TENANT")]
        also: Vec<TenantName>,
        /// It may ask for every tenant
        #[arg(long, group = "change")]
        all_tenants: bool,
        /// It may ask for no tenant but the one of rooms that name none
        #[arg(long, group = "change", conflicts_with_all = ["also", "all_tenants"])]
        no_others: bool,
        /// What operators call it from now on
        #[arg(long, group = "change", value_name = "NAME", value_parser = name)]
        rename: Option<String>,
    },
    /// Make another credential for a server, beside the one it has, and show it this once
    AddCredential {
        /// Which server
        name: String,
    },
    /// Give a server no more rooms, and let others take over the ones it holds
    Drain {
        /// Which server
        name: String,
        /// It is gone altogether
        #[arg(long)]
        lost: bool,
    },
    /// Give a drained or lost server rooms again
    Resume {
        /// Which server
        name: String,
    },
    /// Revoke one credential of a server, at once and for good; the server stays
    RevokeCredential {
        /// Which server
        name: String,
        /// Which credential
        id: CredentialId,
    },
    /// Revoke a server with all its credentials, at once and for good
    Revoke {
        /// Which server
        name: String,
    },
}

impl ServerCommand {
    pub async fn run(self, app: &App, output: Output) -> Done {
        match self {
            Self::Add { name, tenant: named, also, all_tenants } => {
                let default = tenant(app, named).await?.name;
                let serves = Serves { default, others: also, all: all_tenants };
                output.one(&CredentialOnce::from(&add_server(app, name, serves).await?))
            }
            Self::List => {
                let mut db = app.db.acquire().await?;
                let all = servers::list(&mut db).await?;
                let ids: Vec<_> = all.iter().map(|server| server.server.id).collect();
                let credentials = server_credentials::list(&mut db, &ids).await?;
                output
                    .list(&all.iter().map(|server| ServerView::new(server, &credentials)).collect::<Vec<_>>())
            }
            Self::Show { name } => {
                let known = servers::by_name(&mut *app.db.acquire().await?, &name).await?;
                show(app, output, &known.ok_or(ChangeServerError::Unknown(name))?).await
            }
            Self::Change { name, tenant, also, all_tenants, no_others, rename } => {
                let change = ServerChange {
                    state: None,
                    name: rename,
                    default_tenant: tenant,
                    other_tenants: (no_others || !also.is_empty()).then_some(also),
                    serves_all: (no_others || all_tenants).then_some(all_tenants),
                };
                show(app, output, &change_server(app, name.as_str(), change).await?).await
            }
            Self::AddCredential { name } => {
                output.one(&CredentialOnce::from(&add_credential(app, name.as_str()).await?))
            }
            Self::Drain { name, lost } => {
                let state = if lost { ServerState::Lost } else { ServerState::Drained };
                show(app, output, &change_server(app, name.as_str(), state).await?).await
            }
            Self::Resume { name } => {
                show(app, output, &change_server(app, name.as_str(), ServerState::Active).await?).await
            }
            Self::Revoke { name } => {
                show(app, output, &change_server(app, name.as_str(), ServerState::Revoked).await?).await
            }
            Self::RevokeCredential { name, id } => {
                show(app, output, &revoke_credential(app, name.as_str(), id).await?).await
            }
        }
    }
}

async fn show(app: &App, output: Output, server: &ServerRecord) -> Done {
    let credentials = server_credentials::list(&mut *app.db.acquire().await?, &[server.server.id]).await?;
    output.one(&ServerView::new(server, &credentials))
}
