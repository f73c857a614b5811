//! What an app proves with that it is itself: credentials, and keys that it signs tokens with. Two of each at the
//! most: the old one, and the one that takes its place.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use sqlx::PgConnection;
use tokio::task::spawn_blocking;

use super::MOST_LIVE;
use super::add_app::AddedApp;
use super::passwords::{KeysError, share_keys};
use super::signing_secrets::lock;
use super::transaction::transact;
use crate::app::App;
use crate::credential::{Credential, CredentialKind, NoRandomness};
use crate::reservation::{CredentialId, TenantName};
use crate::signing::{AppAlgorithm, AppKeyPair, Issuer, KeyError, PublicKey};
use crate::store::app_credentials::{self, AppCredentialRecord};
use crate::store::app_signing_keys::{self, AppSigningKeyRecord, KeyMaterial};
use crate::store::apps::{self, AppKey, AppRecord};
use crate::store::{StoreError, tenants};

/// What an app wants to sign with.
#[derive(Debug, Clone)]
pub enum NewSigningKey {
    /// A secret that we make, for HS256.
    Secret,
    /// A pair of keys that we made, for RS256.
    Pair(AppKeyPair),
    /// Its own key, of which we get the public half, for RS256.
    Public(PublicKey),
}

impl NewSigningKey {
    /// What we make for an app that brings nothing.
    ///
    /// # Errors
    /// Where no key can be made.
    pub async fn make(algorithm: AppAlgorithm) -> Result<Self, KeyError> {
        match algorithm {
            AppAlgorithm::Hs256 => Ok(Self::Secret),
            // RSA keys take a while, which nothing else should wait for.
            AppAlgorithm::Rs256 => {
                let made = spawn_blocking(AppKeyPair::make).await;
                Ok(Self::Pair(made.map_err(|_| KeyError::NotMade)??))
            }
        }
    }
}

/// An app with the signing key that was just added.
#[derive(Debug)]
pub struct AddedSigningKey {
    /// The app.
    pub app: AppRecord,
    /// The key.
    pub key: AppSigningKeyRecord,
    /// The secret in clear, where we made one. The bytes of the whole text are the HMAC's key. It is not shown again.
    pub secret: Option<Credential>,
    /// The private key in PEM, where we made one. It is not kept.
    pub private_key: Option<SecretString>,
}

/// Why what an app has was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AppCredentialError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// The tenant has no such app.
    #[error("the tenant has no app `{0}`")]
    Unknown(String),
    /// It was revoked for good.
    #[error("the app `{0}` is revoked; add it anew under another name")]
    Revoked(String),
    /// It has as many as it may have.
    #[error("the app `{0}` has {MOST_LIVE} live credentials; revoke one first")]
    TooManyCredentials(String),
    /// It has as many as it may have.
    #[error("the app `{0}` has {MOST_LIVE} live signing keys; revoke one first")]
    TooManySigningKeys(String),
    /// It has no such credential, or it was revoked before.
    #[error("the app has no live credential `{0}`")]
    UnknownCredential(CredentialId),
    /// It has no such signing key, or it was revoked before.
    #[error("the app has no live signing key `{0}`")]
    UnknownSigningKey(CredentialId),
    /// The secret can't be sealed so that everybody who works on the database can open it.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// No credential can be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes another credential for an app, in a transaction of its own: the old one stays good until it is revoked.
