//! `frontdesk appointment calendar-file`.

use clap::Args;

use super::Unknown;
use crate::actions::calendar::appointment_calendar;
use crate::app::App;
use crate::cli::Done;
use crate::cli::parse::tenant;
use crate::cli::print::file;
use crate::reservation::{AppointmentId, TenantName};

#[derive(Debug, Args)]
pub(in crate::cli) struct CalendarFileArgs {
    /// Which one
    id: AppointmentId,
    /// Tenant that it belongs to; may be left out where there is only one
    #[arg(long)]
    tenant: Option<TenantName>,
}

impl CalendarFileArgs {
    pub async fn run(self, app: &App) -> Done {
        let tenant = tenant(app, self.tenant).await?;
        let draft = appointment_calendar(&mut *app.db.acquire().await?, &tenant, self.id).await?;
        file(&draft.ok_or(Unknown(self.id))?.write())
    }
}
