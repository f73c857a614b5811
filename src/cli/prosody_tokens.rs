//! What `frontdesk prosody-config --tokens` has to find out: the shared secret, and whose rooms the server opens.

use std::error::Error;

use secrecy::SecretString;
use sqlx::PgConnection;

use super::parse::tenant;
use crate::actions::private_keys::unlock;
use crate::app::App;
use crate::prosody::snippet::Target;
use crate::prosody::verification::Tokens;
use crate::reservation::{Dialect, TenantName};
use crate::signing::Algorithm;
use crate::store::servers::ServerRecord;
use crate::store::signing_keys::{self, SigningKeyRecord};
use crate::store::{StoreError, dialects, key_rotation, servers, tenants, token_settings};
use crate::token::{TokenSettings, VerifierKind};

/// What Prosody is told beside where the keys are.
pub(super) struct Told {
    /// The secret, where tokens are signed with one.
    pub secret: Option<SecretString>,
    /// Whether it opens the rooms of several tenants.
    pub several_tenants: bool,
    /// What the tokens are like that it verifies.
    pub settings: TokenSettings,
    /// Whether some of them are for `*`, as ProCONF's are.
    pub any_audience: bool,
}

/// Why Prosody can't be told.
#[derive(Debug, thiserror::Error)]
enum TellError {
    #[error(
        "the tokens of `{0}` have another algorithm, issuer or audience than those of the other tenants of this server: \
         make them the same with `frontdesk token settings`, or give it a Prosody of its own"
    )]
    Differs(TenantName),
    #[error(
        "no {0} secret signs tokens yet: `frontdesk keys make --algorithm {0}` makes one, and `frontdesk keys import` takes \
         one that Prosody has"
    )]
    NoSecret(Algorithm),
    #[error(
        "docker-jitsi-meet can't be told this secret: take one of letters, digits, `-` and `_`, such as `frontdesk keys \
         make --algorithm {0}` makes"
    )]
    OddSecret(Algorithm),
}

/// Finds out what the server of that name has to be told; where there is none yet, one for that tenant.
pub(super) async fn tell(
    app: &App,
    tokens: Tokens,
    target: Target,
    server: Option<&str>,
    new_for: Option<TenantName>,
) -> Result<Told, Box<dyn Error>> {
    let mut db = app.db.acquire().await?;
    let known = match server {
        Some(name) => servers::by_name(&mut db, name).await?,
        None => None,
    };
    let only = match (&known, server) {
        (Some(known), _) => only_tenant(known),
        (None, Some(_)) => Some(tenant(app, new_for).await?.name),
        (None, None) => match &tenants::list(&mut db).await?[..] {
            [only] => Some(only.name.clone()),
            _ => None,
        },
    };
    let (settings, any_audience) = common(&mut db, only.as_ref(), known.as_ref()).await?;
    let mut told = Told { secret: None, several_tenants: only.is_none(), settings, any_audience };
    if tokens.is_shared_secret() {
        let algorithm: Algorithm = tokens.algorithm().parse()?;
        let key = signing(&mut db, only.as_ref(), algorithm).await?;
        let key = unlock(&app.keys, &key.ok_or(TellError::NoSecret(algorithm))?)?;
        let secret = std::str::from_utf8(key.expose())?;
        // It goes through a shell's quotes, and into Lua's without any escapes.
        if target == Target::Docker && !secret.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        {
            return Err(TellError::OddSecret(algorithm).into());
        }
        told.secret = Some(secret.into());
    }
    Ok(told)
}

/// What the tokens are like of all tenants whose rooms the server opens, and whether the apps of one speak ProCONF.
async fn common(
    db: &mut PgConnection,
    only: Option<&TenantName>,
    server: Option<&ServerRecord>,
) -> Result<(TokenSettings, bool), Box<dyn Error>> {
    let serves = |name: &TenantName| match (only, server) {
        (Some(only), _) => only == name,
        (None, Some(server)) => server.may_ask_for(name),
        (None, None) => true,
    };
    let mut any_audience = false;
    let mut common: Option<TokenSettings> = None;
    for tenant in tenants::list(db).await? {
        if !serves(&tenant.name) {
            continue;
        }
        let settings = token_settings::get(db, tenant.id).await?;
        if settings.verifier != VerifierKind::Jitsi {
            continue;
        }
        let alike = |one: &TokenSettings| {
            (one.algorithm, &one.issuer, &one.audience)
                == (settings.algorithm, &settings.issuer, &settings.audience)
        };
        if common.as_ref().is_some_and(|common| !alike(common)) {
            return Err(TellError::Differs(tenant.name).into());
        }
        common = Some(settings);
        any_audience |= dialects::get(db, tenant.id).await?.speak(Dialect::Proconf);
    }
    Ok((common.unwrap_or_default(), any_audience))
}

/// The tenant whose rooms the server opens, where it is one.
fn only_tenant(server: &ServerRecord) -> Option<TenantName> {
    let alone =
        !server.serves_all && server.other_tenants.iter().all(|other| *other == server.default_tenant);
    alone.then(|| server.default_tenant.clone())
}

/// What signs for the tenant, or, where there are several, for those that have no key of their own.
async fn signing(
    db: &mut PgConnection,
    tenant: Option<&TenantName>,
    algorithm: Algorithm,
) -> Result<Option<SigningKeyRecord>, StoreError> {
    if let Some(name) = tenant
        && let Some(tenant) = tenants::by_name(db, name).await?
    {
        return signing_keys::signing_for(db, tenant.id, algorithm).await;
    }
    match key_rotation::active(db, None, algorithm).await? {
        Some(id) => signing_keys::by_id(db, id).await,
        None => Ok(None),
    }
}
