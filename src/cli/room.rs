//! `frontdesk room …`.

use chrono::{DateTime, Utc};
use clap::Subcommand;

use super::Done;
use super::parse::{tenant, time};
use super::print::Output;
use crate::app::App;
use crate::reservation::{Range, RoomKey, TenantName};
use crate::store::free_busy;
use crate::view::FreeBusyView;

#[derive(Debug, Subcommand)]
pub(super) enum RoomCommand {
    /// Say when a room is booked, and when it is free
    FreeBusy {
        /// Tenant whose room it is; may be left out where there is only one
        #[arg(long)]
        tenant: Option<TenantName>,
        /// The room, as a person writes it or as its URL has it
        #[arg(long, value_name = "NAME")]
        room: RoomKey,
        /// From when on, with offset
        #[arg(long, value_name = "TIME", value_parser = time)]
        from: DateTime<Utc>,
        /// Until when, with offset; 366 days later at the most
        #[arg(long, value_name = "TIME", value_parser = time)]
        until: DateTime<Utc>,
    },
}

impl RoomCommand {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let Self::FreeBusy { tenant: named, room, from, until } = self;
        let range = Range::new(from, until)?;
        let tenant = tenant(app, named).await?;
        let found = free_busy::read(&mut *app.db.acquire().await?, tenant.id, &room, range).await?;
        output.one(&FreeBusyView::new(&room, range, &found))
    }
}
