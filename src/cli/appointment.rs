//! `frontdesk appointment …`.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use strum::VariantArray as _;

use super::Done;
use super::parse::{count, length, positive_length, tenant, time, time_zone};
use super::print::Output;
use crate::actions::book::{Booking, book};
use crate::actions::cancel::cancel;
use crate::actions::passwords::{generate, unlock};
use crate::app::App;
use crate::reservation::{
    AppointmentId, AppointmentState, RoomKey, RoomName, RoomPassword, TenantName, Title,
};
use crate::store::appointments::{self, Filter, Page};
use crate::view::AppointmentView;

#[derive(Debug, Subcommand)]
pub(super) enum AppointmentCommand {
    /// Book a room
    Add(Box<AddArgs>),
    /// List a tenant's appointments by their start
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
pub(super) struct AddArgs {
    /// Tenant whose room it is; may be left out where there is only one
    #[arg(long)]
    tenant: Option<TenantName>,
    /// The room, as a person writes it or as its URL has it
    #[arg(long, value_name = "NAME")]
    room: RoomName,
    /// When it starts, with offset: 2026-12-01T09:00:00+01:00
    #[arg(long, value_name = "TIME", value_parser = time)]
    starts: DateTime<Utc>,
    /// When it ends, with offset
    #[arg(long, value_name = "TIME", value_parser = time, required_unless_present = "no_end")]
    ends: Option<DateTime<Utc>>,
    /// It has no end
    #[arg(long, conflicts_with = "ends")]
    no_end: bool,
    /// What it is about
    #[arg(long)]
    title: Option<Title>,
    /// IANA time zone that it is booked in [default: the tenant's]
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    time_zone: Option<Tz>,
    /// What people have to type to come in
    // Parsed later: an error here would show it.
    #[arg(long)]
    password: Option<String>,
    /// Make a password
    #[arg(long, conflicts_with = "password")]
    generate_password: bool,
    /// People wait in a lobby
    #[arg(long)]
    lobby: bool,
    /// Most people at once [default: the tenant's]
    #[arg(long, value_name = "N", value_parser = count)]
    max_occupants: Option<u32>,
    /// How long before the start people may come in, such as 10m [default: the tenant's]
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    early_open: Option<TimeDelta>,
    /// How long after the end people may stay [default: the tenant's]
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    grace: Option<TimeDelta>,
    /// Longest that the room may be open, from its first opening [default: the tenant's]
    #[arg(long, value_name = "LENGTH", value_parser = positive_length)]
    max_duration: Option<TimeDelta>,
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
    /// Also cancelled ones
    #[arg(long)]
    cancelled: bool,
    /// How many at the most
    #[arg(long, default_value_t = 1000)]
    limit: u32,
}

/// There is no such appointment.
#[derive(Debug, thiserror::Error)]
#[error("the tenant has no appointment `{0}`")]
struct Unknown(AppointmentId);

impl AppointmentCommand {
    pub async fn run(self, app: &App, output: Output) -> Done {
        match self {
            Self::Add(args) => args.run(app, output).await,
            Self::List(args) => {
                let tenant = tenant(app, args.tenant).await?;
                let states = args.cancelled.then(|| AppointmentState::VARIANTS.to_vec());
                let filter = Filter {
                    room: args.room,
                    from: args.from,
                    until: args.until,
                    states,
                    ..Filter::default()
                };
                let mut db = app.db.acquire().await?;
                let now = app.clock.now();
                let page = Page { limit: args.limit.into(), ..Page::default() };
                let all = appointments::list(&mut db, tenant.id, &filter, page, now).await?;
                let views = all.iter().map(|appointment| AppointmentView::new(&tenant, appointment, now));
                output.list(&views.collect::<Vec<_>>())
            }
            Self::Show { id, tenant: named, with_password } => {
                let tenant = tenant(app, named).await?;
                let found = appointments::by_id(&mut *app.db.acquire().await?, tenant.id, id).await?;
                let appointment = found.ok_or(Unknown(id))?;
                let password = if with_password {
                    unlock(&app.keys, tenant.id, Some(id), &appointment.options)?
                } else {
                    None
                };
                let password = password.map(|password| password.expose_secret().to_owned());
                output.one(
                    &AppointmentView::new(&tenant, &appointment, app.clock.now()).with_password(password),
                )
            }
            Self::Cancel { id, tenant: named } => {
                let tenant = tenant(app, named).await?;
                let cancelled = cancel(app, &tenant.name, id).await?;
                output.one(&AppointmentView::new(&tenant, &cancelled, app.clock.now()))
            }
        }
    }
}

impl AddArgs {
    async fn run(self, app: &App, output: Output) -> Done {
        let tenant = tenant(app, self.tenant).await?;
        let password: Option<RoomPassword> = match self.password {
            Some(password) => Some(password.parse()?),
            None if self.generate_password => Some(generate()?),
            None => None,
        };
        let clear = password.as_ref().map(|password| password.expose().to_owned());
        let booking = Booking {
            title: self.title,
            time_zone: self.time_zone,
            password,
            lobby: self.lobby,
            max_occupants: self.max_occupants,
            early_open: self.early_open,
            grace: self.grace,
            max_duration: self.max_duration,
            ..Booking::of(tenant.name.clone(), self.room, self.starts, self.ends)
        };
        let booked = book(app, booking).await?;
        output.one(&AppointmentView::new(&tenant, &booked, app.clock.now()).with_password(clear))
    }
}