///
/// # Errors
/// Where tenant or app are not there, or the app is revoked or has two.
pub async fn add_app_credential(
    app: &App,
    tenant: &TenantName,
    key: impl Into<AppKey<'_>>,
) -> Result<AddedApp, AppCredentialError> {
    let key = key.into();
    transact(app, async |db| add_app_credential_in(app, db, tenant, key).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where tenant or app are not there, or the app is revoked or has two.
pub async fn add_app_credential_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    key: AppKey<'_>,
) -> Result<AddedApp, AppCredentialError> {
    let now = app.clock.now();
    let found = live(db, tenant, key).await?;
    if app_credentials::count_live(db, found.tenant, found.id).await? >= MOST_LIVE {
        return Err(AppCredentialError::TooManyCredentials(found.name));
    }
    let credential = Credential::generate(CredentialKind::App)?;
    let record = AppCredentialRecord {
        tenant: found.tenant,
        app: found.id,
        id: CredentialId::new(),
        created_at: now,
        revoked_at: None,
    };
    app_credentials::insert(db, credential.hash(), &record).await?;
    Ok(AddedApp { app: found, credential_id: record.id, credential })
}

/// Revokes one credential of an app at once, in a transaction of its own; the app keeps its others.
///
/// # Errors
/// Where tenant, app or credential are not there.
pub async fn revoke_app_credential(
    app: &App,
    tenant: &TenantName,
    key: impl Into<AppKey<'_>>,
    credential: CredentialId,
) -> Result<AppRecord, AppCredentialError> {
    let key = key.into();
    transact(app, async |db| revoke_app_credential_in(app, db, tenant, key, credential).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where tenant, app or credential are not there.
pub async fn revoke_app_credential_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    key: AppKey<'_>,
    credential: CredentialId,
) -> Result<AppRecord, AppCredentialError> {
    let now = app.clock.now();
    let found = known(db, tenant, key).await?;
    if app_credentials::revoke(db, found.tenant, found.id, credential, now).await? {
        Ok(found)
    } else {
        Err(AppCredentialError::UnknownCredential(credential))
    }
}

/// Gives an app another signing key, in a transaction of its own: the old one stays good until it is revoked.
///
/// # Errors
/// Where tenant or app are not there, or the app is revoked or has two.
pub async fn add_signing_key(
    app: &App,
    tenant: &TenantName,
    key: impl Into<AppKey<'_>>,
    new: &NewSigningKey,
    issuer: Option<&Issuer>,
) -> Result<AddedSigningKey, AppCredentialError> {
    let key = key.into();
    transact(app, async |db| add_signing_key_in(app, db, tenant, key, new, issuer).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where tenant or app are not there, or the app is revoked or has two.
pub async fn add_signing_key_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    key: AppKey<'_>,
    new: &NewSigningKey,
    issuer: Option<&Issuer>,
) -> Result<AddedSigningKey, AppCredentialError> {
    let now = app.clock.now();
    let found = live(db, tenant, key).await?;
    let others = app_signing_keys::live(db, found.tenant, found.id).await?;
    if i64::try_from(others.len()).is_ok_and(|others| others >= MOST_LIVE) {
        return Err(AppCredentialError::TooManySigningKeys(found.name));
    }
    insert_signing_key(app, db, found, new, issuer, now).await
}

/// Gives an app another signing key. Nobody else does so meanwhile.
pub(super) async fn insert_signing_key(
    app: &App,
    db: &mut PgConnection,
    found: AppRecord,
    new: &NewSigningKey,
    issuer: Option<&Issuer>,
    now: DateTime<Utc>,
) -> Result<AddedSigningKey, AppCredentialError> {
    let id = CredentialId::new();
    let (mut secret, mut private_key) = (None, None);
    let material = match new {
        NewSigningKey::Public(key) => KeyMaterial::Rs256(key.clone()),
        NewSigningKey::Pair(pair) => {
            private_key = Some(pair.private_pem().clone());
            KeyMaterial::Rs256(pair.public().clone())
        }
        NewSigningKey::Secret => {
            share_keys(db, &app.keys).await?;
            let made = secret.insert(Credential::generate(CredentialKind::Signing)?);
            KeyMaterial::Hs256(lock(&app.keys, found.tenant, id, made))
        }
    };
    let record = AppSigningKeyRecord {
        tenant: found.tenant,
        app: found.id,
        id,
        material,
        issuer: issuer.cloned(),
        created_at: now,
        revoked_at: None,
    };
    app_signing_keys::insert(db, &record).await?;
    Ok(AddedSigningKey { app: found, key: record, secret, private_key })
}

/// Revokes one signing key of an app at once, in a transaction of its own; the app keeps its others.
///
/// # Errors
/// Where tenant, app or key are not there.
pub async fn revoke_signing_key(
    app: &App,
    tenant: &TenantName,
    key: impl Into<AppKey<'_>>,
    signing_key: CredentialId,
) -> Result<AppRecord, AppCredentialError> {
    let key = key.into();
    transact(app, async |db| revoke_signing_key_in(app, db, tenant, key, signing_key).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where tenant, app or key are not there.
pub async fn revoke_signing_key_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    key: AppKey<'_>,
    signing_key: CredentialId,
) -> Result<AppRecord, AppCredentialError> {
    let now = app.clock.now();
    let found = known(db, tenant, key).await?;
    if app_signing_keys::revoke(db, found.tenant, found.id, signing_key, now).await? {
        Ok(found)
    } else {
        Err(AppCredentialError::UnknownSigningKey(signing_key))
    }
}

/// The app, whose row is held: what it has is counted and added to by one at a time.
async fn known(
    db: &mut PgConnection,
    tenant: &TenantName,
    key: AppKey<'_>,
) -> Result<AppRecord, AppCredentialError> {
    let found = tenants::by_name_for_share(db, tenant).await?;
    let found = found.ok_or_else(|| AppCredentialError::UnknownTenant(tenant.clone()))?;
    let record = apps::find_for_update(db, found.id, key).await?;
    record.ok_or_else(|| AppCredentialError::Unknown(key.to_string()))
}

async fn live(
    db: &mut PgConnection,
    tenant: &TenantName,
    key: AppKey<'_>,
) -> Result<AppRecord, AppCredentialError> {
    let found = known(db, tenant, key).await?;
    if found.revoked_at.is_some() { Err(AppCredentialError::Revoked(found.name)) } else { Ok(found) }
}
