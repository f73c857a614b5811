//! `frontdesk appointment …`.

mod add;
mod change;
mod import;
mod people;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::Done;
use super::parse::{tenant, time};
use super::print::{Output, file};
use crate::actions::calendar::appointment_calendar;
use crate::actions::cancel::cancel;
use crate::actions::passwords::unlock;
use crate::app::App;
use crate::reservation::{
    Appointment, AppointmentId, AppointmentState, ExternalId, RoomKey, Tenant, TenantName,
};
use crate::store::appointments::{self, Filter, Order, Page};
use crate::view::AppointmentView;

#[derive(Debug, Subcommand)]
pub(super) enum AppointmentCommand {
    /// Book a room
    Add(Box<add::AddArgs>),
    /// Book many rooms, or none
    Import(import::ImportArgs),
    /// List a tenant's appointments, without cancelled ones
    List(ListArgs),
    /// Show an appointment
    Show {
        /// Which one
        id: AppointmentId,
        /// Tenant that it belongs to; may be left out where there is only one
        #[arg(long)]
        tenant: Option<TenantName>,
        /// Show the password in clear
        #[arg(long)]
        with_password: bool,
    },
    /// Print an appointment as a calendar file
    CalendarFile {
        /// Which one
        id: AppointmentId,
        /// Tenant that it belongs to; may be left out where there is only one
        #[arg(long)]
        tenant: Option<TenantName>,
    },
    /// Move or change an appointment; a room that is open already keeps what it was opened with
    Change(Box<change::ChangeArgs>),
    /// Cancel an appointment; a room that is open already runs on to its end
    Cancel {
        /// Which one
        id: AppointmentId,
        /// Tenant that it belongs to; may be left out where there is only one
        #[arg(long)]
        tenant: Option<TenantName>,
    },
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Which tenant; may be left out where there is only one
    #[arg(long)]
    tenant: Option<TenantName>,
    /// Only in this room
    #[arg(long, value_name = "NAME")]
    room: Option<RoomKey>,
    /// Only what ends after this, with offset
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<DateTime<Utc>>,
    /// Only what starts before this, with offset
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<DateTime<Utc>>,
    /// Only with a host who has this e-mail address or external id
    #[arg(long, value_name = "WHO")]
    host: Option<String>,
    /// Only with this external id
    #[arg(long, value_name = "ID")]
    external_id: Option<ExternalId>,
    /// Only in this state: `upcoming`, `ongoing`, `past` or `cancelled`; may be repeated
    #[arg(long)]
    state: Vec<AppointmentState>,
    /// By what: `starts`, `-starts`, `created_at` or `-created_at`
    #[arg(long, default_value = "starts", allow_hyphen_values = true)]
    order: Order,
    /// How many at the most
    #[arg(long, default_value_t = 1000)]
    limit: u32,
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
            Self::Import(args) => args.run(app, output).await,
            Self::Change(args) => args.run(app, output).await,
            Self::List(args) => args.run(app, output).await,
            Self::Show { id, tenant: named, with_password } => {
                let tenant = tenant(app, named).await?;
                let found = appointments::by_id(&mut *app.db.acquire().await?, tenant.id, id).await?;
                show(app, &tenant, &found.ok_or(Unknown(id))?, with_password, output).await
            }
            Self::CalendarFile { id, tenant: named } => {
                let tenant = tenant(app, named).await?;
                let draft = appointment_calendar(&mut *app.db.acquire().await?, &tenant, id).await?;
                file(&draft.ok_or(Unknown(id))?.write())
            }
            Self::Cancel { id, tenant: named } => {
                let tenant = tenant(app, named).await?;
                let cancelled = cancel(app, &tenant.name, id).await?;
                show(app, &tenant, &cancelled, false, output).await
            }
        }
    }
}

impl ListArgs {
    async fn run(self, app: &App, output: Output) -> Done {
        let tenant = tenant(app, self.tenant).await?;
        if self.from.zip(self.until).is_some_and(|(from, until)| from > until) {
            return Err(Backwards.into());
        }
        let filter = Filter {
            room: self.room,
            from: self.from,
            until: self.until,
            external_id: self.external_id,
            host: self.host,
            states: (!self.state.is_empty()).then_some(self.state),
        };
        let now = app.clock.now();
        let page = Page { order: self.order, after: None, limit: self.limit.into() };
        let mut db = app.db.acquire().await?;
        let all = appointments::list(&mut db, tenant.id, &filter, page, now).await?;
        let ids: Vec<_> = all.iter().map(|appointment| appointment.id).collect();
        let live = appointments::live(&mut db, tenant.id, &ids, now).await?;
        let views = all.iter().map(|one| AppointmentView::new(&tenant, one, now).with_conference(&live));
        output.list(&views.collect::<Vec<_>>())
    }
}

/// Prints an appointment, with its password where that is asked for, and with the conference that it has.
async fn show(
    app: &App,
    tenant: &Tenant,
    appointment: &Appointment,
    with_password: bool,
    output: Output,
) -> Done {
    let now = app.clock.now();
    let live = appointments::live(&mut *app.db.acquire().await?, tenant.id, &[appointment.id], now).await?;
    let password = if with_password {
        unlock(&app.keys, tenant.id, Some(appointment.id), &appointment.options)?
    } else {
        None
    };
    let password = password.map(|password| password.expose_secret().to_owned());
    output.one(&AppointmentView::new(tenant, appointment, now).with_password(password).with_conference(&live))
}
