//! `frontdesk appointment …`.

mod add;
mod booking;
mod calendar;
mod calendar_file;
mod cancel;
mod change;
mod dates;
mod import;
mod list;
mod people;
mod preview;
mod reach;
mod recurrence;
mod show;

use clap::Subcommand;

use super::Done;
use super::print::Output;
use crate::app::App;
use crate::reservation::AppointmentId;

#[derive(Debug, Subcommand)]
pub(super) enum AppointmentCommand {
    /// Book a room, once or again and again
    Add(Box<add::AddArgs>),
    /// Say which dates it would have and what is in the way, and book nothing
    Preview(Box<preview::PreviewArgs>),
    /// Book many rooms, or none
    Import(import::ImportArgs),
    /// List a tenant's appointments, without cancelled ones
    List(list::ListArgs),
    /// List the dates of an appointment up to the tenant's horizon, without cancelled ones
    Dates(dates::DatesArgs),
    /// List the dates of all appointments by their start, without cancelled ones
    Calendar(calendar::CalendarArgs),
    /// Show an appointment, or one of its dates
    Show(show::ShowArgs),
    /// Print an appointment as a calendar file
    CalendarFile(calendar_file::CalendarFileArgs),
    /// Move or change an appointment or its dates; a room that is open already keeps what it was opened with
    Change(Box<change::ChangeArgs>),
    /// Cancel an appointment or its dates; a room that is open already runs on to its end
    Cancel(cancel::CancelArgs),
}

/// There is no such appointment.
#[derive(Debug, thiserror::Error)]
#[error("the tenant has no appointment `{0}`")]
struct Unknown(AppointmentId);

/// A range that ends before it begins.
#[derive(Debug, thiserror::Error)]
#[error("`--until` is before `--from`")]
struct Backwards;

impl AppointmentCommand {
    pub async fn run(self, app: &App, output: Output) -> Done {
        match self {
            Self::Add(args) => args.run(app, output).await,
            Self::Preview(args) => args.run(app, output).await,
            Self::Import(args) => args.run(app, output).await,
            Self::List(args) => args.run(app, output).await,
            Self::Dates(args) => args.run(app, output).await,
            Self::Calendar(args) => args.run(app, output).await,
            Self::Show(args) => args.run(app, output).await,
            Self::CalendarFile(args) => args.run(app).await,
            Self::Change(args) => args.run(app, output).await,
            Self::Cancel(args) => args.run(app, output).await,
        }
    }
}
