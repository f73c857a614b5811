//! `frontdesk appointment show`.

use chrono::{DateTime, Utc};
use clap::Args;
use secrecy::ExposeSecret as _;

use super::Unknown;
use crate::actions::change_appointment::ChangeAppointmentError;
use crate::actions::passwords::{UnlockError, unlock};
use crate::app::App;
use crate::cli::Done;
use crate::cli::parse::{tenant, time};
use crate::cli::print::Output;
use crate::reservation::{Appointment, AppointmentId, BookedDate, Options, Tenant, TenantName};
use crate::store::occurrences::CalendarEntry;
use crate::store::{appointments, occurrences};
use crate::view::{AppointmentView, OccurrenceView};

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// Which one
    id: AppointmentId,
    /// Tenant that it belongs to; may be left out where there is only one
    #[arg(long)]
    tenant: Option<TenantName>,
    /// Only this date, by its `original_start`
    #[arg(long, value_name = "TIME", value_parser = time)]
    date: Option<DateTime<Utc>>,
    /// Show the password in clear
    #[arg(long)]
    with_password: bool,
}

impl ShowArgs {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let Self { id, date, with_password, .. } = self;
        let tenant = tenant(app, self.tenant).await?;
        let mut db = app.db.acquire().await?;
        let found = appointments::by_id(&mut db, tenant.id, id).await?.ok_or(Unknown(id))?;
        let Some(date) = date else {
            drop(db);
            return show(app, &tenant, &found, with_password, output).await;
        };
        let known = occurrences::of_original_start(&mut db, tenant.id, id, date).await?;
        let known = known.ok_or(ChangeAppointmentError::UnknownDate(date))?;
        show_date(app, &tenant, &found, known, with_password, output)
    }
}

/// Prints an appointment, with its password where that is asked for, and with the conference that it has.
pub(super) async fn show(
    app: &App,
    tenant: &Tenant,
    appointment: &Appointment,
    with_password: bool,
    output: Output,
) -> Done {
    let now = app.clock.now();
    let live = appointments::live(&mut *app.db.acquire().await?, tenant.id, &[appointment.id], now).await?;
    let password = password(app, appointment, &appointment.options, with_password)?;
    output.one(&AppointmentView::new(tenant, appointment, now).with_password(password).with_conference(&live))
}

/// Prints one date of an appointment, with its password where that is asked for.
pub(super) fn show_date(
    app: &App,
    tenant: &Tenant,
    appointment: &Appointment,
    date: BookedDate,
    with_password: bool,
    output: Output,
) -> Done {
    let password = password(app, appointment, &date.options, with_password)?;
    let entry = CalendarEntry::of(appointment, date);
    output.one(&OccurrenceView::new(tenant, &entry, app.clock.now()).with_password(password))
}

fn password(
    app: &App,
    appointment: &Appointment,
    options: &Options,
    wanted: bool,
) -> Result<Option<String>, UnlockError> {
    if !wanted {
        return Ok(None);
    }
    let password = unlock(&app.keys, appointment.tenant, Some(appointment.id), options)?;
    Ok(password.map(|password| password.expose_secret().to_owned()))
}
