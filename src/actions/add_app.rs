//! A new app.

use sqlx::PgConnection;

use super::app_credentials::{AddedSigningKey, AppCredentialError, NewSigningKey, insert_signing_key};
use super::transaction::transact;
use crate::app::App;
use crate::credential::{Credential, CredentialKind, NoRandomness};
use crate::reservation::{AppId, CredentialId, Scopes, TenantName};
use crate::store::apps::{self, AppRecord};
use crate::store::{StoreError, tenants};

/// An app with the credential that was just made for it. It is not shown again.
#[derive(Debug)]
pub struct AddedApp {
    /// The app.
    pub app: AppRecord,
    /// Which credential.
    pub credential_id: CredentialId,
    /// The credential in clear.
    pub credential: Credential,
}

/// Why an app was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddAppError {
    /// There is no such tenant.
    #[error("there is no tenant `{0}`")]
    UnknownTenant(TenantName),
    /// The tenant has one of that name.
    #[error("the tenant has an app `{0}` already")]
    Exists(String),
    /// No credential can be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// It gets no key to sign with.
    #[error(transparent)]
    SigningKey(#[from] AppCredentialError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds an app with its credential, for what the scopes allow, in a transaction of its own.
///
/// # Errors
/// Where there is no such tenant, or it has an app of that name.
pub async fn add_app(
    app: &App,
    tenant: &TenantName,
    name: String,
    scopes: Scopes,
) -> Result<AddedApp, AddAppError> {
    transact(app, async |db| add_app_in(app, db, tenant, name.clone(), scopes.clone()).await).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where there is no such tenant, or it has an app of that name.
pub async fn add_app_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    name: String,
    scopes: Scopes,
) -> Result<AddedApp, AddAppError> {
    let now = app.clock.now();
    let found = tenants::by_name_for_share(db, tenant).await?;
    let found = found.ok_or_else(|| AddAppError::UnknownTenant(tenant.clone()))?;
    let record =
        AppRecord { tenant: found.id, id: AppId::new(), name, scopes, created_at: now, revoked_at: None };
    let credential = Credential::generate(CredentialKind::App)?;
    let credential_id = CredentialId::new();
    if apps::insert(db, &record, credential_id, credential.hash()).await? {
        Ok(AddedApp { app: record, credential_id, credential })
    } else {
        Err(AddAppError::Exists(record.name))
    }
}

/// Adds an app as [`add_app`] does, with the key that it signs its tokens with, if it is to have one.
///
/// # Errors
/// Where there is no such tenant, or it has an app of that name.
pub async fn add_app_with_key(
    app: &App,
    tenant: &TenantName,
    name: String,
    scopes: Scopes,
    key: Option<&NewSigningKey>,
) -> Result<(AddedApp, Option<AddedSigningKey>), AddAppError> {
    let add = async |db: &mut PgConnection| {
        add_app_with_key_in(app, db, tenant, name.clone(), scopes.clone(), key).await
    };
    transact(app, add).await
}

/// The same, as a part of a transaction.
///
/// # Errors
/// Where there is no such tenant, or it has an app of that name.
pub async fn add_app_with_key_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &TenantName,
    name: String,
    scopes: Scopes,
    key: Option<&NewSigningKey>,
) -> Result<(AddedApp, Option<AddedSigningKey>), AddAppError> {
    let added = add_app_in(app, db, tenant, name, scopes).await?;
    let key = match key {
        None => None,
        Some(key) => {
            let (record, now) = (added.app.clone(), added.app.created_at);
            Some(insert_signing_key(app, db, record, key, None, now).await?)
        }
    };
    Ok((added, key))
}
