//! Room tokens.

use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::time;
use crate::actions::mint::Minted;
use crate::reservation::{InstantRoom, RoomName, TokenId};
use crate::signing::Algorithm;
use crate::token::{Note, Roles, TokenSettings, VerifierKind};

/// A room token: this once. It is not kept, and not written anywhere else: so there is no `Debug`.
#[derive(Serialize, ToSchema)]
#[schema(as = RoomToken)]
pub struct TokenOnce<'a> {
    /// Its `jti`, by which it is revoked.
    #[schema(value_type = uuid::Uuid)]
    id: TokenId,
    /// The token: whoever has it gets in.
    token: &'a str,
    /// Where one enters with it; null without a meeting URL, and for tokens that open more than one room.
    #[schema(format = "uri")]
    url: Option<&'a str>,
    /// The key that signed it.
    kid: &'a str,
    /// From when on it is good.
    #[schema(format = DateTime)]
    not_before: String,
    /// Until when it is good.
    #[schema(format = DateTime)]
    expires_at: String,
    /// What it says.
    #[schema(value_type = Object)]
    claims: &'a Map<String, Value>,
    /// What you should know about it.
    notes: Vec<&'static str>,
}

impl<'a> From<&'a Minted> for TokenOnce<'a> {
    fn from(minted: &'a Minted) -> Self {
        Self {
            id: minted.id,
            token: minted.token.expose_secret(),
            url: minted.url.as_ref().map(ExposeSecret::expose_secret),
            kid: minted.kid.as_str(),
            not_before: time(minted.validity.not_before),
            expires_at: time(minted.validity.expires_at),
            claims: &minted.claims,
            notes: minted.notes.iter().map(|note| Note::text(*note)).collect(),
        }
    }
}

/// What a tenant's room tokens are like.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TokenSettings)]
pub struct TokenSettingsView {
    /// Who verifies them: `jitsi`, `jaas` or `other`.
    #[schema(value_type = String)]
    verifier: VerifierKind,
    /// What they are signed with.
    #[schema(value_type = String)]
    algorithm: Algorithm,
    /// `iss`. JaaS gets `chat`.
    issuer: String,
    /// `aud`. JaaS gets `jitsi`.
    audience: String,
    /// `sub`; null for what the tenant's meeting URL says.
    subject: Option<String>,
    /// How long a token is good that is for nobody in particular, from when it can be used.
    guest_lifetime_seconds: i64,
    /// What each role is good for.
    #[schema(value_type = Object)]
    roles: Roles,
}

impl From<TokenSettings> for TokenSettingsView {
    fn from(settings: TokenSettings) -> Self {
        Self {
            verifier: settings.verifier,
            algorithm: settings.algorithm,
            issuer: settings.issuer.as_str().to_owned(),
            audience: settings.audience.as_str().to_owned(),
            subject: settings.subject.map(|subject| subject.as_str().to_owned()),
            guest_lifetime_seconds: settings.guest_lifetime.num_seconds(),
            roles: settings.roles,
        }
    }
}

/// A room that is open by its very name, and a token to open it with: this once.
#[derive(Serialize, ToSchema)]
#[schema(as = InstantRoom)]
pub struct InstantRoomOnce<'a> {
    /// The room. Its name says when it is open; nothing of it is stored.
    room: &'a str,
    /// Where people meet; null without a meeting URL. It opens nothing by itself where Jitsi asks for a token.
    #[schema(format = "uri")]
    url: Option<String>,
    /// When people are told that it opens.
    #[schema(format = DateTime)]
    opens_at: String,
    /// When it closes.
    #[schema(format = DateTime)]
    closes_at: String,
    /// The token that opens it.
    token: TokenOnce<'a>,
}

impl<'a> InstantRoomOnce<'a> {
    /// The room, with its token.
    #[must_use]
    pub fn new(room: &'a RoomName, window: InstantRoom, url: Option<String>, token: &'a Minted) -> Self {
        Self {
            room: room.as_str(),
            url,
            opens_at: time(window.opens()),
            closes_at: time(window.closes()),
            token: token.into(),
        }
    }
}
