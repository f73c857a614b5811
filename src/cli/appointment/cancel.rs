//! `frontdesk appointment cancel`.

use clap::Args;

use super::reach::Reach;
use super::show::{show, show_date};
use crate::actions::cancel::cancel;
use crate::actions::change_date::{cancel_date, cancel_following};
use crate::app::App;
use crate::cli::Done;
use crate::cli::parse::tenant;
use crate::cli::print::Output;
use crate::reservation::{AppointmentId, TenantName};

#[derive(Debug, Args)]
pub(in crate::cli) struct CancelArgs {
    /// Which one
    id: AppointmentId,
    /// Tenant that it belongs to; may be left out where there is only one
    #[arg(long)]
    tenant: Option<TenantName>,
    #[command(flatten)]
    reach: Reach,
}

impl CancelArgs {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let tenant = tenant(app, self.tenant).await?;
        match self.reach.date {
            None => show(app, &tenant, &cancel(app, &tenant.name, self.id).await?, false, output).await,
            Some(date) if self.reach.and_following => {
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
