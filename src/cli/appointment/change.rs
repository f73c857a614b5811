//! `frontdesk appointment change`.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use clap::Args;

use super::people::People;
use super::reach::Reach;
use super::recurrence::RecurringChange;
use super::show::{show, show_date};
use crate::actions::change_appointment::{AppointmentChange, End, Patch, change_appointment};
use crate::actions::change_date::change_date;
use crate::actions::change_series::change_following;
use crate::actions::passwords;
use crate::app::App;
use crate::cli::Done;
use crate::cli::parse::{Maybe, count, length, metadata, positive_length, tenant, time, time_zone};
use crate::cli::print::Output;
use crate::reservation::{AppointmentId, Description, ExternalId, Metadata, RoomName, TenantName, Title};

#[derive(Debug, Args)]
pub(in crate::cli) struct ChangeArgs {
    /// Which one
    id: AppointmentId,
    /// Tenant that it belongs to; may be left out where there is only one
    #[arg(long)]
    tenant: Option<TenantName>,
    /// Only if it has had this many changes, as `revision` says
    #[arg(long, value_name = "N")]
    revision: Option<i64>,
    #[command(flatten)]
    reach: Reach,
    /// Another room
    #[arg(long, value_name = "NAME")]
    room: Option<RoomName>,
    /// When it starts, with offset; it keeps its length where no end is given, and later dates move along
    #[arg(long, value_name = "TIME", value_parser = time)]
    starts: Option<DateTime<Utc>>,
    /// When it ends, with offset, or `none`
    #[arg(long, value_name = "TIME", value_parser = |text: &str| Maybe::or(text, time))]
    ends: Option<Maybe<DateTime<Utc>>>,
    /// How long it takes, in place of --ends
    #[arg(long, value_name = "LENGTH", value_parser = positive_length, conflicts_with = "ends")]
    duration: Option<TimeDelta>,
    #[command(flatten)]
    recurring: RecurringChange,
    /// What it is about, or `none`
    #[arg(long, value_parser = |text: &str| Maybe::or(text, str::parse::<Title>))]
    title: Option<Maybe<Title>>,
    /// More about it, or `none`
    #[arg(long, value_parser = |text: &str| Maybe::or(text, str::parse::<Description>))]
    description: Option<Maybe<Description>>,
    #[command(flatten)]
    people: People,
    /// Nobody is expected any more; where somebody is named as above, who is not named goes
    #[arg(long, conflicts_with = "People")]
    no_participants: bool,
    /// What another system calls it, or `none`
    #[arg(long, value_name = "ID", value_parser = |text: &str| Maybe::or(text, str::parse::<ExternalId>))]
    external_id: Option<Maybe<ExternalId>>,
    /// JSON object to merge into what is kept with it (RFC 7396), or `none`
    #[arg(long, value_name = "JSON", value_parser = |text: &str| Maybe::or(text, metadata))]
    metadata: Option<Maybe<Metadata>>,
    /// IANA time zone that it is booked in
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    time_zone: Option<Tz>,
    /// What people have to type to come in
    // Parsed later: an error here would show it.
    #[arg(long, conflicts_with_all = ["generate_password", "no_password"])]
    password: Option<String>,
    /// Make a password
    #[arg(long, conflicts_with = "no_password")]
    generate_password: bool,
    /// Nobody has to type anything
    #[arg(long)]
    no_password: bool,
    /// Whether people wait in a lobby
    #[arg(long, value_name = "BOOL")]
    lobby: Option<bool>,
    /// Most people at once, or `none` for the tenant's
    #[arg(long, value_name = "N", value_parser = |text: &str| Maybe::or(text, count))]
    max_occupants: Option<Maybe<u32>>,
    /// How long before the start people may come in, or `none` for the tenant's
    #[arg(long, value_name = "LENGTH", value_parser = |text: &str| Maybe::or(text, length))]
    early_open: Option<Maybe<TimeDelta>>,
    /// How long after the end people may stay, or `none` for the tenant's
    #[arg(long, value_name = "LENGTH", value_parser = |text: &str| Maybe::or(text, length))]
    grace: Option<Maybe<TimeDelta>>,
    /// Longest that the room may be open, or `none` for the tenant's
    #[arg(long, value_name = "LENGTH", value_parser = |text: &str| Maybe::or(text, positive_length))]
    max_duration: Option<Maybe<TimeDelta>>,
    /// Whether the answer to a conference server carries a room token, or `none` for the tenant's
    #[arg(long, value_name = "BOOL", value_parser = |text: &str| Maybe::or(text, str::parse::<bool>))]
    answer_token: Option<Maybe<bool>>,
    /// Whether its hosts may record, also where the role settings of tokens don't say so
    #[arg(long, value_name = "BOOL")]
    recording: Option<bool>,
}

impl<T> From<Option<Maybe<T>>> for Patch<T> {
    fn from(given: Option<Maybe<T>>) -> Self {
        match given {
            None => Self::Keep,
            Some(Maybe(None)) => Self::Clear,
            Some(Maybe(Some(value))) => Self::Set(value),
        }
    }
}

impl ChangeArgs {
    pub async fn run(self, app: &App, output: Output) -> Done {
        let tenant = tenant(app, self.tenant).await?;
        let password = match self.password {
            Some(password) => Patch::Set(password.parse()?),
            None if self.generate_password => Patch::Set(passwords::generate()?),
            None if self.no_password => Patch::Clear,
            None => Patch::Keep,
        };
        let ends = match (self.ends.into(), self.duration) {
            (_, Some(length)) => Patch::Set(End::After(length)),
            (Patch::Set(ends), None) => Patch::Set(End::At(ends)),
            (Patch::Clear, None) => Patch::Clear,
            (Patch::Keep, None) => Patch::Keep,
        };
        let expected = self.people.expected();
        let change = AppointmentChange {
            room: self.room,
            starts: self.starts,
            ends,
            time_zone: self.time_zone,
            recurrence: self.recurring.change(),
            external_id: self.external_id.into(),
            title: self.title.into(),
            description: self.description.into(),
            participants: (self.no_participants || !expected.is_empty()).then_some(expected),
            metadata: self.metadata.into(),
            password,
            lobby: self.lobby,
            max_occupants: self.max_occupants.into(),
            early_open: self.early_open.into(),
            grace: self.grace.into(),
            max_duration: self.max_duration.into(),
            answer_token: self.answer_token.into(),
            recording: self.recording,
        };
        let shows_password = matches!(change.password, Patch::Set(_));
        let Self { id, reach: Reach { date, and_following }, revision, .. } = self;
        let changed = match date {
            None => change_appointment(app, &tenant.name, id, revision, change).await?,
            Some(date) if and_following => {
                change_following(app, &tenant.name, id, date, revision, change).await?
            }
            Some(date) => {
                let (appointment, date) = change_date(app, &tenant.name, id, date, revision, change).await?;
                return show_date(app, &tenant, &appointment, date, shows_password, output);
            }
        };
        show(app, &tenant, &changed, shows_password, output).await
    }
}
