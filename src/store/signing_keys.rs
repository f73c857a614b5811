//! What room tokens are signed with: keys of the deployment, and of tenants.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::columns::parse;
use super::key_rotation::take_name;
use crate::reservation::{SigningKeyId, TenantId};
use crate::seal::Sealed;
use crate::signing::{Algorithm, Kid, PublicHalf};

/// Who had the private half first.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
    serde::Serialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// We made it, and nobody else has it.
    Made,
    /// Somebody else made it, and may have it still.
    Imported,
}

/// Where a key is in its life.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantNames,
    serde::Serialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Verifiers can have it already; it signs nothing yet.
    Next,
    /// It signs.
    Active,
    /// It signs no more; its tokens are still good, and it is still served.
    Retired,
    /// It is served to nobody, and its tokens are good for nothing.
    Withdrawn,
}

/// A key that room tokens are signed with.
#[derive(Debug, Clone)]
pub struct SigningKeyRecord {
    /// Which one.
    pub id: SigningKeyId,
    /// Whose; `None` for the deployment's own.
    pub tenant: Option<TenantId>,
    /// What tokens call it.
    pub kid: Kid,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// Where it is from.
    pub origin: Origin,
    /// The private half or the secret, sealed, as long as it is needed.
    pub private: Option<Sealed>,
    /// The public half; `None` of a shared secret.
    pub public: Option<PublicHalf>,
    /// A certificate for the public half, in PEM.
    pub certificate: Option<String>,
    /// When it was added, and from when on it was served.
    pub created_at: DateTime<Utc>,
    /// Since when it signs.
    pub activated_at: Option<DateTime<Utc>>,
    /// Since when it signs no more.
    pub retired_at: Option<DateTime<Utc>>,
    /// Since when it is served to nobody.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// No token that it signed is good after this; `None` where it signed none.
    pub tokens_end_at: Option<DateTime<Utc>>,
}

impl SigningKeyRecord {
    /// Where it is in its life.
    #[must_use]
    pub fn state(&self) -> KeyState {
        match (self.activated_at, self.retired_at, self.withdrawn_at) {
            (_, _, Some(_)) => KeyState::Withdrawn,
            (_, Some(_), None) => KeyState::Retired,
            (Some(_), None, None) => KeyState::Active,
            (None, None, None) => KeyState::Next,
        }
    }
}

pub(super) struct SigningKeyRow {
    pub id: Uuid,
    pub tenant_id: Option<Uuid>,
    pub kid: String,
    pub algorithm: String,
    pub origin: String,
    pub private: Option<Vec<u8>>,
    pub public_key: Option<String>,
    pub certificate: Option<String>,
    pub created_at: DateTime<Utc>,
    pub activated_at: Option<DateTime<Utc>>,
    pub retired_at: Option<DateTime<Utc>>,
    pub withdrawn_at: Option<DateTime<Utc>>,
    pub tokens_end_at: Option<DateTime<Utc>>,
}

impl TryFrom<SigningKeyRow> for SigningKeyRecord {
    type Error = StoreError;

    fn try_from(row: SigningKeyRow) -> Result<Self, StoreError> {
        let algorithm = parse("algorithm", &row.algorithm)?;
        let public = row.public_key.map(|pem| {
            PublicHalf::from_stored(algorithm, pem).ok_or(StoreError::Unreadable { column: "public_key" })
        });
        Ok(Self {
            id: row.id.into(),
            tenant: row.tenant_id.map(Into::into),
            kid: parse("kid", &row.kid)?,
            algorithm,
            origin: parse("origin", &row.origin)?,
            private: row.private.map(Sealed::from_bytes),
            public: public.transpose()?,
            certificate: row.certificate,
            created_at: row.created_at,
            activated_at: row.activated_at,
            retired_at: row.retired_at,
            withdrawn_at: row.withdrawn_at,
            tokens_end_at: row.tokens_end_at,
        })
    }
}

/// Reads keys.
macro_rules! select_keys {
    ($which:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            SigningKeyRow,
            "SELECT id, tenant_id, kid, algorithm, origin, private, public_key, certificate, created_at, activated_at,
                    retired_at, withdrawn_at, tokens_end_at
             FROM signing_keys k " + $which
            $(, $argument)*
        )
    };
}

/// Adds a key. `false` where its name has been used before, by whomever.
///
/// # Errors
/// Where the database fails.
pub async fn insert(db: &mut PgConnection, key: &SigningKeyRecord) -> Result<bool, StoreError> {
    if !take_name(db, &key.kid).await? {
        return Ok(false);
    }
    sqlx::query!(
        "INSERT INTO signing_keys (id, tenant_id, kid, kid_hash, algorithm, origin, private, public_key, certificate,
                                   created_at, activated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        Uuid::from(key.id),
        key.tenant.map(Uuid::from),
        key.kid.as_str(),
        &key.kid.hash(),
        key.algorithm.as_str(),
        <&str>::from(key.origin),
        key.private.as_ref().map(Sealed::as_bytes),
        key.public.as_ref().map(PublicHalf::as_pem),
        key.certificate,
        key.created_at,
        key.activated_at,
    )
    .execute(db)
    .await?;
    Ok(true)
}

/// The key that signs for the tenant: its own, or else the deployment's.
///
/// # Errors
/// Where the database fails.
pub async fn signing_for(
    db: &mut PgConnection,
    tenant: TenantId,
    algorithm: Algorithm,
) -> Result<Option<SigningKeyRecord>, StoreError> {
    let row = select_keys!(
        "WHERE (tenant_id = $1 OR tenant_id IS NULL) AND algorithm = $2
               AND activated_at IS NOT NULL AND retired_at IS NULL
         ORDER BY tenant_id NULLS LAST LIMIT 1",
        Uuid::from(tenant),
        algorithm.as_str(),
    );
    row.fetch_optional(db).await?.map(SigningKeyRecord::try_from).transpose()
}

