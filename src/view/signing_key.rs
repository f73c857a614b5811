//! Keys that room tokens are signed with. Never a private half, nor a secret.

use serde::Serialize;
use serde_json::Value;

use super::time;
use crate::actions::signing_keys::{KeyOwner, Rotated, Withdrawn};
use crate::reservation::SigningKeyId;
use crate::signing::{Algorithm, Kid};
use crate::store::signing_keys::{KeyState, Origin, SigningKeyRecord};

/// A key that room tokens are signed with.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TokenKey)]
pub struct TokenKeyView {
    #[schema(value_type = uuid::Uuid)]
    id: SigningKeyId,
    /// Whose it is; null for the deployment's own.
    tenant: Option<String>,
    /// What the tokens call it.
    #[schema(value_type = String)]
    kid: Kid,
    /// `RS256` and the like.
    #[schema(value_type = String)]
    algorithm: Algorithm,
    /// `made` here, or `imported`.
    #[schema(value_type = String)]
    origin: Origin,
    /// `next`: served already. `active`: it signs. `retired`: served as long as its tokens are good. `withdrawn`: gone.
    #[schema(value_type = String)]
    state: KeyState,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    activated_at: Option<String>,
    #[schema(format = DateTime)]
    retired_at: Option<String>,
    #[schema(format = DateTime)]
    withdrawn_at: Option<String>,
    /// No token that it has signed is good after this.
    #[schema(format = DateTime)]
    tokens_end_at: Option<String>,
}

impl TokenKeyView {
    /// The owner's key.
    #[must_use]
    pub fn new(owner: &KeyOwner, key: &SigningKeyRecord) -> Self {
        Self {
            id: key.id,
            tenant: owner.tenant().map(ToString::to_string),
            kid: key.kid.clone(),
            algorithm: key.algorithm,
            origin: key.origin,
            state: key.state(),
            created_at: time(key.created_at),
            activated_at: key.activated_at.map(time),
            retired_at: key.retired_at.map(time),
            withdrawn_at: key.withdrawn_at.map(time),
            tokens_end_at: key.tokens_end_at.map(time),
        }
    }
}

/// A key with its public half.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TokenKeyWithPublicHalf)]
pub struct TokenKeyDetailView {
    #[serde(flatten)]
    key: TokenKeyView,
    /// The public half in PEM; null for a shared secret.
    public_key: Option<String>,
    /// The public half as a JWK (RFC 7517); null for a shared secret.
    #[schema(value_type = Option<Object>)]
    jwk: Option<Value>,
    /// A certificate for it in PEM, which it has signed itself.
    certificate: Option<String>,
}

impl TokenKeyDetailView {
    /// The owner's key.
    #[must_use]
    pub fn new(owner: &KeyOwner, key: &SigningKeyRecord) -> Self {
        let jwk = key.public.as_ref().and_then(|public| public.jwk(Some(&key.kid)));
        Self {
            key: TokenKeyView::new(owner, key),
            public_key: key.public.as_ref().map(|public| public.as_pem().to_owned()),
            jwk: jwk.and_then(|jwk| serde_json::to_value(jwk).ok()),
            certificate: key.certificate.clone(),
        }
    }
}

/// Which key signs, and which ones did and will.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RotatedTokenKeys)]
pub struct ActivatedView {
    active: TokenKeyView,
    /// The one that signed until now; null where none did, or where it was rotated by somebody else just then.
    retired: Option<TokenKeyView>,
    next: Option<TokenKeyView>,
}

impl ActivatedView {
    /// The owner's keys.
    #[must_use]
    pub fn new(owner: &KeyOwner, rotated: &Rotated) -> Self {
        let view = |key| TokenKeyView::new(owner, key);
        Self {
            active: view(&rotated.active),
            retired: rotated.retired.as_ref().map(view),
            next: rotated.next.as_ref().map(view),
        }
    }
}

/// A key that is gone, and the one that signs in its place.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WithdrawnTokenKey)]
pub struct WithdrawnView {
    withdrawn: TokenKeyView,
    /// Null where the withdrawn one did not sign, or no other was there.
    active: Option<TokenKeyView>,
}

impl WithdrawnView {
    /// The owner's keys.
    #[must_use]
    pub fn new(owner: &KeyOwner, done: &Withdrawn) -> Self {
        Self {
            withdrawn: TokenKeyView::new(owner, &done.withdrawn),
            active: done.active.as_ref().map(|key| TokenKeyView::new(owner, key)),
        }
    }
}
