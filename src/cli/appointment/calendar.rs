//! `frontdesk appointment calendar`.

use chrono::{DateTime, Utc};
use clap::Args;

use super::Backwards;
use crate::app::App;
use crate::cli::Done;
use crate::cli::parse::{tenant, time};
use crate::cli::print::Output;
use crate::reservation::{AppointmentState, RoomKey, Tenant, TenantName};
use crate::store::occurrences::{Filter, list};
use crate::view::OccurrenceView;

#[derive(Debug, Args)]
pub(in crate::cli) struct CalendarArgs {
    /// Only in this room
    #[arg(long, value_name = "NAME")]
    room: Option<RoomKey>,
    /// Only with a host who has this e-mail address or external id
    #[arg(long, value_name = "WHO")]
    host: Option<String>,
    #[command(flatten)]
    which: Which,
}

/// Which dates.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Which tenant; may be left out where there is only one
    #[arg(long)]
    pub tenant: Option<TenantName>,
    /// Only what ends after this, with offset
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<DateTime<Utc>>,
    /// Only what starts before this, with offset
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<DateTime<Utc>>,
    /// Only in this state: `upcoming`, `ongoing`, `past` or `cancelled`; may be repeated
    #[arg(long)]
    state: Vec<AppointmentState>,
    /// How many at the most
    #[arg(long, default_value_t = 1000)]
    limit: u32,
}

impl CalendarArgs {
    pub async fn run(mut self, app: &App, output: Output) -> Done {
        let tenant = tenant(app, self.which.tenant.take()).await?;
        let filter = Filter { room: self.room, host: self.host, ..Filter::default() };
        self.which.run(app, &tenant, filter, output).await
    }
}

impl Which {
    /// Prints those that the filter lets through, too.
    pub async fn run(self, app: &App, tenant: &Tenant, filter: Filter, output: Output) -> Done {
        let Self { from, until, state, limit, .. } = self;
        if from.zip(until).is_some_and(|(from, until)| from > until) {
            return Err(Backwards.into());
        }
        let filter = Filter { from, until, states: (!state.is_empty()).then_some(state), ..filter };
        let now = app.clock.now();
        let mut db = app.db.acquire().await?;
        let dates = list(&mut db, tenant.id, &filter, None, limit.into(), now).await?;
        output.list(&dates.iter().map(|entry| OccurrenceView::new(tenant, entry, now)).collect::<Vec<_>>())
    }
}
