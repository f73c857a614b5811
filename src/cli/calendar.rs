//! `frontdesk calendar …`.

use std::fs;
use std::io::{self, Read as _};
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::Done;
use super::parse::tenant;
use super::print::Output;
use crate::actions::import_calendar::{Import, import_calendar};
use crate::app::App;
use crate::ical;
use crate::reservation::{Label, RoomName, TenantName};
use crate::view::ImportView;

#[derive(Debug, Subcommand)]
pub(super) enum CalendarCommand {
    /// Import a calendar file: its events become appointments. May be repeated
    Import(ImportArgs),
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// What the calendar is called here: events are known again by their UIDs in the calendar of that name
    calendar: Label,
    /// iCalendar file; `-` for standard input
    #[arg(value_name = "FILE", value_parser = calendar_file)]
    file: CalendarFile,
    /// Tenant whose rooms they are; may be left out where there is only one
    #[arg(long)]
    tenant: Option<TenantName>,
    /// Room of all events. Else events with an address below the tenant's meeting URL have that room, and others one of
    /// their own
    #[arg(long, value_name = "NAME")]
    room: Option<RoomName>,
    /// The file is all of the calendar: cancel what was in it the last time and is missing now
    #[arg(long)]
    complete: bool,
}

/// A calendar file.
#[derive(Debug, Clone)]
enum CalendarFile {
    StandardInput,
    Read(Arc<[u8]>),
}

/// Reads while the command line is parsed, when a process of root's still is root's.
fn calendar_file(path: &str) -> io::Result<CalendarFile> {
    if path == "-" { Ok(CalendarFile::StandardInput) } else { Ok(CalendarFile::Read(fs::read(path)?.into())) }
}

impl CalendarCommand {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let Self::Import(args) = self;
        let tenant = tenant(app, args.tenant).await?;
        let bytes = match args.file {
            CalendarFile::StandardInput => {
                let mut bytes = Vec::new();
                io::stdin().read_to_end(&mut bytes)?;
                bytes.into()
            }
            CalendarFile::Read(bytes) => bytes,
        };
        let file = ical::read(&bytes, tenant.policy.time_zone)?;
        let ImportArgs { calendar, room, complete, .. } = args;
        let import = Import { tenant: tenant.name, app: None, calendar, file, room, complete };
        output.one(&ImportView::from(&import_calendar(app, &import).await?))
    }
}
