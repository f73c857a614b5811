//! What stands in a room token.
//!
//! Source: lib-jitsi-meet `doc/tokens.md`, jitsi-meet `token/util.lib.lua` and `mod_token_affiliation.lua`, and JaaS's page
//! on JWT. Members are left out rather than null, which some of them stumble over.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::{
    CustomClaims, DialectClaims, Feature, Features, Group, LuaPattern, Person, Privileges, Subject,
    TokenSettings, Validity, VerifierKind,
};
use crate::reservation::{AppointmentId, ParticipantId, Role, RoomKey, TenantId, TokenId};

/// Which rooms a token is for.
#[derive(Debug, Clone, PartialEq)]
pub enum Rooms {
    /// One.
    One(RoomKey),
    /// All whose names match a pattern of Lua's.
    Matching(LuaPattern),
    /// All.
    All,
}

/// What a token refers to of ours: by it, it is revoked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reference {
    /// The tenant.
    pub tenant: TenantId,
    /// The appointment.
    pub appointment: Option<AppointmentId>,
    /// Which date of it.
    pub original_start: Option<DateTime<Utc>>,
    /// The participant.
    pub participant: Option<ParticipantId>,
}

/// Everything that a token is made from.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// What the tenant's tokens are like.
    pub settings: &'a TokenSettings,
    /// Whose rooms they are.
    pub subject: &'a Subject,
    /// The token.
    pub id: TokenId,
    /// Which rooms it is for.
    pub rooms: Rooms,
    /// When it is good.
    pub validity: Validity,
    /// Whom it is for; `None` for nobody in particular.
    pub person: Option<Person>,
    /// What they are there.
    pub role: Role,
    /// What that is good for.
    pub privileges: Privileges,
    /// A group that they belong to.
    pub group: Option<Group>,
    /// After how much time in the room they are to be sent out. No conference server does so yet.
    pub eject_after: Option<TimeDelta>,
    /// What the app adds.
    pub custom: CustomClaims,
    /// What it says besides for readers of another system.
    pub dialect: Option<DialectClaims>,
    /// What it refers to of ours.
    pub reference: Reference,
}

/// Something that whoever asked for a token should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Note {
    /// The time after which people are to be sent out is only carried.
    EjectAfter,
    /// The tenant has no meeting URL.
    NoUrl,
    /// Some conference server of the tenant is not given the key.
    KeyNotServed,
    /// The pattern means something else to Jitsi.
    LowerCasePattern,
    /// Whether people pass the lobby is not decided by Jitsi's own modules.
    LobbyBypass,
}

impl Note {
    /// For people.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::EjectAfter => {
                "`eject_after_seconds` is carried in the token, and enforced by nobody: Jitsi looks at a token when \
                 somebody comes in, and not again"
            }
            Self::NoUrl => "there is no `url`, as the tenant has no meeting URL",
            Self::KeyNotServed => {
                "a conference server of this tenant serves other tenants, too, and is not given the tenant's imported \
                 key: it will refuse this token"
            }
            Self::LowerCasePattern => "Jitsi lower-cases the pattern before it matches: `%S` becomes `%s`",
            Self::LobbyBypass => {
                "who has this token walks past the lobby only where Prosody has the module `token_lobby_bypass`"
            }
        }
    }
}

