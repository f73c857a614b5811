//! `frontdesk appointment import`.

use std::fs;
use std::io::{self, Read as _};
use std::path::PathBuf;

use clap::Args;

use crate::actions::book_many::book_many;
use crate::api::BatchInput;
use crate::api::field::FromJson as _;
use crate::api::problem::Problem;
use crate::app::App;
use crate::cli::Done;
use crate::cli::parse::tenant;
use crate::cli::print::Output;
use crate::reservation::TenantName;
use crate::view::AppointmentView;

#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArgs {
    /// File with a JSON object as `POST /v1/appointments/batch` takes it; `-` for standard input
    file: PathBuf,
    /// Tenant whose rooms they are; may be left out where there is only one
    #[arg(long)]
    tenant: Option<TenantName>,
}

/// What is wrong with the file, all of it.
#[derive(Debug, thiserror::Error)]
#[error("nothing was booked:\n{0}")]
struct Wrong(String);

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Self {
        let lines = problem
            .errors()
            .iter()
            .map(|error| format!("  {}: {}", error.pointer.as_deref().unwrap_or_default(), error.detail));
        let lines: Vec<String> = lines.collect();
        Self(if lines.is_empty() { format!("  {problem}") } else { lines.join("\n") })
    }
}

impl ImportArgs {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let tenant = tenant(app, self.tenant).await?;
        let mut text = String::new();
        if self.file.as_os_str() == "-" {
            io::stdin().read_to_string(&mut text)?;
        } else {
            text = fs::read_to_string(&self.file)?;
        }
        let input = BatchInput::from_json(serde_json::from_str(&text)?)
            .map_err(Problem::from)
            .map_err(Wrong::from)?;
        let bookings = input.into_bookings(&tenant.name, None).map_err(Wrong::from)?;
        let booked = book_many(app, &bookings).await.map_err(Problem::from).map_err(Wrong::from)?;
        let now = app.clock.now();
        let views = booked.iter().map(|appointment| AppointmentView::new(&tenant, appointment, now));
        output.list(&views.collect::<Vec<_>>())
    }
}
