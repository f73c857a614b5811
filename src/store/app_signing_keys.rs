//! What apps sign their tokens with.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::columns::parse;
use crate::reservation::{AppId, CredentialId, TenantId};
use crate::seal::Sealed;
use crate::signing::{AppAlgorithm, Issuer, PublicKey};

/// What an app signs with, as far as we have it.
#[derive(Debug, Clone)]
pub enum KeyMaterial {
    /// The secret that both sides know, sealed.
    Hs256(Sealed),
    /// The public half.
    Rs256(PublicKey),
}

impl KeyMaterial {
    /// The algorithm that it is for.
    #[must_use]
    pub const fn algorithm(&self) -> AppAlgorithm {
        match self {
            Self::Hs256(_) => AppAlgorithm::Hs256,
            Self::Rs256(_) => AppAlgorithm::Rs256,
        }
    }

    /// The public half, where it has one.
    #[must_use]
    pub const fn public(&self) -> Option<&PublicKey> {
        match self {
            Self::Hs256(_) => None,
            Self::Rs256(key) => Some(key),
        }
    }
}

/// A signing key of an app.
#[derive(Debug, Clone)]
pub struct AppSigningKeyRecord {
    /// The tenant.
    pub tenant: TenantId,
    /// The app.
    pub app: AppId,
    /// Which one.
    pub id: CredentialId,
    /// What it verifies with.
    pub material: KeyMaterial,
    /// What `iss` has to be, if it has to be anything.
    pub issuer: Option<Issuer>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

struct SigningKeyRow {
    tenant_id: Uuid,
    app_id: Uuid,
    id: Uuid,
    algorithm: String,
    secret: Option<Vec<u8>>,
    public_key: Option<String>,
    issuer: Option<String>,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<SigningKeyRow> for AppSigningKeyRecord {
    type Error = StoreError;

    fn try_from(row: SigningKeyRow) -> Result<Self, StoreError> {
        let material = match (parse("algorithm", &row.algorithm)?, row.secret, row.public_key) {
            (AppAlgorithm::Hs256, Some(secret), None) => KeyMaterial::Hs256(Sealed::from_bytes(secret)),
            (AppAlgorithm::Rs256, None, Some(key)) => KeyMaterial::Rs256(parse("public_key", &key)?),
            _ => return Err(StoreError::Unreadable { column: "algorithm" }),
        };
        Ok(Self {
            tenant: row.tenant_id.into(),
            app: row.app_id.into(),
            id: row.id.into(),
            material,
            issuer: row.issuer.map(|issuer| parse("issuer", &issuer)).transpose()?,
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        })
    }
}

/// The keys that the app's tokens may be signed with now, the oldest first.
///
/// # Errors
/// Where the database fails.
pub async fn live(
    db: &mut PgConnection,
    tenant: TenantId,
    app: AppId,
) -> Result<Vec<AppSigningKeyRecord>, StoreError> {
    let rows = sqlx::query_as!(
        SigningKeyRow,
        "SELECT tenant_id, app_id, id, algorithm, secret, public_key, issuer, created_at, revoked_at
         FROM app_signing_keys WHERE tenant_id = $1 AND app_id = $2 AND revoked_at IS NULL ORDER BY id",
        Uuid::from(tenant),
        Uuid::from(app),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(AppSigningKeyRecord::try_from).collect()
}

/// Gives an app another signing key.
///
/// # Errors
/// Where the database fails.
pub async fn insert(db: &mut PgConnection, key: &AppSigningKeyRecord) -> Result<(), StoreError> {
    let (secret, public_key) = match &key.material {
        KeyMaterial::Hs256(secret) => (Some(secret.as_bytes()), None),
        KeyMaterial::Rs256(key) => (None, Some(key.as_pem())),
    };
    sqlx::query!(
        "INSERT INTO app_signing_keys (tenant_id, app_id, id, algorithm, secret, public_key, issuer, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        Uuid::from(key.tenant),
        Uuid::from(key.app),
        Uuid::from(key.id),
        <&str>::from(key.material.algorithm()),
        secret,
        public_key,
        key.issuer.as_ref().map(Issuer::as_str),
        key.created_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The signing keys of these apps, revoked ones too, the oldest first.
///
/// # Errors
/// Where the database fails.
pub async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    apps: &[AppId],
) -> Result<Vec<AppSigningKeyRecord>, StoreError> {
    let apps: Vec<Uuid> = apps.iter().copied().map(Uuid::from).collect();
    let rows = sqlx::query_as!(
        SigningKeyRow,
        "SELECT tenant_id, app_id, id, algorithm, secret, public_key, issuer, created_at, revoked_at
         FROM app_signing_keys WHERE tenant_id = $1 AND app_id = ANY ($2) ORDER BY id",
        Uuid::from(tenant),
        &apps,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(AppSigningKeyRecord::try_from).collect()
}

/// Revokes one signing key of an app. `false` where the app has no such key that is live.
///
/// # Errors
/// Where the database fails.
pub async fn revoke(
    db: &mut PgConnection,
    tenant: TenantId,
    app: AppId,
    key: CredentialId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let revoked = sqlx::query!(
        "UPDATE app_signing_keys SET revoked_at = $4
         WHERE tenant_id = $1 AND app_id = $2 AND id = $3 AND revoked_at IS NULL",
        Uuid::from(tenant),
        Uuid::from(app),
        Uuid::from(key),
        now,
    )
    .execute(db)
    .await?;
    Ok(revoked.rows_affected() == 1)
}
