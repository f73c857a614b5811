//! `frontdesk conference …`.

use clap::Subcommand;

use super::Done;
use super::parse::tenant;
use super::print::Output;
use crate::actions::close_conference::{CloseError, close_conference};
use crate::app::App;
use crate::reservation::{ConferenceId, TenantName};
use crate::store::conferences;
use crate::view::ConferenceView;

#[derive(Debug, Subcommand)]
pub(super) enum ConferenceCommand {
    /// List a tenant's conferences, the latest first
    List {
        /// Which tenant; may be left out where there is only one
        #[arg(long)]
        tenant: Option<TenantName>,
        /// Also those that are closed or over
        #[arg(long)]
        all: bool,
        /// How many at the most
        #[arg(long, default_value_t = 1000)]
        limit: u32,
    },
    /// Show a conference
    Show {
        /// Which one
        id: ConferenceId,
        /// Tenant that it belongs to; may be left out where there is only one
        #[arg(long)]
        tenant: Option<TenantName>,
    },
    /// Close a conference, so that its room can be granted anew; people in it are not put out
    Close {
        /// Which one
        id: ConferenceId,
        /// Tenant that it belongs to; may be left out where there is only one
        #[arg(long)]
        tenant: Option<TenantName>,
    },
}

impl ConferenceCommand {
    pub async fn run(self, app: &App, output: Output) -> Done {
        match self {
            Self::List { tenant: named, all, limit } => {
                let tenant = tenant(app, named).await?;
                let open_at = (!all).then(|| app.clock.now());
                let mut db = app.db.acquire().await?;
                let records = conferences::list(&mut db, tenant.id, None, open_at, limit.into()).await?;
                let views = records.iter().map(|record| ConferenceView::new(&tenant.name, record));
                output.list(&views.collect::<Vec<_>>())
            }
            Self::Show { id, tenant: named } => {
                let tenant = tenant(app, named).await?;
                let mut db = app.db.acquire().await?;
                let record = conferences::list(&mut db, tenant.id, Some(id), None, 1).await?.pop();
                output.one(&ConferenceView::new(&tenant.name, &record.ok_or(CloseError::Unknown(id))?))
            }
            Self::Close { id, tenant: named } => {
                let tenant = tenant(app, named).await?;
                let record = close_conference(app, &tenant.name, id).await?;
                output.one(&ConferenceView::new(&tenant.name, &record))
            }
        }
    }
}
