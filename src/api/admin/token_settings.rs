//! `/v1/tenants/{name}/token-settings`: what a tenant's room tokens are like.

use actix_web::{HttpResponse, web};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::actions::change_appointment::Patch;
use crate::actions::token_settings::{TokenSettingsError, change_token_settings, token_settings};
use crate::api::body::{Incoming, Path};
use crate::api::caller::Calling;
use crate::api::code::Code;
use crate::api::field::{Field, FromJson, Length, Reading, Unknown, from_objects, from_words, object};
use crate::api::problem::{FieldError, Problem, ProblemView};
use crate::app::App;
use crate::reservation::{Role, Scope, TenantName};
use crate::signing::{Algorithm, Issuer};
use crate::token::{
    Audience, Features, Privileges, Roles, SettingsError, Subject, TokenSettings, VerifierKind,
};
use crate::view::TokenSettingsView;

from_words! { VerifierKind }

/// What is to be different. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TokenSettingsInput, example = json!({ "verifier": "jitsi", "algorithm": "RS256" }))]
pub struct TokenSettingsInput {
    /// Who verifies them: `jitsi`, `jaas` or `other`.
    #[serde(default)]
    #[schema(value_type = String, required = false, pattern = "^(jitsi|jaas|other)$")]
    verifier: Field<VerifierKind>,
    /// What they are signed with. Jitsi takes neither ES256 nor EdDSA, JaaS nothing but RS256.
    #[serde(default)]
    #[schema(value_type = String, required = false, pattern = "^(RS256|RS384|RS512|HS256|HS384|HS512|ES256|EdDSA)$")]
    algorithm: Field<Algorithm>,
    /// `iss`.
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    issuer: Field<Issuer>,
    /// `aud`: no list, for Jitsi compares texts.
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200, pattern = r"^[!-)+-~]+$")]
    audience: Field<Audience>,
    /// `sub`, where it is not what the tenant's meeting URL says: docker-jitsi-meet wants `meet.jitsi`, JaaS your AppID.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, pattern = r"^[!-)+-~]+$")]
    subject: Field<Subject>,
    /// How long a token is good that is for nobody in particular, from when it can be used: a minute to a day.
    #[serde(default)]
    #[schema(value_type = i64, required = false, minimum = 60, maximum = 86_400)]
    guest_lifetime_seconds: Field<Length>,
    /// What each role is good for.
    #[serde(default)]
    #[schema(value_type = RolesInput, required = false)]
    roles: Field<RolesChange>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// What is to be different of the roles.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RolesInput {
    /// Who leads.
    #[serde(default)]
    #[schema(value_type = PrivilegesInput, required = false)]
    host: Field<PrivilegesChange>,
    /// Who takes part.
    #[serde(default)]
    #[schema(value_type = PrivilegesInput, required = false)]
    participant: Field<PrivilegesChange>,
    /// Who looks on.
    #[serde(default)]
    #[schema(value_type = PrivilegesInput, required = false)]
    observer: Field<PrivilegesChange>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// What a role is to be good for.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PrivilegesInput {
    /// Whether they moderate.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    moderator: Field<bool>,
    /// Whether they walk past the lobby.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    lobby_bypass: Field<bool>,
    /// All that they may do, such as `{"recording": true}`; null leaves that to Jitsi.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::HashMap<String, bool>>)]
    features: Field<Features>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// What is to be different of a role.
#[derive(Debug, Clone)]
struct PrivilegesChange {
    moderator: Option<bool>,
    lobby_bypass: Option<bool>,
    features: Patch<Features>,
}

impl PrivilegesChange {
    fn apply(&self, privileges: &mut Privileges) {
        privileges.moderator = self.moderator.unwrap_or(privileges.moderator);
        privileges.lobby_bypass = self.lobby_bypass.unwrap_or(privileges.lobby_bypass);
        self.features.clone().apply(&mut privileges.features);
    }
}

/// What is to be different of the roles.
#[derive(Debug, Clone)]
struct RolesChange(Vec<(Role, PrivilegesChange)>);

impl RolesChange {
    fn apply(&self, roles: &mut Roles) {
        for (role, change) in &self.0 {
            change.apply(roles.of_mut(*role));
        }
    }
}

from_objects! { TokenSettingsInput }

impl FromJson for RolesChange {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let input: RolesInput = object(value)?;
        let mut reading = Reading::default();
        reading.refuse(&input.unknown);
        let roles = [
            (Role::Host, reading.present("host", input.host)),
            (Role::Participant, reading.present("participant", input.participant)),
            (Role::Observer, reading.present("observer", input.observer)),
        ];
        let changes = roles.into_iter().filter_map(|(role, change)| Some((role, change?))).collect();
        reading.done(Some(Self(changes)))
    }
}

