//! Keys that room tokens are signed with: added, activated, rotated, retired, withdrawn.
//!
//! A key is served before it signs (`next`), signs (`active`), is served for as long as its tokens are good (`retired`),
//! and is gone (`withdrawn`). Verifiers keep what they were served for a while, so what they have not been served for that
//! long does not sign.

use sqlx::PgConnection;
use tokio::task::spawn_blocking;

use super::passwords::{KeysError, share_keys};
use super::private_keys::lock;
use super::transaction::transact;
use crate::app::App;
use crate::reservation::{SigningKeyId, TenantId, TenantName};
use crate::signing::{Algorithm, Imported, KeyError, Kid, PublicHalf, SigningKey};
use crate::store::signing_keys::{self, Origin, SigningKeyRecord};
use crate::store::{StoreError, tenants};

/// Whose key it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOwner {
    /// The deployment's: it signs for every tenant that has none of its own.
    Deployment,
    /// A tenant's.
    Tenant(TenantName),
}

/// Where a key comes from.
#[derive(Debug)]
pub enum KeySource {
    /// It is made here, and nobody else has its private half.
    Make,
    /// It was made elsewhere.
    Import(Imported),
}

/// Why a key was not added or changed.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// There is no such key, or it is another's.
    #[error("there is no signing key `{0}` here")]
    Unknown(SigningKeyId),
    /// A key had that name before.
    #[error("a key was called `{0}` before: verifiers may remember that one, so give it another name")]
    KidUsed(Kid),
    /// It is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Other replicas have other master keys, and could not use it.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds a key, in a transaction of its own. Where its owner signs with no other of that algorithm it signs at once, for
/// there is nobody yet who could have been served another one; else it is the next one.
///
/// Without a `kid` it is called by its thumbprint, or, a shared secret, by chance.
///
/// # Errors
/// Where the owner is not there, the key is none, or its name was used before.
pub async fn add_signing_key(
    app: &App,
    owner: &KeyOwner,
    algorithm: Algorithm,
    source: KeySource,
    kid: Option<Kid>,
) -> Result<SigningKeyRecord, SigningKeyError> {
    let (key, brought, origin) = match source {
        KeySource::Make => (make(algorithm).await?, None, Origin::Made),
        KeySource::Import(Imported { key, kid }) => (key, kid, Origin::Imported),
    };
    let id = SigningKeyId::new();
    let thumbprint = || key.public().and_then(PublicHalf::thumbprint);
    let kid = match kid.or(brought).or_else(thumbprint) {
        Some(kid) => kid,
        None => id.to_string().parse().map_err(|_| KeyError::NotMade)?,
    };
    let now = app.clock.now();
    transact(app, async |db| {
        let tenant = tenant_of(db, owner).await?;
        share_keys(db, &app.keys).await?;
        let active = signing_keys::active_for_update(db, tenant, algorithm).await?;
        let record = SigningKeyRecord {
            id,
            tenant,
            kid: kid.clone(),
            algorithm,
            origin,
            private: Some(lock(&app.keys, tenant, id, &key)),
            public: key.public().cloned(),
            certificate: key.certificate(&kid),
            created_at: now,
            activated_at: active.is_none().then_some(now),
            retired_at: None,
            withdrawn_at: None,
            tokens_end_at: None,
        };
        if !signing_keys::insert(db, &record).await? {
            return Err(SigningKeyError::KidUsed(kid.clone()));
        }
        Ok(record)
    })
    .await
}

/// RSA keys take a while, which nothing else should wait for.
async fn make(algorithm: Algorithm) -> Result<SigningKey, KeyError> {
    spawn_blocking(move || SigningKey::make(algorithm)).await.map_err(|_| KeyError::NotMade)?
}

async fn tenant_of(db: &mut PgConnection, owner: &KeyOwner) -> Result<Option<TenantId>, SigningKeyError> {
    match owner {
        KeyOwner::Deployment => Ok(None),
        KeyOwner::Tenant(name) => {
            let found = tenants::by_name_for_share(db, name).await?;
            Ok(Some(found.ok_or_else(|| SigningKeyError::UnknownTenant(name.clone()))?.id))
        }
    }
}
