//! What there is to say of a room token.

use serde::Serialize;
use serde_json::{Map, Value};
use strum::VariantNames as _;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use super::time;
use crate::actions::verify_token::Verification;
use crate::signing::Algorithm;
use crate::store::signing_keys::{KeyState, SigningKeyRecord};
use crate::token::{Flaw, FlawCode, Verdict, VerifierKind};

/// What there is to say of a room token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Verification)]
pub struct VerificationView<'a> {
    /// Whether it is good now.
    valid: bool,
    /// Everything that is wrong with it; where its signature is not good, nothing else is looked at.
    problems: Vec<FlawView>,
    /// What it says, where its signature is good and it is of your tenant; else null.
    #[schema(value_type = Option<Object>)]
    claims: Option<&'a Map<String, Value>>,
    /// The key that it names, where that is one of yours or of the deployment; else null.
    key: Option<KeyView<'a>>,
    /// Until when it is good, where it is of your tenant.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// When it was revoked.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// What those would say who verify tokens; empty where it can't be taken apart.
    verifiers: Vec<VerdictView<'a>>,
}

/// Something that is wrong with a token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TokenProblem)]
struct FlawView {
    /// Its name for programs: it never changes.
    #[schema(schema_with = codes)]
    code: FlawCode,
    /// In words.
    detail: String,
}

fn codes() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(FlawCode::VARIANTS.iter().copied()))
        .build()
}

/// The key that a token names.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VerificationKey)]
struct KeyView<'a> {
    kid: &'a str,
    /// `next`, `active`, `retired` (its tokens are good still) or `withdrawn` (none of them is).
    #[schema(value_type = String)]
    state: KeyState,
    /// What it signs with, and nothing else.
    #[schema(value_type = String)]
    algorithm: Algorithm,
}

/// What a verifier would say to a token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VerifierVerdict)]
struct VerdictView<'a> {
    /// `jitsi` (a Jitsi Meet of your own) or `jaas`.
    #[schema(value_type = String)]
    verifier: VerifierKind,
    /// Whether it takes what the token says, if the signature is good: it is where there are no objections.
    accepts: bool,
    /// Why it would refuse the token.
    objections: &'a [String],
    /// What it makes of the token that may not be what you meant.
    remarks: &'a [String],
}

impl From<&Flaw> for FlawView {
    fn from(flaw: &Flaw) -> Self {
        Self { code: flaw.code(), detail: flaw.to_string() }
    }
}

impl<'a> From<&'a SigningKeyRecord> for KeyView<'a> {
    fn from(key: &'a SigningKeyRecord) -> Self {
        Self { kid: key.kid.as_str(), state: key.state(), algorithm: key.algorithm }
    }
}

impl<'a> From<&'a Verdict> for VerdictView<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        Self {
            verifier: verdict.verifier,
            accepts: verdict.objections.is_empty(),
            objections: &verdict.objections,
            remarks: &verdict.remarks,
        }
    }
}

impl<'a> From<&'a Verification> for VerificationView<'a> {
    fn from(seen: &'a Verification) -> Self {
        Self {
            valid: seen.flaws.is_empty(),
            problems: seen.flaws.iter().map(Into::into).collect(),
            claims: seen.claims.as_ref(),
            key: seen.key.as_ref().map(Into::into),
            expires_at: seen.expires_at.map(time),
            revoked_at: seen.revoked_at.map(time),
            verifiers: seen.verdicts.iter().map(Into::into).collect(),
        }
    }
}
