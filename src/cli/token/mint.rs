//! `frontdesk token mint`.

use chrono::{DateTime, Utc};
use clap::Args;

use super::person::PersonArgs;
use crate::actions::mint::{Holder, Opens, TokenRequest, mint};
use crate::app::App;
use crate::cli::Done;
use crate::cli::parse::time;
use crate::cli::print::Output;
use crate::reservation::{AppointmentId, Role, RoomName, Tenant};
use crate::token::{LuaPattern, Until};
use crate::view::TokenOnce;

#[derive(Debug, Args)]
#[group(skip)]
pub(super) struct MintArgs {
    #[command(flatten)]
    opens: OpensArgs,
    /// Which date of the appointment: when it was first to start [default: the next one]
    #[arg(long, value_name = "TIME", value_parser = time, requires = "appointment")]
    date: Option<DateTime<Utc>>,
    /// With `--many-rooms`: only those whose names match this pattern of Lua's
    #[arg(long, value_name = "PATTERN", requires = "many_rooms")]
    pattern: Option<LuaPattern>,
    /// Somebody who is expected: their id, external id or e-mail address
    #[arg(long, value_name = "WHO", conflicts_with_all = ["id", "name", "email", "avatar", "many_rooms"])]
    participant: Option<String>,
    #[command(flatten)]
    person: PersonArgs,
    /// `host`, `participant` or `observer` [default: what they are expected as, or else participant]
    #[arg(long)]
    role: Option<Role>,
    /// Until when it is good, where that is sooner than it may be
    #[arg(long, value_name = "TIME", value_parser = time, required_if_eq("many_rooms", "true"))]
    expires: Option<DateTime<Utc>>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct OpensArgs {
    /// The room of this appointment, at its next date
    #[arg(long, value_name = "ID")]
    appointment: Option<AppointmentId>,
    /// This room, at its next date; now, where nobody booked it and the tenant opens such rooms
    #[arg(long, value_name = "NAME")]
    room: Option<RoomName>,
    /// Every room of the tenant, for 24 hours at the most
    #[arg(long)]
    many_rooms: bool,
}

impl MintArgs {
    pub async fn run(self, app: &App, tenant: &Tenant, output: Output) -> Done {
        let Self { opens, date, pattern, participant, person, role, expires } = self;
        let until = expires.map_or(Until::Usual, Until::Exactly);
        let (opens, until) = match (opens.appointment, opens.room) {
            (Some(id), _) => (Opens::Appointment { id, original_start: date }, until),
            (None, Some(room)) => (Opens::Room(room), until),
            (None, None) => (Opens::Wildcard { pattern, until: expires.unwrap_or_default() }, Until::Usual),
        };
        let holder = participant.map_or_else(|| Holder::Guest(person.person()), Holder::Participant);
        let request = TokenRequest { role, until, ..TokenRequest::new(opens, holder) };
        let minted = mint(app, tenant, &request).await?;
        output.one(&TokenOnce::from(&minted))
    }
}
