//! What tenants' tokens are like.

use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::StoreError;
use super::columns::{parse, seconds, to_seconds};
use crate::reservation::TenantId;
use crate::token::{Roles, Subject, TokenSettings};

pub(super) struct TokenSettingsRow {
    pub verifier: String,
    pub algorithm: String,
    pub issuer: String,
    pub audience: String,
    pub subject: Option<String>,
    pub guest_lifetime_s: i32,
    pub roles: Json<Roles>,
}

impl TryFrom<TokenSettingsRow> for TokenSettings {
    type Error = StoreError;

    fn try_from(row: TokenSettingsRow) -> Result<Self, StoreError> {
        Ok(Self {
            verifier: parse("verifier", &row.verifier)?,
            algorithm: parse("algorithm", &row.algorithm)?,
            issuer: parse("issuer", &row.issuer)?,
            audience: parse("audience", &row.audience)?,
            subject: row.subject.map(|subject| parse("subject", &subject)).transpose()?,
            guest_lifetime: seconds(row.guest_lifetime_s),
            roles: row.roles.0,
        })
    }
}

/// What the tenant's tokens are like; as ever, where nobody has said.
///
/// # Errors
/// Where the database fails.
pub async fn get(db: &mut PgConnection, tenant: TenantId) -> Result<TokenSettings, StoreError> {
    let row = sqlx::query_as!(
        TokenSettingsRow,
        r#"SELECT verifier, algorithm, issuer, audience, subject, guest_lifetime_s, roles AS "roles: Json<Roles>"
           FROM token_settings WHERE tenant_id = $1"#,
        Uuid::from(tenant)
    );
    let row = row.fetch_optional(db).await?;
    Ok(row.map(TokenSettings::try_from).transpose()?.unwrap_or_default())
}

/// Says what the tenant's tokens are like.
///
/// # Errors
/// Where the database fails.
pub async fn put(
    db: &mut PgConnection,
    tenant: TenantId,
    settings: &TokenSettings,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO token_settings (tenant_id, verifier, algorithm, issuer, audience, subject, guest_lifetime_s, roles)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (tenant_id) DO UPDATE SET verifier = $2, algorithm = $3, issuer = $4, audience = $5, subject = $6,
             guest_lifetime_s = $7, roles = $8",
        Uuid::from(tenant),
        <&str>::from(settings.verifier),
        settings.algorithm.as_str(),
        settings.issuer.as_str(),
        settings.audience.as_str(),
        settings.subject.as_ref().map(Subject::as_str),
        to_seconds(settings.guest_lifetime),
        Json(&settings.roles) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
