//! `frontdesk appointment list`.

use chrono::{DateTime, Utc};
use clap::Args;

use super::Backwards;
use crate::app::App;
use crate::cli::Done;
use crate::cli::parse::{tenant, time};
use crate::cli::print::Output;
use crate::reservation::{AppointmentState, ExternalId, RoomKey, TenantName};
use crate::store::appointments::{self, Filter, Order, Page};
use crate::view::AppointmentView;

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// Which tenant; may be left out where there is only one
    #[arg(long)]
    tenant: Option<TenantName>,
    /// Only in this room
    #[arg(long, value_name = "NAME")]
    room: Option<RoomKey>,
    /// Only what ends after this, with offset
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<DateTime<Utc>>,
    /// Only what starts before this, with offset
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<DateTime<Utc>>,
    /// Only with a host who has this e-mail address or external id
    #[arg(long, value_name = "WHO")]
    host: Option<String>,
    /// Only with this external id
    #[arg(long, value_name = "ID")]
    external_id: Option<ExternalId>,
    /// Only in this state: `upcoming`, `ongoing`, `past` or `cancelled`; may be repeated
    #[arg(long)]
    state: Vec<AppointmentState>,
    /// By what: `starts`, `-starts`, `created_at` or `-created_at`
    #[arg(long, default_value = "starts", allow_hyphen_values = true)]
    order: Order,
    /// How many at the most
    #[arg(long, default_value_t = 1000)]
    limit: u32,
}

impl ListArgs {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let tenant = tenant(app, self.tenant).await?;
        if self.from.zip(self.until).is_some_and(|(from, until)| from > until) {
            return Err(Backwards.into());
        }
        let filter = Filter {
            room: self.room,
            from: self.from,
            until: self.until,
            external_id: self.external_id,
            host: self.host,
            states: (!self.state.is_empty()).then_some(self.state),
        };
        let now = app.clock.now();
        let page = Page { order: self.order, after: None, limit: self.limit.into() };
        let mut db = app.db.acquire().await?;
        let all = appointments::list(&mut db, tenant.id, &filter, page, now).await?;
        let ids: Vec<_> = all.iter().map(|appointment| appointment.id).collect();
        let live = appointments::live(&mut db, tenant.id, &ids, now).await?;
        let views = all.iter().map(|one| AppointmentView::new(&tenant, one, now).with_conference(&live));
        output.list(&views.collect::<Vec<_>>())
    }
}
