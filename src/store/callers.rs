//! Who calls our API: an app, with its tenant.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::apps::scopes;
use super::tenants::TenantRow;
use crate::credential::CredentialHash;
use crate::reservation::{AppId, CredentialId, Scopes, Tenant};

/// An app that is not revoked, with its tenant.
#[derive(Debug, Clone)]
pub struct CallerRecord {
    /// The tenant; it may be disabled.
    pub tenant: Tenant,
    /// The app.
    pub app: AppId,
    /// What operators call it.
    pub app_name: String,
    /// What it may do.
    pub scopes: Scopes,
}

struct CallerRow {
    app_id: Uuid,
    app_name: String,
    scopes: Vec<String>,
    credential_id: Uuid,
    id: Uuid,
    name: String,
    language: String,
    time_zone: String,
    meeting_url: Option<String>,
    early_open_s: i32,
    grace_s: i32,
    max_duration_s: Option<i32>,
    max_occupants: Option<i32>,
    answer_token: bool,
    moderators: String,
    when_live_elsewhere: String,
    unscheduled: String,
    unscheduled_pattern: Option<String>,
    unscheduled_duration_s: i32,
    unscheduled_lobby: bool,
    unscheduled_max_occupants: Option<i32>,
    capacity: Option<i32>,
    horizon_days: i32,
    revision: i64,
    created_at: DateTime<Utc>,
    disabled_at: Option<DateTime<Utc>>,
}

impl TryFrom<CallerRow> for CallerRecord {
    type Error = StoreError;

    fn try_from(row: CallerRow) -> Result<Self, StoreError> {
        let tenant = TenantRow {
            id: row.id,
            name: row.name,
            language: row.language,
            time_zone: row.time_zone,
            meeting_url: row.meeting_url,
            early_open_s: row.early_open_s,
            grace_s: row.grace_s,
            max_duration_s: row.max_duration_s,
            max_occupants: row.max_occupants,
            answer_token: row.answer_token,
            moderators: row.moderators,
            when_live_elsewhere: row.when_live_elsewhere,
            unscheduled: row.unscheduled,
            unscheduled_pattern: row.unscheduled_pattern,
            unscheduled_duration_s: row.unscheduled_duration_s,
            unscheduled_lobby: row.unscheduled_lobby,
            unscheduled_max_occupants: row.unscheduled_max_occupants,
            capacity: row.capacity,
            horizon_days: row.horizon_days,
            revision: row.revision,
            created_at: row.created_at,
            disabled_at: row.disabled_at,
        };
        Ok(Self {
            tenant: tenant.try_into()?,
            app: row.app_id.into(),
            app_name: row.app_name,
            scopes: scopes(&row.scopes)?,
        })
    }
}

/// Reads callers; the last part says by what, and calls that `k`.
macro_rules! select_callers {
    ($which:literal, $argument:expr) => {
        sqlx::query_as!(
            CallerRow,
            r#"SELECT a.id AS app_id, a.name AS app_name, a.scopes, k.id AS credential_id, t.id, t.name, t.language,
                    t.time_zone, t.meeting_url, t.early_open_s, t.grace_s, t.max_duration_s, t.max_occupants,
                    t.answer_token, t.moderators, t.when_live_elsewhere, t.unscheduled, t.unscheduled_pattern,
                    t.unscheduled_duration_s, t.unscheduled_lobby, t.unscheduled_max_occupants, t.capacity,
                    t.horizon_days, t.revision, t.created_at, t.disabled_at
             FROM apps a JOIN tenants t ON t.id = a.tenant_id "#
                + $which,
            $argument
        )
    };
}

/// Whose credential that is, and which one; unless it, or the app, is revoked.
///
/// # Errors
/// Where the database fails.
pub async fn by_credential(
    db: &mut PgConnection,
    hash: CredentialHash,
) -> Result<Option<(CallerRecord, CredentialId)>, StoreError> {
    let row = select_callers!(
        "JOIN app_credentials k ON k.tenant_id = a.tenant_id AND k.app_id = a.id
         WHERE k.hash = $1 AND k.revoked_at IS NULL AND a.revoked_at IS NULL",
        hash.as_bytes()
    );
    let row = row.fetch_optional(db).await?;
    let Some(row) = row else { return Ok(None) };
    let credential = row.credential_id.into();
    Ok(Some((row.try_into()?, credential)))
}

/// The app, unless it is revoked.
///
/// # Errors
/// Where the database fails.
pub async fn by_app(db: &mut PgConnection, app: AppId) -> Result<Option<CallerRecord>, StoreError> {
    // An app is its own `k`: nothing else was asked for.
    let row = select_callers!(
        "CROSS JOIN LATERAL (SELECT a.id) k WHERE a.id = $1 AND a.revoked_at IS NULL",
        Uuid::from(app)
    );
    row.fetch_optional(db).await?.map(CallerRecord::try_from).transpose()
}
