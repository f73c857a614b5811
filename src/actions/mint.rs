//! Room tokens are made: for an appointment, for a room, or for all rooms.

mod place;
mod sign;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::{Map, Value};
use sqlx::PgConnection;

pub(super) use self::place::soonest;
use self::place::{Place, place};
pub(super) use self::sign::{served_key, sign, signer};
use super::private_keys::UnlockKeyError;
use super::transaction::transact;
use crate::app::App;
use crate::reservation::{AppointmentId, NotOne, Participant, Role, RoomName, Tenant, TokenId, Window};
use crate::signing::{Algorithm, KeyError, Kid, MAX_BYTES};
use crate::store::occurrences::DateWindow;
use crate::store::signers::Signer;
use crate::store::signing_keys::Origin;
use crate::store::{StoreError, servers};
use crate::token::{
    CustomClaims, DialectClaims, Entry, Features, Group, LuaPattern, Note, Person, Reference, Rooms,
    SettingsError, Until, Validity, ValidityError, VerifierKind, claims,
};

/// How long a token may be good that opens more than one room.
pub const WILDCARD_LONGEST: TimeDelta = TimeDelta::hours(24);

/// What a token is to open.
#[derive(Debug, Clone)]
pub enum Opens {
    /// The room of an appointment: at that date, or at the one that is next.
    Appointment {
        /// The appointment.
        id: AppointmentId,
        /// Which date of it.
        original_start: Option<DateTime<Utc>>,
    },
    /// A room: at the date that is next; now, where the tenant lets it open though nobody booked it.
    Room(RoomName),
    /// A room that somebody has booked: at the date that is next.
    BookedRoom(RoomName),
    /// All rooms, or those whose names match a pattern of Lua's, until then.
    Wildcard {
        /// The pattern; `None` for all.
        pattern: Option<LuaPattern>,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// A room that is open within a window, which nobody has to look up.
    Window(RoomName, Window),
    /// A date that was read a moment ago, with who is expected there.
    Date(DateWindow, Vec<Participant>),
}

/// Whom a token is for.
#[derive(Debug, Clone)]
pub enum Holder {
    /// Somebody who is expected: by their id, external id or e-mail address.
    Participant(String),
    /// Anybody.
    Guest(Option<Person>),
}

/// A token that is wanted.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// What it is to open.
    pub opens: Opens,
    /// Whom it is for.
    pub holder: Holder,
    /// What they are there; where nothing is said, what they are expected as, and guests take part.
    pub role: Option<Role>,
    /// Whether they moderate, where it is not as their role has it.
    pub moderator: Option<bool>,
    /// Whether they walk past the lobby, where it is not as their role has it.
    pub lobby_bypass: Option<bool>,
    /// What they may do, where it is not as their role has it.
    pub features: Option<Features>,
    /// A group that they belong to.
    pub group: Option<Group>,
    /// After how much time in the room they are to be sent out: carried, and enforced by nobody.
    pub eject_after: Option<TimeDelta>,
    /// From when on it is to be good, where that is later than it could be.
    pub not_before: Option<DateTime<Utc>>,
    /// How long it is to be good at the most, where that is not what its holder may have.
    pub lifetime: Option<TimeDelta>,
    /// Until when it is to be good.
    pub until: Until,
    /// What the app adds.
    pub custom: CustomClaims,
    /// What it says besides for readers of another system.
    pub dialect: Option<DialectClaims>,
}

impl TokenRequest {
    /// A token for that, with nothing more said.
    #[must_use]
    pub fn new(opens: Opens, holder: Holder) -> Self {
        Self {
            opens,
            holder,
            role: None,
            moderator: None,
            lobby_bypass: None,
            features: None,
            group: None,
            eject_after: None,
            not_before: None,
            lifetime: None,
            until: Until::Usual,
            custom: CustomClaims::default(),
            dialect: None,
        }
    }
}

