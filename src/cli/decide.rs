//! `frontdesk decide`.

use chrono::{DateTime, Utc};
use clap::Args;

use super::Done;
use super::parse::{tenant, time};
use super::print::Output;
use crate::actions::dry_run::dry_run;
use crate::app::App;
use crate::reservation::{Node, TenantName};
use crate::view::ForecastView;

#[derive(Debug, Args)]
pub(super) struct DecideArgs {
    /// The room, as the conference server names it: `room` or `[tenant]room`
    #[arg(long, value_name = "NAME")]
    room: Node,
    /// Tenant of a room that names none [default: the server's, or the only one]
    #[arg(long)]
    tenant: Option<TenantName>,
    /// Server that would ask [default: the one that has the room open, or else the first one that may]
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
    /// When it would ask, with offset [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<DateTime<Utc>>,
}

impl DecideArgs {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let named = self.room.tenant().or(self.tenant);
        let tenant = match (&self.server, named) {
            (Some(_), named) => named,
            (None, named) => Some(tenant(app, named).await?.name),
        };
        let forecast = dry_run(app, tenant.as_ref(), self.server.as_deref(), &self.room, self.at).await?;
        output.one(&ForecastView::from(&forecast))
    }
}
