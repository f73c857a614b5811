//! `frontdesk feed …`.

use clap::{Args, Subcommand};

use super::Done;
use super::parse::tenant;
use super::print::Output;
use crate::actions::feeds::{add_feed, revoke_feed};
use crate::app::App;
use crate::reservation::{FeedId, FeedOf, HostKey, Label, RoomKey, TenantName};
use crate::store::feeds;
use crate::view::{FeedOnce, FeedView};

#[derive(Debug, Args)]
pub(super) struct FeedArgs {
    /// Tenant that it belongs to; may be left out where there is only one
    #[arg(long, global = true)]
    tenant: Option<TenantName>,
    #[command(subcommand)]
    command: FeedCommand,
}

#[derive(Debug, Subcommand)]
enum FeedCommand {
    /// Make a feed, and show its address this once: who knows that can read it
    Add {
        #[command(flatten)]
        of: Of,
        /// What people call it
        #[arg(long)]
        label: Label,
    },
    /// List a tenant's feeds, revoked ones too
    List,
    /// Revoke a feed, at once and for good
    Revoke {
        /// Which feed
        id: FeedId,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Of {
    /// The calendar of this room
    #[arg(long, value_name = "NAME")]
    room: Option<RoomKey>,
    /// The calendar of the host with this e-mail address or external id
    #[arg(long, value_name = "WHO")]
    host: Option<HostKey>,
    /// The calendar of the whole tenant
    #[arg(long)]
    all: bool,
}

impl From<Of> for FeedOf {
    fn from(of: Of) -> Self {
        let room = of.room.map(Self::Room);
        room.or(of.host.map(Self::Host)).unwrap_or(Self::Tenant)
    }
}

impl FeedArgs {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let tenant = tenant(app, self.tenant).await?;
        match self.command {
            FeedCommand::Add { of, label } => {
                let added = add_feed(app, &tenant.name, of.into(), label).await?;
                output.one(&FeedOnce::new(&added, added.url(app)))
            }
            FeedCommand::List => {
                let mut db = app.db.acquire().await?;
                let all = feeds::page(&mut db, tenant.id, None, i64::MAX).await?;
                output.list(&all.iter().map(FeedView::from).collect::<Vec<_>>())
            }
            FeedCommand::Revoke { id } => {
                output.one(&FeedView::from(&revoke_feed(app, &tenant.name, id).await?))
            }
        }
    }
}
