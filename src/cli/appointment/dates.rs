//! `frontdesk appointment dates`.

use clap::Args;

use super::Unknown;
use super::calendar::Which;
use crate::app::App;
use crate::cli::Done;
use crate::cli::parse::tenant;
use crate::cli::print::Output;
use crate::reservation::AppointmentId;
use crate::store::appointments;
use crate::store::occurrences::Filter;

#[derive(Debug, Args)]
pub(in crate::cli) struct DatesArgs {
    /// Which appointment
    id: AppointmentId,
    #[command(flatten)]
    which: Which,
}

impl DatesArgs {
    pub async fn run(mut self, app: &App, output: Output) -> Done {
        let tenant = tenant(app, self.which.tenant.take()).await?;
        let known = appointments::by_id(&mut *app.db.acquire().await?, tenant.id, self.id).await?;
        known.ok_or(Unknown(self.id))?;
        let filter = Filter { appointment: Some(self.id), ..Filter::default() };
        self.which.run(app, &tenant, filter, output).await
    }
}