/// A token that was made. It is not kept.
#[derive(Debug)]
pub struct Minted {
    /// Its `jti`.
    pub id: TokenId,
    /// The token.
    pub token: SecretString,
    /// What it says.
    pub claims: Map<String, Value>,
    /// The key that signed it.
    pub kid: Kid,
    /// When it is good.
    pub validity: Validity,
    /// Who verifies it.
    pub verifier: VerifierKind,
    /// Where one enters with it; `None` without a meeting URL, and where it opens more than one room.
    pub url: Option<SecretString>,
    /// What whoever asked should know.
    pub notes: Vec<Note>,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// There is no such appointment.
    #[error("the tenant has no appointment `{0}`")]
    UnknownAppointment(AppointmentId),
    /// It has no such date.
    #[error("the appointment has no date that was first to start then")]
    UnknownDate,
    /// Nobody in particular is meant.
    #[error(transparent)]
    Participant(#[from] NotOne),
    /// It was cancelled.
    #[error("the appointment is cancelled")]
    AppointmentCancelled,
    /// The date was cancelled.
    #[error("this date is cancelled")]
    DateCancelled,
    /// It is over.
    #[error("this is over: the room does not open for it any more")]
    Over,
    /// Nobody booked the room, and nobody may open it so.
    #[error("nobody booked this room, and the tenant opens no others")]
    NotBooked,
    /// It would open every room.
    #[error("no token can be made for a room called `*`: to Jitsi that is every room")]
    EveryRoom,
    /// It can't be good as wanted.
    #[error(transparent)]
    Validity(ValidityError),
    /// It was to open more than one room for too long.
    #[error("a token that opens more than one room is good for {} hours at the most", WILDCARD_LONGEST.num_hours())]
    WildcardTooLong,
    /// Whose rooms they are is not known.
    #[error("whose rooms they are is not known: give the tenant a meeting URL, or its tokens a subject")]
    NoSubject,
    /// The tenant's tokens would be refused.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is no key.
    #[error(
        "no key signs {0} for this tenant: `frontdesk keys make --algorithm {0}` makes one, and `frontdesk keys import` adds \
         yours"
    )]
    NoKey(Algorithm),
    /// The key is not one of JaaS's.
    #[error(
        "JaaS knows keys by ids that begin with your AppID and a slash: import or make yours, with the id that JaaS shows, \
         and activate it"
    )]
    NotJaasKey,
    /// It can't be carried.
    #[error("the token would have more than {MAX_BYTES} bytes: leave some of the claims away")]
    TooLong,
    /// The key can't be read.
    #[error(transparent)]
    Unlock(#[from] UnlockKeyError),
    /// The key signs nothing.
    #[error(transparent)]
    Sign(#[from] KeyError),
    /// The key changed again and again.
    #[error("the signing key changed again and again")]
    Contended,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ValidityError> for MintError {
    fn from(error: ValidityError) -> Self {
        match error {
            ValidityError::Over => Self::Over,
            error => Self::Validity(error),
        }
    }
}

/// Makes a token, in a transaction of its own.
///
/// # Errors
/// Where there is nothing to open, nobody to let in, or no key.
pub async fn mint(app: &App, tenant: &Tenant, request: &TokenRequest) -> Result<Minted, MintError> {
    transact(app, async |db| mint_in(app, db, tenant, request).await).await
}

/// Makes a token, as a part of a transaction. Nothing of it is kept but until when the key has to be served.
///
/// # Errors
/// Where there is nothing to open, nobody to let in, or no key.
pub async fn mint_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &Tenant,
    request: &TokenRequest,
) -> Result<Minted, MintError> {
    let now = app.clock.now();
    let (mut signer, subject) = signer(db, tenant.id).await?;
    let Place { rooms, room, window, date, participants, recording } =
        place(app, db, tenant, &request.opens, now).await?;
    if matches!(&rooms, Rooms::One(room) if room.web_form() == "*") {
        return Err(MintError::EveryRoom);
    }
    let (person, participant) = match &request.holder {
        Holder::Guest(person) => (person.clone(), None),
        Holder::Participant(who) => {
            let found = Participant::find(&participants, who)?;
            (Some(found.into()), Some(found))
        }
    };
    // Who is known can come back until the room closes. What anybody may hold is good for a little while.
    let is_known = participant.is_some() || person.as_ref().is_some_and(|person| person.id.is_some());
    let is_bounded = matches!(request.opens, Opens::Wildcard { .. } | Opens::Window(..));
    let of_holder = (!is_known && !is_bounded).then_some(signer.settings.guest_lifetime);
    let lifetime = request.lifetime.or(of_holder);
    let role = request.role.or(participant.map(|found| found.role)).unwrap_or(Role::Participant);
    let mut privileges = signer.settings.roles.of(role).clone();
    privileges.moderator = request.moderator.unwrap_or(privileges.moderator);
    privileges.lobby_bypass = request.lobby_bypass.unwrap_or(privileges.lobby_bypass);
    if recording && role == Role::Host {
        privileges.let_record();
    }
    privileges.features = request.features.clone().or(privileges.features);
    let validity = Validity::within(window, lifetime, request.until, request.not_before, now)?;
    let key = served_key(db, tenant.id, &mut signer, validity.expires_at).await?;
    let Signer { settings, meeting_url, .. } = signer;
    let entry = Entry {
        settings: &settings,
        subject: &subject,
        id: TokenId::made(now),
        rooms,
        validity,
        person,
        role,
        privileges,
        group: request.group.clone(),
        eject_after: request.eject_after,
        custom: request.custom.clone(),
        dialect: request.dialect.clone(),
        reference: Reference {
            tenant: tenant.id,
            appointment: date.map(|date| date.appointment),
            original_start: date.map(|date| date.original_start),
            participant: participant.map(|found| found.id),
        },
    };
    let claims = claims(&entry, now);
    let token = sign(app, &key, &claims)?;
    let url = meeting_url.as_ref().zip(room.as_ref());
    let url = url.map(|(base, room)| format!("{}?jwt={token}", base.with_room(room)).into());
    let mut notes = entry.notes();
    if meeting_url.is_none() {
        notes.push(Note::NoUrl);
    }
    let of_tenant = key.origin == Origin::Imported && key.tenant.is_some() && key.public.is_some();
    let for_jitsi = settings.verifier == VerifierKind::Jitsi;
    if of_tenant && for_jitsi && servers::any_shared(db, tenant.id).await? {
        notes.push(Note::KeyNotServed);
    }
    tracing::info!(token.id = %entry.id, token.kid = %key.kid, tenant.id = %tenant.id, "made a room token");
    Ok(Minted {
        id: entry.id,
        token: token.into(),
        claims,
        kid: key.kid,
        validity: entry.validity,
        verifier: settings.verifier,
        url,
        notes,
    })
}
