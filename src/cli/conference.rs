//! `frontdesk conference …`.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use super::Done;
use super::parse::{tenant, time};
use super::print::Output;
use crate::actions::close_conference::{CloseError, close_conference};
use crate::app::App;
use crate::reservation::{AppointmentId, ConferenceId, RoomKey, TenantName};
use crate::store::conferences::{self, Filter, State};
use crate::view::ConferenceView;

#[derive(Debug, Subcommand)]
pub(super) enum ConferenceCommand {
    /// List a tenant's conferences, the latest first
    List(ListArgs),
    /// Show a conference
    Show {
        /// Which one
        id: ConferenceId,
        /// Tenant that it belongs to; may be left out where there is only one
        #[arg(long)]
        tenant: Option<TenantName>,
    },
    /// Close a conference, so that the next ask for its room is decided anew; people in it are not put out
    Close {
        /// Which one
        id: ConferenceId,
        /// Tenant that it belongs to; may be left out where there is only one
        #[arg(long)]
        tenant: Option<TenantName>,
    },
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Which tenant; may be left out where there is only one
    #[arg(long)]
    tenant: Option<TenantName>,
    /// Those that are open (`live`), those that are closed or over (`past`), or `all`
    #[arg(long, value_name = "live|past|all", default_value_t = State::Live)]
    state: State,
    /// Only of this room
    #[arg(long, value_name = "NAME")]
    room: Option<RoomKey>,
    /// Only those that were granted for this appointment
    #[arg(long, value_name = "ID")]
    appointment: Option<AppointmentId>,
    /// Only what was open at some time after this, with offset
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<DateTime<Utc>>,
    /// Only what was opened before this, with offset
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<DateTime<Utc>>,
    /// How many at the most
    #[arg(long, default_value_t = 1000)]
    limit: u32,
}

impl ConferenceCommand {
    pub async fn run(self, app: &App, output: Output) -> Done {
        match self {
            Self::List(args) => {
                let tenant = tenant(app, args.tenant).await?;
                let ListArgs { state, room, appointment, from, until, .. } = args;
                let filter = Filter { state, room, appointment, from, until };
                let now = app.clock.now();
                let mut db = app.db.acquire().await?;
                let records =
                    conferences::list(&mut db, tenant.id, &filter, None, args.limit.into(), now).await?;
                let views = records.iter().map(|record| ConferenceView::new(&tenant.name, record));
                output.list(&views.collect::<Vec<_>>())
            }
            Self::Show { id, tenant: named } => {
                let tenant = tenant(app, named).await?;
                let mut db = app.db.acquire().await?;
                let record = conferences::by_id(&mut db, tenant.id, id).await?;
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
