//! Somebody comes by a join link: what they find, and how they get in.

mod coming;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use ipnet::IpNet;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgConnection;
use uuid::Uuid;

use self::coming::{Coming, coming};
use super::mint::{Holder, MintError, Minted, Opens, TokenRequest, mint_in};
use super::passwords::{UnlockError, unlock};
use crate::app::App;
use crate::credential::JoinCode;
use crate::reservation::{
    Appointment, Arrival, BookedDate, Doorway, JoinLinkId, Participant, RoomNow, Tenant, TenantName,
};
use crate::store::join_links::JoinLinkRecord;
use crate::store::occurrences::DateWindow;
use crate::store::{StoreError, appointments, conferences, join_guesses, join_links, tenants};
use crate::token::VerifierKind;

/// How many codes that there are not may come from one network in [`GUESSING`].
pub const MOST_GUESSES: i64 = 60;

/// The time in which they are counted.
pub const GUESSING: TimeDelta = TimeDelta::minutes(10);

/// Somebody who has come by a join link.
#[derive(Debug)]
pub struct Visit {
    /// The link that they came by.
    pub link: JoinLinkId,
    /// Its code.
    pub code: JoinCode,
    /// The tenant.
    pub tenant: Tenant,
    /// The appointment.
    pub appointment: Appointment,
    /// Who they are; `None` for a guest.
    pub participant: Option<Participant>,
    /// What they find.
    pub doorway: Doorway,
    /// When and where they come in.
    pub coming: Option<DateWindow>,
    /// The date that is; or else one that is cancelled, or the last.
    pub date: Option<BookedDate>,
    /// A date that would have come before that one, and was cancelled.
    pub instead_of: Option<BookedDate>,
}

/// Why somebody finds nothing.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// There is no such code.
    #[error("there is no such join link")]
    Unknown,
    /// Too many came from there that there are not.
    #[error("too many codes that there are not came from this address")]
    TooMany,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for VisitError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Why somebody can't get in through an open door.
#[derive(Debug, thiserror::Error)]
pub enum EnterError {
    /// Where the rooms are is not known.
    #[error(
        "the tenant `{0}` has no meeting URL, so nobody can be sent to its rooms: `frontdesk tenant set {0} --meeting-url …`"
    )]
    NoMeetingUrl(TenantName),
    /// There is no token.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// The room's password can't be read.
    #[error(transparent)]
    Password(#[from] UnlockError),
}

/// Finds out what somebody finds who comes with this code. Writes nothing: looking uses nothing up.
///
/// Codes that there are not are counted for the network that they come from, on all replicas together. Who knows a code that
/// there is gets in from there all the same: others behind the same address must not keep anybody out, and with 128 bits
/// there is nothing to be guessed.
///
/// # Errors
/// Where there is no such code.
pub async fn visit(app: &App, code: &JoinCode, network: Option<IpNet>) -> Result<Visit, VisitError> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let Some(link) = join_links::by_code(&mut db, code.hash()).await? else {
        return Err(guessed(app, &mut db, network, now).await?);
    };
    let tenant = tenants::by_id(&mut db, link.tenant).await?.ok_or(VisitError::Unknown)?;
    let appointment = appointments::by_id(&mut db, tenant.id, link.appointment).await?;
    let appointment = appointment.ok_or(VisitError::Unknown)?;
    let Coming { date, shown, instead_of } = coming(&mut db, &appointment, now).await?;
    let room = match &date {
        Ok((date, coming)) if date.window.gate <= now => {
            let with_count = tenant.policy.capacity.is_some();
            conferences::room_now(&mut db, tenant.id, coming.room.key(), now, with_count).await?
        }
        _ => RoomNow::default(),
    };
    let participant = appointment.participants.iter().find(|one| Some(one.id) == link.participant).cloned();
    let arrival = Arrival {
        switched_off: tenant.disabled_at.is_some(),
        revoked: link.revoked_at.is_some() || (link.participant.is_some() && participant.is_none()),
        date: date.as_ref().map(|(date, _)| *date).map_err(|none| *none),
        room,
        capacity: tenant.policy.capacity,
    };
    let doorway = arrival.finds(now);
    Ok(Visit {
        link: link.id,
        code: code.clone(),
        tenant,
        appointment,
        participant,
        doorway,
        coming: date.ok().map(|(_, coming)| coming),
        date: shown,
        instead_of,
    })
}

