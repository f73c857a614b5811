//! `frontdesk appointment preview`.

use clap::Args;

use super::booking::BookingArgs;
use crate::actions::preview::preview;
use crate::app::App;
use crate::cli::Done;
use crate::cli::parse::tenant;
use crate::cli::print::Output;
use crate::view::PreviewView;

#[derive(Debug, Args)]
pub(in crate::cli) struct PreviewArgs {
    #[command(flatten)]
    booking: BookingArgs,
    /// How many dates at the most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

impl PreviewArgs {
    pub async fn run(mut self, app: &App, output: Output) -> Done {
        let tenant = tenant(app, self.booking.tenant.take()).await?;
        let booking = self.booking.booking(tenant.name.clone())?;
        output.one(&PreviewView::from(&preview(app, &booking, self.limit.into()).await?))
    }
}
