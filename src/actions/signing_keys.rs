//! Keys that room tokens are signed with: added, activated, rotated, retired, withdrawn.
//!
//! A key is served before it signs (`next`), signs (`active`), is served for as long as its tokens are good (`retired`),
//! and is gone (`withdrawn`). Verifiers keep what they were served for a while, so what they have not been served for that
//! long does not sign.

mod end;
mod rotate;
mod schedule;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tokio::task::spawn_blocking;

pub use self::end::{Withdrawn, retire_signing_key, retire_signing_key_in};
pub use self::end::{withdraw_signing_key, withdraw_signing_key_in};
pub use self::rotate::{Rotated, Rotation, When, activate_signing_key, activate_signing_key_in};
pub use self::schedule::{Kept, keep_signing_keys, rotating_since};
use super::passwords::{KeysError, share_keys};
use super::private_keys::{UnlockKeyError, lock};
use super::transaction::transact;
use crate::app::App;
use crate::reservation::{SigningKeyId, TenantId, TenantName};
use crate::signing::{Algorithm, Imported, KeyError, Kid, PublicHalf, SigningKey};
use crate::store::signing_keys::{self, KeyState, Origin, SigningKeyRecord};
use crate::store::{StoreError, key_rotation, tenants};

/// Whose key it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOwner {
    /// The deployment's: it signs for every tenant that has none of its own.
    Deployment,
    /// A tenant's.
    Tenant(TenantName),
}

impl KeyOwner {
    /// The tenant's name, where it is a tenant.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantName> {
        match self {
            Self::Deployment => None,
            Self::Tenant(name) => Some(name),
        }
    }
}