/// Whether two codes lead to the same appointment.
///
/// # Errors
/// Where the database fails.
pub async fn lead_to_one(app: &App, code: &JoinCode, other: &JoinCode) -> Result<bool, StoreError> {
    let mut db = app.db.acquire().await?;
    let place = |link: JoinLinkRecord| (link.tenant, link.appointment);
    let one = join_links::by_code(&mut db, code.hash()).await?.map(place);
    let two = join_links::by_code(&mut db, other.hash()).await?.map(place);
    Ok(one.is_some() && one == two)
}

/// Counts a code that there is not. The address itself is not kept.
async fn guessed(
    app: &App,
    db: &mut PgConnection,
    network: Option<IpNet>,
    now: DateTime<Utc>,
) -> Result<VisitError, StoreError> {
    let Some(network) = network else { return Ok(VisitError::Unknown) };
    let network = app.keys.tag("join guesses", Uuid::nil(), network.to_string().as_bytes());
    // Who goes on guessing must not keep the database busy.
    if app.guessers.contains(network) {
        return Ok(VisitError::TooMany);
    }
    let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
    let guesses = join_guesses::count(db, network, minute, minute - GUESSING).await?;
    if guesses <= MOST_GUESSES {
        return Ok(VisitError::Unknown);
    }
    app.guessers.note(network);
    Ok(VisitError::TooMany)
}

impl Visit {
    /// What people have to type in the room, which nobody can do for them.
    ///
    /// # Errors
    /// Where there is something and it can't be read.
    pub fn password(&self, app: &App) -> Result<Option<SecretString>, UnlockError> {
        let Some(date) = &self.date else { return Ok(None) };
        unlock(&app.keys, self.tenant.id, Some(self.appointment.id), &date.options)
            .inspect_err(|_| _ = app.metrics.unseal_failures.inc())
    }
}

/// Lets somebody in through an open door: where they enter, with a token that was just made for them.
///
/// # Errors
/// Where there is no token for them, or no address.
pub async fn enter(app: &App, visit: &Visit) -> Result<SecretString, EnterError> {
    let base = visit.tenant.policy.meeting_url.as_ref();
    let base = base.ok_or_else(|| EnterError::NoMeetingUrl(visit.tenant.name.clone()))?;
    let date = visit.coming.clone().ok_or(MintError::UnknownDate)?;
    let room = base.with_room(&date.room);
    let opens = Opens::Date(date, visit.appointment.participants.clone());
    let holder = match &visit.participant {
        Some(participant) => Holder::Participant(participant.id.to_string()),
        None => Holder::Guest(None),
    };
    // Without a transaction: but for the note on the key, which stands for itself, nothing is written.
    let mut db = app.db.acquire().await.map_err(|error| MintError::Store(error.into()))?;
    let minted = mint_in(app, &mut db, &visit.tenant, &TokenRequest::new(opens, holder)).await?;
    drop(db);
    tracing::info!(link.id = %visit.link, token.id = %minted.id, "somebody came in by a join link");
    Ok(entrance(&room, &minted))
}

/// Where one enters a room with a token. Jitsi takes it from the fragment, which no browser sends anywhere and no server
/// writes down; who else verifies tokens is only known to take it from the query.
///
/// Source: jitsi-meet reads `jwt` from the fragment since May 2024, as a string of JSON.
fn entrance(room: &str, minted: &Minted) -> SecretString {
    let token = minted.token.expose_secret();
    match minted.verifier {
        VerifierKind::Jitsi | VerifierKind::Jaas => {
            format!("{room}#jwt={}", utf8_percent_encode(&format!("\"{token}\""), NOT_IN_FRAGMENT))
        }
        VerifierKind::Other => format!("{room}?jwt={token}"),
    }
    .into()
}

/// A token has letters, digits and these three.
const NOT_IN_FRAGMENT: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
