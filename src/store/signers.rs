//! All that a tenant's room tokens are made with, in one statement.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::StoreError;
use super::columns::parse;
use super::signing_keys::{SigningKeyRecord, SigningKeyRow};
use super::token_settings::TokenSettingsRow;
use crate::reservation::{BaseUrl, TenantId};
use crate::token::{Roles, TokenSettings};

/// All that a tenant's room tokens are made with.
#[derive(Debug, Clone)]
pub struct Signer {
    /// What they are like.
    pub settings: TokenSettings,
    /// Where the tenant's rooms are.
    pub meeting_url: Option<BaseUrl>,
    /// The key that signs: the tenant's own, or else the deployment's.
    pub key: Option<SigningKeyRecord>,
}

struct SignerRow {
    meeting_url: Option<String>,
    verifier: Option<String>,
    algorithm: Option<String>,
    issuer: Option<String>,
    audience: Option<String>,
    subject: Option<String>,
    guest_lifetime_s: Option<i32>,
    roles: Option<Json<Roles>>,
    key_id: Option<Uuid>,
    key_tenant_id: Option<Uuid>,
    kid: Option<String>,
    key_algorithm: Option<String>,
    origin: Option<String>,
    private: Option<Vec<u8>>,
    public_key: Option<String>,
    certificate: Option<String>,
    created_at: Option<DateTime<Utc>>,
    activated_at: Option<DateTime<Utc>>,
    tokens_end_at: Option<DateTime<Utc>>,
}

impl SignerRow {
    fn settings(&mut self) -> Option<TokenSettingsRow> {
        Some(TokenSettingsRow {
            verifier: self.verifier.take()?,
            algorithm: self.algorithm.take()?,
            issuer: self.issuer.take()?,
            audience: self.audience.take()?,
            subject: self.subject.take(),
            guest_lifetime_s: self.guest_lifetime_s?,
            roles: self.roles.take()?,
        })
    }

    fn key(&mut self) -> Option<SigningKeyRow> {
        Some(SigningKeyRow {
            id: self.key_id?,
            tenant_id: self.key_tenant_id,
            kid: self.kid.take()?,
            algorithm: self.key_algorithm.take()?,
            origin: self.origin.take()?,
            private: self.private.take(),
            public_key: self.public_key.take(),
            certificate: self.certificate.take(),
            created_at: self.created_at?,
            activated_at: self.activated_at,
            retired_at: None,
            withdrawn_at: None,
            tokens_end_at: self.tokens_end_at,
        })
    }
}

/// What the tenant's tokens are made with; `None` where there is no such tenant.
///
/// # Errors
/// Where the database fails.
pub async fn of_tenant(db: &mut PgConnection, tenant: TenantId) -> Result<Option<Signer>, StoreError> {
    let row = sqlx::query_as!(
        SignerRow,
        r#"SELECT t.meeting_url, s.verifier AS "verifier?", s.algorithm AS "algorithm?", s.issuer AS "issuer?",
                  s.audience AS "audience?", s.subject, s.guest_lifetime_s AS "guest_lifetime_s?",
                  s.roles AS "roles?: Json<Roles>",
                  k.id AS "key_id?", k.tenant_id AS key_tenant_id, k.kid AS "kid?", k.algorithm AS "key_algorithm?",
                  k.origin AS "origin?", k.private, k.public_key, k.certificate, k.created_at AS "created_at?",
                  k.activated_at, k.tokens_end_at
           FROM tenants t
           LEFT JOIN token_settings s ON s.tenant_id = t.id
           LEFT JOIN LATERAL (
               SELECT k.id, k.tenant_id, k.kid, k.algorithm, k.origin, k.private, k.public_key, k.certificate,
                      k.created_at, k.activated_at, k.tokens_end_at
               FROM signing_keys k
               WHERE (k.tenant_id = t.id OR k.tenant_id IS NULL) AND k.algorithm = COALESCE(s.algorithm, $2)
                 AND k.activated_at IS NOT NULL AND k.retired_at IS NULL
               ORDER BY k.tenant_id NULLS LAST LIMIT 1
           ) k ON true
           WHERE t.id = $1"#,
        Uuid::from(tenant),
        TokenSettings::default().algorithm.as_str(),
    );
    let Some(mut row) = row.fetch_optional(db).await? else { return Ok(None) };
    Ok(Some(Signer {
        settings: row.settings().map(TokenSettings::try_from).transpose()?.unwrap_or_default(),
        key: row.key().map(SigningKeyRecord::try_from).transpose()?,
        meeting_url: row.meeting_url.map(|url| parse("meeting_url", &url)).transpose()?,
    }))
}