impl From<Option<TenantName>> for KeyOwner {
    fn from(tenant: Option<TenantName>) -> Self {
        tenant.map_or(Self::Deployment, Self::Tenant)
    }
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
    /// It signs already, or signed before.
    #[error("the signing key `{id}` is {state}: only one that is next can be activated")]
    NotNext {
        /// Which one.
        id: SigningKeyId,
        /// Where it is in its life.
        state: KeyState,
    },
    /// No key is there that could sign next.
    #[error("there is no {0} key to rotate to: make or import one first")]
    NoNext(Algorithm),
    /// Who verifies may not have it yet.
    #[error(
        "whoever verifies may not know the signing key `{id}` before {}: wait; or have it sign `now`, and what it signs may \
         be refused until then",
        time(*.known_at)
    )]
    TooYoung {
        /// Which one.
        id: SigningKeyId,
        /// From when on everybody knows it.
        known_at: DateTime<Utc>,
    },
    /// It is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key that was sealed before can't be read.
    #[error(transparent)]
    Unlock(#[from] UnlockKeyError),
    /// It can't be sealed so that everybody who works on the database can open it.
    #[error(transparent)]
    MasterKeys(#[from] KeysError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for SigningKeyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

fn time(at: DateTime<Utc>) -> impl std::fmt::Display {
    at.format("%Y-%m-%dT%H:%M:%SZ")
}

/// A key that is nobody's yet.
#[derive(Debug)]
pub struct NewKey {
    id: SigningKeyId,
    algorithm: Algorithm,
    origin: Origin,
    key: SigningKey,
    kid: Kid,
}

impl NewKey {
    /// Takes the key, or makes one. Without a `kid` it is called by its thumbprint, or, a shared secret, by chance.
    ///
    /// # Errors
    /// Where no key can be made.
    pub async fn new(algorithm: Algorithm, source: KeySource, kid: Option<Kid>) -> Result<Self, KeyError> {
        let (key, brought, origin) = match source {
            // RSA keys take a while, which nothing else should wait for.
            KeySource::Make => {
                let made = spawn_blocking(move || SigningKey::make(algorithm)).await;
                (made.map_err(|_| KeyError::NotMade)??, None, Origin::Made)
            }
            KeySource::Import(Imported { key, kid }) => (key, kid, Origin::Imported),
        };
        let id = SigningKeyId::new();
        let thumbprint = || key.public().and_then(PublicHalf::thumbprint);
        let kid = match kid.or(brought).or_else(thumbprint) {
            Some(kid) => kid,
            None => id.to_string().parse().map_err(|_| KeyError::NotMade)?,
        };
        Ok(Self { id, algorithm, origin, key, kid })
    }

    /// Writes it down: as the one that signs, or as the next.
    async fn insert(
        &self,
        app: &App,
        db: &mut PgConnection,
        tenant: Option<TenantId>,
        signs: bool,
        now: DateTime<Utc>,
    ) -> Result<SigningKeyRecord, SigningKeyError> {
        let record = SigningKeyRecord {
            id: self.id,
            tenant,
            kid: self.kid.clone(),
            algorithm: self.algorithm,
            origin: self.origin,
            private: Some(lock(&app.keys, tenant, self.id, &self.key)),
            public: self.key.public().cloned(),
            certificate: self.key.certificate(&self.kid),
            created_at: now,
            activated_at: signs.then_some(now),
            retired_at: None,
            withdrawn_at: None,
            tokens_end_at: None,
        };
        if signing_keys::insert(db, &record).await? {
            Ok(record)
        } else {
            Err(SigningKeyError::KidUsed(self.kid.clone()))
        }
    }
}

/// Adds a key, in a transaction of its own. Where nothing signs with that algorithm for its owner (for a tenant, not the
/// deployment's key either), it signs at once; else it is the next one, which verifiers have to get to know.
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
    let new = NewKey::new(algorithm, source, kid).await?;
    transact(app, async |db| add_signing_key_in(app, db, owner, &new).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where the owner is not there, or the key's name was used before.
pub async fn add_signing_key_in(
    app: &App,
    db: &mut PgConnection,
    owner: &KeyOwner,
    new: &NewKey,
) -> Result<SigningKeyRecord, SigningKeyError> {
    let now = app.clock.now();
    let tenant = hold(app, db, owner).await?;
    let signs = signs(db, tenant, new.algorithm).await?;
    new.insert(app, db, tenant, !signs, now).await
}

/// The owner, whose keys nobody else adds or changes until the transaction ends.
async fn hold(
    app: &App,
    db: &mut PgConnection,
    owner: &KeyOwner,
) -> Result<Option<TenantId>, SigningKeyError> {
    // The row of the deployment is there from here on.
    share_keys(db, &app.keys).await?;
    let tenant = find(db, owner).await?;
    match owner {
        KeyOwner::Tenant(name) if !key_rotation::lock_owner(db, tenant).await? => {
            Err(SigningKeyError::UnknownTenant(name.clone()))
        }
        KeyOwner::Deployment => {
            key_rotation::lock_owner(db, None).await?;
            Ok(None)
        }
        KeyOwner::Tenant(_) => Ok(tenant),
    }
}

async fn find(db: &mut PgConnection, owner: &KeyOwner) -> Result<Option<TenantId>, SigningKeyError> {
    match owner {
        KeyOwner::Deployment => Ok(None),
        KeyOwner::Tenant(name) => {
            let found = tenants::by_name(db, name).await?;
            Ok(Some(found.ok_or_else(|| SigningKeyError::UnknownTenant(name.clone()))?.id))
        }
    }
}

/// Whether anything signs with that algorithm for the owner.
async fn signs(
    db: &mut PgConnection,
    owner: Option<TenantId>,
    algorithm: Algorithm,
) -> Result<bool, SigningKeyError> {
    Ok(match owner {
        Some(tenant) => signing_keys::signing_for(db, tenant, algorithm).await?.is_some(),
        None => key_rotation::active(db, None, algorithm).await?.is_some(),
    })
}

/// One key of the owner.
async fn key_of(
    db: &mut PgConnection,
    owner: Option<TenantId>,
    id: SigningKeyId,
) -> Result<SigningKeyRecord, SigningKeyError> {
    let found = signing_keys::by_id(db, id).await?.filter(|key| key.tenant == owner);
    found.ok_or(SigningKeyError::Unknown(id))
}

/// One key of the owner, as it is.
///
/// # Errors
/// Where the owner or the key is not there.
pub async fn show_signing_key(
    db: &mut PgConnection,
    owner: &KeyOwner,
    id: SigningKeyId,
) -> Result<SigningKeyRecord, SigningKeyError> {
    let tenant = find(db, owner).await?;
    key_of(db, tenant, id).await
}

/// All keys of the owner, withdrawn ones too, the oldest first.
///
/// # Errors
/// Where the owner is not there.
pub async fn list_signing_keys(
    db: &mut PgConnection,
    owner: &KeyOwner,
) -> Result<Vec<SigningKeyRecord>, SigningKeyError> {
    let tenant = find(db, owner).await?;
    Ok(signing_keys::list(db, tenant).await?)
}