impl Entry<'_> {
    /// What whoever asked should know of this token.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        let jitsi = self.settings.verifier == VerifierKind::Jitsi;
        let lower_cased = matches!(&self.rooms, Rooms::Matching(pattern) if pattern.as_str() != pattern.as_str().to_lowercase());
        [
            self.eject_after.map(|_| Note::EjectAfter),
            (jitsi && self.privileges.lobby_bypass).then_some(Note::LobbyBypass),
            (jitsi && lower_cased).then_some(Note::LowerCasePattern),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl TokenSettings {
    /// Who issues the tokens, and whom they are for. Source: JaaS wants two constants.
    #[must_use]
    pub fn parties(&self) -> (&str, &str) {
        match self.verifier {
            VerifierKind::Jaas => ("chat", "jitsi"),
            VerifierKind::Jitsi | VerifierKind::Other => (self.issuer.as_str(), self.audience.as_str()),
        }
    }
}

/// The claims of a token, made at `now`.
#[must_use]
pub fn claims(entry: &Entry<'_>, now: DateTime<Utc>) -> Map<String, Value> {
    let jaas = entry.settings.verifier == VerifierKind::Jaas;
    let (issuer, audience) = entry.settings.parties();
    let room = match &entry.rooms {
        Rooms::One(room) => room.web_form(),
        Rooms::Matching(pattern) => pattern.as_str().to_owned(),
        Rooms::All => "*".to_owned(),
    };
    let mut claims = entry.custom.as_map().clone();
    let mut set = |name: &str, value: Value| _ = claims.insert(name.to_owned(), value);
    set("iss", issuer.into());
    set("aud", audience.into());
    set("sub", entry.subject.as_str().into());
    set("room", room.into());
    set("iat", now.timestamp().into());
    set("nbf", entry.validity.not_before.timestamp().into());
    set("exp", entry.validity.expires_at.timestamp().into());
    set("jti", entry.id.to_string().into());
    set("context", context(entry, jaas));
    set("frontdesk", reference(entry));
    if let Some(dialect) = &entry.dialect {
        dialect.add_to(&mut claims, entry.settings.verifier);
    }
    claims
}

fn context(entry: &Entry<'_>, jaas: bool) -> Value {
    let mut context = Map::new();
    context.insert("user".to_owned(), user(entry, jaas));
    if let Some(features) = &entry.privileges.features {
        context.insert("features".to_owned(), allowed(features, jaas));
    }
    if let Some(group) = &entry.group {
        context.insert("group".to_owned(), group.as_str().into());
    }
    if matches!(entry.rooms, Rooms::Matching(_)) {
        context.insert("room".to_owned(), json!({ "regex": true }));
    }
    Value::Object(context)
}

fn user(entry: &Entry<'_>, jaas: bool) -> Value {
    let mut user = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            user.insert(name.to_owned(), value);
        }
    };
    if let Some(Person { id, name, email, avatar }) = &entry.person {
        set("id", id.as_ref().map(|id| id.as_str().into()));
        set("name", name.as_ref().map(|name| name.to_string().into()));
        set("email", email.as_ref().map(|email| email.as_str().into()));
        set("avatar", avatar.as_ref().map(|avatar| avatar.as_str().into()));
    }
    let moderator = entry.privileges.moderator;
    if jaas {
        set("moderator", Some(moderator.to_string().into()));
        set("hidden-from-recorder", Some("false".into()));
    } else {
        set("moderator", Some(moderator.into()));
        set("affiliation", Some(if moderator { "owner" } else { "member" }.into()));
        set("lobby_bypass", entry.privileges.lobby_bypass.then_some(true.into()));
    }
    Value::Object(user)
}

/// Source: JaaS takes them as strings, Jitsi as booleans.
fn allowed(features: &Features, jaas: bool) -> Value {
    let value = |allowed: bool| if jaas { allowed.to_string().into() } else { Value::from(allowed) };
    features.iter().map(|(feature, allowed)| (Feature::as_str(feature).to_owned(), value(*allowed))).collect()
}

fn reference(entry: &Entry<'_>) -> Value {
    let Reference { tenant, appointment, original_start, participant } = entry.reference;
    let mut claim = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            claim.insert(name.to_owned(), value);
        }
    };
    set("tenant", Some(tenant.to_string().into()));
    set("appointment", appointment.map(|id| id.to_string().into()));
    set("original_start", original_start.map(|at| at.timestamp().into()));
    set("participant", participant.map(|id| id.to_string().into()));
    set("role", Some(<&str>::from(entry.role).into()));
    set("wildcard", (!matches!(entry.rooms, Rooms::One(_))).then_some(true.into()));
    set("eject_after_seconds", entry.eject_after.map(|after| after.num_seconds().into()));
    Value::Object(claim)
}
