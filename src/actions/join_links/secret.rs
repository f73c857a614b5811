//! What the codes of a tenant's links are derived from: 256 random bits, sealed.

use sqlx::PgConnection;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::actions::passwords::{KeysError, share_keys};
use crate::app::App;
use crate::credential::{JoinCode, NoRandomness};
use crate::reservation::{JoinLinkId, TenantId};
use crate::seal::{OpenError, Sealed, tag_by};
use crate::store::sealed::SealedColumn;
use crate::store::{StoreError, join_links};

/// What the codes of a tenant's links are derived from.
pub(super) struct JoinSecret(Zeroizing<[u8; 32]>);

/// Why no code can be made.
#[derive(Debug, thiserror::Error)]
pub enum JoinSecretError {
    /// It can't be sealed so that everybody who works on the database can open it.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// It does not open, or is none.
    #[error("what join links are made from can't be unsealed")]
    Sealed(#[source] Option<OpenError>),
    /// None can be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl JoinSecret {
    /// The tenant's; a new one, where it has none.
    ///
    /// # Errors
    /// Where it can't be made or read.
    pub async fn of_tenant(
        app: &App,
        db: &mut PgConnection,
        tenant: TenantId,
    ) -> Result<Self, JoinSecretError> {
        if let Some(sealed) = join_links::secret(db, tenant).await? {
            return Self::open(app, tenant, &sealed);
        }
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut_slice()).map_err(NoRandomness::from)?;
        share_keys(db, &app.keys).await?;
        join_links::put_secret(db, tenant, &app.keys.seal(&context(tenant), secret.as_slice())).await?;
        // Somebody may have been faster.
        let sealed = join_links::secret(db, tenant).await?.ok_or(JoinSecretError::Sealed(None))?;
        Self::open(app, tenant, &sealed)
    }

    /// The tenant's; `None` also where it does not open: links work without it, and are just not shown.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn find(
        app: &App,
        db: &mut PgConnection,
        tenant: TenantId,
    ) -> Result<Option<Self>, StoreError> {
        let sealed = join_links::secret(db, tenant).await?;
        Ok(sealed.and_then(|sealed| Self::open(app, tenant, &sealed).ok()))
    }

    fn open(app: &App, tenant: TenantId, sealed: &Sealed) -> Result<Self, JoinSecretError> {
        let opened =
            app.keys.open(&context(tenant), sealed).inspect_err(|_| _ = app.metrics.unseal_failures.inc());
        let opened = opened.map_err(|error| JoinSecretError::Sealed(Some(error)))?;
        let secret = opened.as_slice().try_into().map_err(|_| JoinSecretError::Sealed(None))?;
        Ok(Self(Zeroizing::new(secret)))
    }

    /// The code of that link: 128 bits that nobody works out without the secret.
    pub fn code(&self, link: JoinLinkId) -> JoinCode {
        JoinCode::new(tag_by(&self.0, Uuid::from(link).as_bytes()))
    }
}

fn context(tenant: TenantId) -> crate::seal::Context {
    SealedColumn::JoinSecret.context(tenant.into(), tenant.into())
}
