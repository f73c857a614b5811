//! `frontdesk decision …`.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use super::Done;
use super::parse::{tenant, time};
use super::print::Output;
use crate::app::App;
use crate::reservation::{ReasonCode, RoomKey, TenantName};
use crate::store::decisions::{self, Filter, Kind};
use crate::store::servers;
use crate::view::DecidedView;

#[derive(Debug, Subcommand)]
pub(super) enum DecisionCommand {
    /// List what was decided about a tenant's rooms, the latest first
    List(ListArgs),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Which tenant; may be left out where there is only one
    #[arg(long)]
    tenant: Option<TenantName>,
    /// Only about this room, under any spelling of its name
    #[arg(long, value_name = "NAME")]
    room: Option<RoomKey>,
    /// Only from then on, with offset
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<DateTime<Utc>>,
    /// Only from before then, with offset
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<DateTime<Utc>>,
    /// Only rooms that were refused
    #[arg(long, conflicts_with = "granted")]
    refused: bool,
    /// Only rooms that were opened
    #[arg(long)]
    granted: bool,
    /// Only refusals for this reason, such as `too_early`
    #[arg(long, value_name = "CODE", value_parser = reason, conflicts_with = "granted")]
    reason: Option<ReasonCode>,
    /// Only asks of this conference server
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
    /// How many at the most
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

/// No refusal has that reason.
#[derive(Debug, thiserror::Error)]
#[error("there is no such reason; docs/reasons.md has them all")]
struct UnknownReason;

fn reason(text: &str) -> Result<ReasonCode, UnknownReason> {
    text.parse().map_err(|_| UnknownReason)
}

/// There is no such server.
#[derive(Debug, thiserror::Error)]
#[error("there is no conference server `{0}`")]
struct UnknownServer(String);

impl DecisionCommand {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let Self::List(args) = self;
        let tenant = tenant(app, args.tenant).await?;
        let mut db = app.db.acquire().await?;
        let server = match args.server {
            None => None,
            Some(name) => {
                let known = servers::by_name(&mut db, &name).await?;
                Some(known.ok_or(UnknownServer(name))?.server.id)
            }
        };
        let kind = match (args.granted, args.refused) {
            (true, _) => Some(Kind::Granted),
            (false, true) => Some(Kind::Refused),
            (false, false) => None,
        };
        let ListArgs { room, from, until, reason, .. } = args;
        let filter = Filter { room, from, until, kind, reason, server };
        let all = decisions::list(&mut db, tenant.id, &filter, None, args.limit.into()).await?;
        output.list(&all.iter().map(DecidedView::from).collect::<Vec<_>>())
    }
}
