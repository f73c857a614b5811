//! Which keys are served to whom that verifies.

use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::columns::parse;
use crate::reservation::ServerId;
use crate::signing::{Algorithm, Kid, PublicHalf};

/// The public half of a key, as it is served.
#[derive(Debug, Clone)]
pub struct ServedKeyRecord {
    /// What tokens call it.
    pub kid: Kid,
    /// The public half.
    pub public: PublicHalf,
    /// A certificate for it, in PEM.
    pub certificate: Option<String>,
}

struct ServedKeyRow {
    kid: String,
    algorithm: String,
    public_key: Option<String>,
    certificate: Option<String>,
}

impl TryFrom<ServedKeyRow> for ServedKeyRecord {
    type Error = StoreError;

    fn try_from(row: ServedKeyRow) -> Result<Self, StoreError> {
        let algorithm: Algorithm = parse("algorithm", &row.algorithm)?;
        let public = row.public_key.and_then(|pem| PublicHalf::from_stored(algorithm, pem));
        Ok(Self {
            kid: parse("kid", &row.kid)?,
            public: public.ok_or(StoreError::Unreadable { column: "public_key" })?,
            certificate: row.certificate,
        })
    }
}

/// The deployment's own keys that are served, the oldest first. Secrets are not among them.
///
/// # Errors
/// Where the database fails.
pub async fn served(db: &mut PgConnection) -> Result<Vec<ServedKeyRecord>, StoreError> {
    let rows = sqlx::query_as!(
        ServedKeyRow,
        "SELECT kid, algorithm, public_key, certificate FROM signing_keys
         WHERE tenant_id IS NULL AND withdrawn_at IS NULL AND public_key IS NOT NULL ORDER BY created_at, id"
    );
    rows.fetch_all(db).await?.into_iter().map(ServedKeyRecord::try_from).collect()
}

/// The conference servers that keys are served to: all that are not revoked.
///
/// # Errors
/// Where the database fails.
pub async fn servers(db: &mut PgConnection) -> Result<Vec<ServerId>, StoreError> {
    let ids = sqlx::query_scalar!("SELECT id FROM conference_servers WHERE state <> 'revoked'");
    Ok(ids.fetch_all(db).await?.into_iter().map(Into::into).collect())
}

/// The keys that are served to that conference server, the oldest first: the deployment's, and those of the tenants
/// that it serves. An imported key, whose private half its tenant may have, is not among them where others share the
/// server: it would sign for their rooms, too. Secrets are not among them. `None` where there is no such server, or it is
/// revoked.
///
/// # Errors
/// Where the database fails.
pub async fn served_to(
    db: &mut PgConnection,
    server: ServerId,
) -> Result<Option<Vec<ServedKeyRecord>>, StoreError> {
    let server = Uuid::from(server);
    let known = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM conference_servers WHERE id = $1 AND state <> 'revoked') AS "known!""#,
        server
    );
    if !known.fetch_one(&mut *db).await? {
        return Ok(None);
    }
    let rows = sqlx::query_as!(
        ServedKeyRow,
        "SELECT kid, algorithm, public_key, certificate FROM signing_keys k
         WHERE withdrawn_at IS NULL AND public_key IS NOT NULL AND (
             tenant_id IS NULL
             OR EXISTS (
                 SELECT FROM conference_servers s WHERE s.id = $1 AND (
                     s.serves_all OR s.default_tenant_id = k.tenant_id OR EXISTS (
                         SELECT FROM conference_server_tenants t WHERE t.server_id = $1 AND t.tenant_id = k.tenant_id
                     )
                 ) AND (
                     origin = 'made' OR NOT (s.serves_all OR s.default_tenant_id <> k.tenant_id OR EXISTS (
                         SELECT FROM conference_server_tenants t WHERE t.server_id = $1 AND t.tenant_id <> k.tenant_id
                     ))
                 )
             )
         ) ORDER BY created_at, id",
        server,
    );
    let keys: Result<Vec<_>, _> =
        rows.fetch_all(db).await?.into_iter().map(ServedKeyRecord::try_from).collect();
    keys.map(Some)
}
