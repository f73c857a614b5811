//! Room tokens.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::time;
use crate::actions::mint::Minted;
use crate::reservation::TokenId;
use crate::token::Note;
use secrecy::ExposeSecret;

/// A room token: this once. It is not kept.
#[derive(Debug, Serialize, ToSchema)]
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
