//! `frontdesk server …`.

use clap::Subcommand;

use super::Done;
use super::parse::{name, tenant};
use super::print::Output;
use crate::actions::add_server::{Serves, add_credential, add_server};
use crate::actions::change_server::{change_server, revoke_credential};
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
    /// Make another credential for a server, beside those it has, and show it this once
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
    /// Revoke a server with all its credentials, at once and for good
    Revoke {
        /// Which server
        name: String,
        /// Only this credential; the server stays
        #[arg(long, value_name = "ID")]
        credential: Option<CredentialId>,
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
            Self::Revoke { name, credential: None } => {
                show(app, output, &change_server(app, name.as_str(), ServerState::Revoked).await?).await
            }
            Self::Revoke { name, credential: Some(credential) } => {
                show(app, output, &revoke_credential(app, name.as_str(), credential).await?).await
            }
        }
    }
}

async fn show(app: &App, output: Output, server: &ServerRecord) -> Done {
    let credentials = server_credentials::list(&mut *app.db.acquire().await?, &[server.server.id]).await?;
    output.one(&ServerView::new(server, &credentials))
}
