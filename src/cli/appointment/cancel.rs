//! `frontdesk appointment cancel`.

use chrono::{DateTime, Utc};
use clap::Args;

use super::show::{show, show_date};
use crate::actions::cancel::cancel;
use crate::actions::change_date::{cancel_date, cancel_following};
use crate::app::App;
use crate::cli::Done;
use crate::cli::parse::{tenant, time};
use crate::cli::print::Output;
use crate::reservation::{AppointmentId, TenantName};

#[derive(Debug, Args)]
pub(in crate::cli) struct CancelArgs {
    /// Which one
    id: AppointmentId,
    /// Tenant that it belongs to; may be left out where there is only one
    #[arg(long)]
    tenant: Option<TenantName>,
    /// Only this date, by its `original_start`
    #[arg(long, value_name = "TIME", value_parser = time)]
    date: Option<DateTime<Utc>>,
    /// This date and all that follow
    #[arg(long, requires = "date")]
    and_following: bool,
}

impl CancelArgs {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let tenant = tenant(app, self.tenant).await?;
        match self.date {
            None => show(app, &tenant, &cancel(app, &tenant.name, self.id).await?, false, output).await,
            Some(date) if self.and_following => {
                let changed = cancel_following(app, &tenant.name, self.id, date, None).await?;
                show(app, &tenant, &changed, false, output).await
            }
            Some(date) => {
                let (appointment, date) = cancel_date(app, &tenant.name, self.id, date, None).await?;
                show_date(app, &tenant, &appointment, date, false, output)
            }
        }
    }
}
