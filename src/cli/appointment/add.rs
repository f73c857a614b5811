//! `frontdesk appointment add`.

use clap::Args;

use super::booking::BookingArgs;
use crate::actions::book::book;
use crate::app::App;
use crate::cli::Done;
use crate::cli::parse::tenant;
use crate::cli::print::Output;
use crate::view::AppointmentView;

#[derive(Debug, Args)]
pub(in crate::cli) struct AddArgs {
    #[command(flatten)]
    booking: BookingArgs,
}

impl AddArgs {
    pub async fn run(mut self, app: &App, output: Output) -> Done {
        let tenant = tenant(app, self.booking.tenant.take()).await?;
        let booking = self.booking.booking(tenant.name.clone())?;
        let clear = booking.password.as_ref().map(|password| password.expose().to_owned());
        let booked = book(app, booking).await?;
        output.one(&AppointmentView::new(&tenant, &booked, app.clock.now()).with_password(clear))
    }
}
