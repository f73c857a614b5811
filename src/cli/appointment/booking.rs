//! What is to be booked, on the command line.

use std::error::Error;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use clap::Args;

use super::people::People;
use super::recurrence::Recurring;
use crate::actions::book::Booking;
use crate::actions::{passwords, room_names};
use crate::cli::parse::{count, length, metadata, positive_length, time, time_zone};
use crate::reservation::{Description, ExternalId, Metadata, RoomName, TenantName, Title};

/// An appointment to book.
#[derive(Debug, Args)]
pub(super) struct BookingArgs {
    /// Tenant whose room it is; may be left out where there is only one
    #[arg(long)]
    pub tenant: Option<TenantName>,
    /// The room, as a person writes it or as its URL has it [default: a name that nobody guesses]
    #[arg(long, value_name = "NAME")]
    room: Option<RoomName>,
    /// When it starts, with offset: 2026-12-01T09:00:00+01:00
    #[arg(long, value_name = "TIME", value_parser = time)]
    starts: DateTime<Utc>,
    /// When it ends, with offset
    #[arg(long, value_name = "TIME", value_parser = time, required_unless_present_any = ["duration", "no_end"])]
    ends: Option<DateTime<Utc>>,
    /// How long it takes, such as 50m, in place of --ends
    #[arg(long, value_name = "LENGTH", value_parser = positive_length, conflicts_with = "ends")]
    duration: Option<TimeDelta>,
    /// It has no end
    #[arg(long, conflicts_with_all = ["ends", "duration"])]
    no_end: bool,
    #[command(flatten)]
    recurring: Recurring,
    /// What it is about
    #[arg(long)]
    title: Option<Title>,
    /// More about it
    #[arg(long)]
    description: Option<Description>,
    #[command(flatten)]
    people: People,
    /// What another system calls it: unique among appointments that are not cancelled
    #[arg(long, value_name = "ID")]
    external_id: Option<ExternalId>,
    /// JSON object to keep with it
    #[arg(long, value_name = "JSON", value_parser = metadata)]
    metadata: Option<Metadata>,
    /// IANA time zone that it is booked in, and to whose wall clock its dates keep [default: the tenant's]
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
    /// Whether the answer to a conference server carries a room token [default: the tenant's]
    #[arg(long, value_name = "BOOL")]
    answer_token: Option<bool>,
    /// Whether its hosts may record, also where the role settings of tokens don't say so [default: false]
    #[arg(long, value_name = "BOOL")]
    recording: Option<bool>,
}

impl BookingArgs {
    /// As a booking of that tenant.
    pub fn booking(self, tenant: TenantName) -> Result<Booking, Box<dyn Error>> {
        let password = match self.password {
            Some(password) => Some(password.parse()?),
            None if self.generate_password => Some(passwords::generate()?),
            None => None,
        };
        let room = match self.room {
            Some(room) => room,
            None => room_names::generate()?,
        };
        let ends = self.ends.or_else(|| self.starts.checked_add_signed(self.duration?));
        Ok(Booking {
            external_id: self.external_id,
            title: self.title,
            description: self.description,
            participants: self.people.participants(),
            metadata: self.metadata.unwrap_or_default(),
            time_zone: self.time_zone,
            recurrence: self.recurring.recurrence(),
            password,
            lobby: self.lobby,
            max_occupants: self.max_occupants,
            early_open: self.early_open,
            grace: self.grace,
            max_duration: self.max_duration,
            answer_token: self.answer_token,
            recording: self.recording.unwrap_or_default(),
            ..Booking::of(tenant, room, self.starts, ends)
        })
    }
}