/// The key that the owner signs with, and nobody else changes until the end of the transaction.
///
/// # Errors
/// Where the database fails.
pub async fn active_for_update(
    db: &mut PgConnection,
    owner: Option<TenantId>,
    algorithm: Algorithm,
) -> Result<Option<SigningKeyRecord>, StoreError> {
    let row = select_keys!(
        "WHERE tenant_id IS NOT DISTINCT FROM $1 AND algorithm = $2
               AND activated_at IS NOT NULL AND retired_at IS NULL
         FOR NO KEY UPDATE",
        owner.map(Uuid::from),
        algorithm.as_str(),
    );
    row.fetch_optional(db).await?.map(SigningKeyRecord::try_from).transpose()
}

/// The owner's key that signs next: the one that has been served for longest.
///
/// # Errors
/// Where the database fails.
pub async fn next(
    db: &mut PgConnection,
    owner: Option<TenantId>,
    algorithm: Algorithm,
) -> Result<Option<SigningKeyRecord>, StoreError> {
    let row = select_keys!(
        "WHERE tenant_id IS NOT DISTINCT FROM $1 AND algorithm = $2
               AND activated_at IS NULL AND retired_at IS NULL
         ORDER BY created_at, id LIMIT 1",
        owner.map(Uuid::from),
        algorithm.as_str(),
    );
    row.fetch_optional(db).await?.map(SigningKeyRecord::try_from).transpose()
}

/// One key, of whomever.
///
/// # Errors
/// Where the database fails.
pub async fn by_id(db: &mut PgConnection, id: SigningKeyId) -> Result<Option<SigningKeyRecord>, StoreError> {
    let row = select_keys!("WHERE id = $1", Uuid::from(id));
    row.fetch_optional(db).await?.map(SigningKeyRecord::try_from).transpose()
}

/// The key of that name, if the tenant may verify with it: its own, or the deployment's.
///
/// # Errors
/// Where the database fails.
pub async fn by_kid(
    db: &mut PgConnection,
    tenant: TenantId,
    kid: &Kid,
) -> Result<Option<SigningKeyRecord>, StoreError> {
    let row = select_keys!(
        "WHERE kid_hash = $1 AND (tenant_id = $2 OR tenant_id IS NULL)",
        &kid.hash(),
        Uuid::from(tenant),
    );
    row.fetch_optional(db).await?.map(SigningKeyRecord::try_from).transpose()
}

/// All keys of the owner, withdrawn ones too, the oldest first.
///
/// # Errors
/// Where the database fails.
pub async fn list(
    db: &mut PgConnection,
    owner: Option<TenantId>,
) -> Result<Vec<SigningKeyRecord>, StoreError> {
    let rows = select_keys!(
        "WHERE tenant_id IS NOT DISTINCT FROM $1 ORDER BY created_at, id",
        owner.map(Uuid::from)
    );
    rows.fetch_all(db).await?.into_iter().map(SigningKeyRecord::try_from).collect()
}

/// From now on it signs. `false` where it is not the next one any more.
///
/// # Errors
/// Where the database fails, or another one of its owner and algorithm signs.
pub async fn activate(
    db: &mut PgConnection,
    id: SigningKeyId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE signing_keys SET activated_at = $2 WHERE id = $1 AND activated_at IS NULL AND retired_at IS NULL",
        Uuid::from(id),
        now
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}

/// From now on it signs nothing. A private half is forgotten; a secret is kept, as it verifies, too.
///
/// # Errors
/// Where the database fails.
pub async fn retire(db: &mut PgConnection, id: SigningKeyId, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE signing_keys SET retired_at = $2, private = CASE WHEN public_key IS NULL THEN private END
         WHERE id = $1 AND retired_at IS NULL",
        Uuid::from(id),
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// From now on it is served to nobody, and signs nothing.
///
/// # Errors
/// Where the database fails.
pub async fn withdraw(db: &mut PgConnection, id: SigningKeyId, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE signing_keys SET retired_at = COALESCE(retired_at, $2), withdrawn_at = $2, private = NULL
         WHERE id = $1 AND withdrawn_at IS NULL",
        Uuid::from(id),
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Withdraws what was retired and whose tokens have all expired. Says how many.
///
/// # Errors
/// Where the database fails.
pub async fn withdraw_expired(db: &mut PgConnection, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "UPDATE signing_keys SET withdrawn_at = $1, private = NULL
         WHERE retired_at <= $1 AND withdrawn_at IS NULL AND (tokens_end_at IS NULL OR tokens_end_at <= $1)",
        now
    );
    Ok(done.execute(db).await?.rows_affected())
}

/// Notes until when a token is good that is about to be signed: so long will the key be served. `false` where the key
/// was retired meanwhile, and must not sign.
///
/// # Errors
/// Where the database fails.
pub async fn note_token(
    db: &mut PgConnection,
    id: SigningKeyId,
    ends_at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE signing_keys SET tokens_end_at = GREATEST(tokens_end_at, $2) WHERE id = $1 AND retired_at IS NULL",
        Uuid::from(id),
        ends_at
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}

/// Until when the last of all tokens is good that were ever signed for the tenant, whoever's key signed it.
///
/// # Errors
/// Where the database fails.
pub async fn last_end(db: &mut PgConnection, tenant: TenantId) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(sqlx::query_scalar!(
        "SELECT max(tokens_end_at) FROM signing_keys WHERE tenant_id = $1 OR tenant_id IS NULL",
        Uuid::from(tenant)
    )
    .fetch_one(db)
    .await?)
}