impl FromJson for PrivilegesChange {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let input: PrivilegesInput = object(value)?;
        let mut reading = Reading::default();
        reading.refuse(&input.unknown);
        let change = Self {
            moderator: reading.present("moderator", input.moderator),
            lobby_bypass: reading.present("lobby_bypass", input.lobby_bypass),
            features: reading.patch("features", input.features),
        };
        reading.done(Some(change))
    }
}

/// What is to be different, as it was read.
#[derive(Debug)]
struct Change {
    verifier: Option<VerifierKind>,
    algorithm: Option<Algorithm>,
    issuer: Option<Issuer>,
    audience: Option<Audience>,
    subject: Patch<Subject>,
    guest_lifetime: Option<TimeDelta>,
    roles: Option<RolesChange>,
}

impl TokenSettingsInput {
    fn read(self) -> Result<Change, Problem> {
        let mut reading = Reading::default();
        reading.refuse(&self.unknown);
        let change = Change {
            verifier: reading.present("verifier", self.verifier),
            algorithm: reading.present("algorithm", self.algorithm),
            issuer: reading.present("issuer", self.issuer),
            audience: reading.present("audience", self.audience),
            subject: reading.patch("subject", self.subject),
            guest_lifetime: reading
                .present("guest_lifetime_seconds", self.guest_lifetime_seconds)
                .map(|length| length.0),
            roles: reading.present("roles", self.roles),
        };
        Ok(reading.done(Some(change))?)
    }
}

impl Change {
    fn apply(&self, settings: &mut TokenSettings) {
        let Self { verifier, algorithm, issuer, audience, subject, guest_lifetime, roles } = self;
        settings.verifier = verifier.unwrap_or(settings.verifier);
        settings.algorithm = algorithm.unwrap_or(settings.algorithm);
        settings.issuer = issuer.clone().unwrap_or_else(|| settings.issuer.clone());
        settings.audience = audience.clone().unwrap_or_else(|| settings.audience.clone());
        subject.clone().apply(&mut settings.subject);
        settings.guest_lifetime = guest_lifetime.unwrap_or(settings.guest_lifetime);
        if let Some(roles) = roles {
            roles.apply(&mut settings.roles);
        }
    }
}

/// Show what a tenant's room tokens are like
#[utoipa::path(
    get, path = "/v1/tenants/{name}/token-settings", tag = "administration", operation_id = "getTokenSettings",
    security(("app" = ["admin"])),
    params(("name" = String, Path)),
    responses((status = 200, description = "The settings", body = TokenSettingsView)),
)]
pub async fn show(
    app: web::Data<App>,
    caller: Calling,
    name: Path<TenantName>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    Ok(HttpResponse::Ok().json(TokenSettingsView::from(token_settings(&app, &name.0).await?)))
}

/// Change what a tenant's room tokens are like
///
/// A JSON merge patch (RFC 7396), but that the features of a role are replaced as a whole. Tokens that were made stay as
/// they are.
#[utoipa::path(
    patch, path = "/v1/tenants/{name}/token-settings", tag = "administration", operation_id = "updateTokenSettings",
    security(("app" = ["admin"])),
    params(("name" = String, Path)),
    request_body = TokenSettingsInput,
    responses(
        (status = 200, description = "The settings as they are now", body = TokenSettingsView),
        (status = 422, description = "Whoever verifies would refuse every token", body = ProblemView,
            content_type = "application/problem+json"),
    ),
)]
pub async fn change(
    app: web::Data<App>,
    caller: Calling,
    name: Path<TenantName>,
    body: Incoming<TokenSettingsInput>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let change = body.read().await?.value.read()?;
    let changed = change_token_settings(&app, &name.0, |settings| change.apply(settings)).await?;
    Ok(HttpResponse::Ok().json(TokenSettingsView::from(changed)))
}

impl From<TokenSettingsError> for Problem {
    fn from(error: TokenSettingsError) -> Self {
        match error {
            TokenSettingsError::UnknownTenant(_) => Self::not_found("tenant"),
            TokenSettingsError::Settings(error) => {
                let field = match error {
                    SettingsError::NotForJitsi(_) | SettingsError::NotForJaas => "/algorithm",
                    SettingsError::NoAppId => "/subject",
                    SettingsError::AnyIssuer => "/issuer",
                    SettingsError::GuestLifetime => "/guest_lifetime_seconds",
                };
                Self::new(Code::InvalidFields, error).at(field)
            }
            TokenSettingsError::Store(error) => error.into(),
        }
    }
}
