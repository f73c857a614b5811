//! Tenants and their policies.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::columns::{count, parse, seconds, to_count, to_seconds};
use crate::reservation::{BaseUrl, Policy, RoomPattern, Tenant, TenantId, TenantName, Unscheduled};

/// A tenant as it lies in the table.
pub(super) struct TenantRow {
    pub id: Uuid,
    pub name: String,
    pub language: String,
    pub time_zone: String,
    pub meeting_url: Option<String>,
    pub early_open_s: i32,
    pub grace_s: i32,
    pub max_duration_s: Option<i32>,
    pub max_occupants: Option<i32>,
    pub answer_token: bool,
    pub moderators: String,
    pub when_live_elsewhere: String,
    pub unscheduled: String,
    pub unscheduled_pattern: Option<String>,
    pub unscheduled_duration_s: i32,
    pub unscheduled_lobby: bool,
    pub unscheduled_max_occupants: Option<i32>,
    pub capacity: Option<i32>,
    pub horizon_days: i32,
    pub revision: i64,
    pub created_at: DateTime<Utc>,
    pub disabled_at: Option<DateTime<Utc>>,
}

impl TryFrom<TenantRow> for Tenant {
    type Error = StoreError;

    fn try_from(row: TenantRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            name: parse("name", &row.name)?,
            policy: Policy {
                language: parse("language", &row.language)?,
                time_zone: parse("time_zone", &row.time_zone)?,
                meeting_url: row.meeting_url.map(|url| parse("meeting_url", &url)).transpose()?,
                early_open: seconds(row.early_open_s),
                grace: seconds(row.grace_s),
                max_duration: row.max_duration_s.map(seconds),
                max_occupants: row.max_occupants.map(count),
                answer_token: row.answer_token,
                moderators: parse("moderators", &row.moderators)?,
                when_live_elsewhere: parse("when_live_elsewhere", &row.when_live_elsewhere)?,
                unscheduled: Unscheduled {
                    allow: row.unscheduled == "allow",
                    pattern: row.unscheduled_pattern.map(RoomPattern::from_stored),
                    duration: seconds(row.unscheduled_duration_s),
                    lobby: row.unscheduled_lobby,
                    max_occupants: row.unscheduled_max_occupants.map(count),
                },
                capacity: row.capacity.map(count),
                horizon: TimeDelta::days(row.horizon_days.into()),
            },
            revision: row.revision,
            created_at: row.created_at,
            disabled_at: row.disabled_at,
        })
    }
}

/// Reads tenants. Every column by its name: a `*` in a prepared statement fails once a later version adds
/// a column, while replicas of this one still run.
macro_rules! select_tenants {
    ($which:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            TenantRow,
            "SELECT id, name, language, time_zone, meeting_url, early_open_s, grace_s, max_duration_s,
                    max_occupants, answer_token, moderators, when_live_elsewhere, unscheduled, unscheduled_pattern,
                    unscheduled_duration_s, unscheduled_lobby, unscheduled_max_occupants, capacity,
                    horizon_days, revision, created_at, disabled_at
             FROM tenants " + $which
            $(, $argument)*
        )
    };
}

/// The tenant of that name.
///
/// # Errors
/// Where the database fails.
pub async fn by_name(db: &mut PgConnection, name: &TenantName) -> Result<Option<Tenant>, StoreError> {
    let row = select_tenants!("WHERE name = $1", name.as_str()).fetch_optional(db).await?;
    row.map(Tenant::try_from).transpose()
}

/// The tenant of that id.
///
/// # Errors
/// Where the database fails.
pub async fn by_id(db: &mut PgConnection, id: TenantId) -> Result<Option<Tenant>, StoreError> {
    let row = select_tenants!("WHERE id = $1", Uuid::from(id)).fetch_optional(db).await?;
    row.map(Tenant::try_from).transpose()
}

/// The tenants of those ids, as they lie in the table: who asks for many can still read the others where one can't be read.
pub(super) async fn rows(db: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<TenantRow>, StoreError> {
    Ok(select_tenants!("WHERE id = ANY($1)", ids).fetch_all(db).await?)
}

/// The tenant of that name, which nobody changes until the transaction ends.
///
/// # Errors
/// Where the database fails.
pub async fn by_name_for_share(
    db: &mut PgConnection,
    name: &TenantName,
) -> Result<Option<Tenant>, StoreError> {
    let row = select_tenants!("WHERE name = $1 FOR SHARE", name.as_str()).fetch_optional(db).await?;
    row.map(Tenant::try_from).transpose()
}

/// The tenant of that name, for this transaction to change.
///
/// # Errors
/// Where the database fails.
pub async fn by_name_for_update(
    db: &mut PgConnection,
    name: &TenantName,
) -> Result<Option<Tenant>, StoreError> {
    let row = select_tenants!("WHERE name = $1 FOR NO KEY UPDATE", name.as_str()).fetch_optional(db).await?;
    row.map(Tenant::try_from).transpose()
}

/// The tenant of that name, for this transaction to remove: nobody may refer to it any more, either.
///
/// # Errors
/// Where the database fails.
pub async fn by_name_for_removal(
    db: &mut PgConnection,
    name: &TenantName,
) -> Result<Option<Tenant>, StoreError> {
    let row = select_tenants!("WHERE name = $1 FOR UPDATE", name.as_str()).fetch_optional(db).await?;
    row.map(Tenant::try_from).transpose()
}

/// All tenants, by name; without the doctor's own.
///
/// # Errors
/// Where the database fails.
pub async fn list(db: &mut PgConnection) -> Result<Vec<Tenant>, StoreError> {
    let rows = select_tenants!("WHERE NOT starts_with(name, $1) ORDER BY name", TenantName::RESERVED)
        .fetch_all(db)
        .await?;
    rows.into_iter().map(Tenant::try_from).collect()
}

/// Tenants by the order in which they were added, at most `limit`: those that come after that one. Without the
/// doctor's own.
///
/// # Errors
/// Where the database fails.
pub async fn page(
    db: &mut PgConnection,
    after: Option<TenantId>,
    limit: i64,
) -> Result<Vec<Tenant>, StoreError> {
    let rows = select_tenants!(
        "WHERE NOT starts_with(name, $1) AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        TenantName::RESERVED,
        after.map(Uuid::from),
        limit
    );
    rows.fetch_all(db).await?.into_iter().map(Tenant::try_from).collect()
}

/// Adds a tenant. `false` where there is one of that name.
///
/// # Errors
/// Where the database fails.
pub async fn insert(db: &mut PgConnection, tenant: &Tenant) -> Result<bool, StoreError> {
    let policy = &tenant.policy;
    let inserted = sqlx::query!(
        "INSERT INTO tenants (id, name, language, time_zone, early_open_s, grace_s, max_duration_s, max_occupants,
                              moderators, when_live_elsewhere, unscheduled, unscheduled_pattern,
                              unscheduled_duration_s, unscheduled_lobby, unscheduled_max_occupants, capacity,
                              horizon_days, revision, created_at, disabled_at, meeting_url, answer_token)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                 $21, $22)
         ON CONFLICT (name) DO NOTHING",
        Uuid::from(tenant.id),
        tenant.name.as_str(),
        <&str>::from(policy.language),
        policy.time_zone.name(),
        to_seconds(policy.early_open),
        to_seconds(policy.grace),
        policy.max_duration.map(to_seconds),
        policy.max_occupants.map(to_count),
        <&str>::from(policy.moderators),
        <&str>::from(policy.when_live_elsewhere),
        unscheduled(policy),
        policy.unscheduled.pattern.as_ref().map(RoomPattern::as_str),
        to_seconds(policy.unscheduled.duration),
        policy.unscheduled.lobby,
        policy.unscheduled.max_occupants.map(to_count),
        policy.capacity.map(to_count),
        to_days(policy.horizon),
        tenant.revision,
        tenant.created_at,
        tenant.disabled_at,
        policy.meeting_url.as_ref().map(BaseUrl::as_str),
        policy.answer_token,
    )
    .execute(db)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Writes the policy, and whether the tenant is disabled, at the tenant's revision.
///
/// # Errors
/// Where the database fails.
pub async fn update(db: &mut PgConnection, tenant: &Tenant) -> Result<(), StoreError> {
    let policy = &tenant.policy;
    sqlx::query!(
        "UPDATE tenants
         SET language = $2, time_zone = $3, early_open_s = $4, grace_s = $5, max_duration_s = $6,
             max_occupants = $7, moderators = $8, when_live_elsewhere = $9, unscheduled = $10,
             unscheduled_pattern = $11, unscheduled_duration_s = $12, unscheduled_lobby = $13,
             unscheduled_max_occupants = $14, capacity = $15, horizon_days = $16, revision = $17,
             disabled_at = $18, meeting_url = $19, answer_token = $20
         WHERE id = $1",
        Uuid::from(tenant.id),
        <&str>::from(policy.language),
        policy.time_zone.name(),
        to_seconds(policy.early_open),
        to_seconds(policy.grace),
        policy.max_duration.map(to_seconds),
        policy.max_occupants.map(to_count),
        <&str>::from(policy.moderators),
        <&str>::from(policy.when_live_elsewhere),
        unscheduled(policy),
        policy.unscheduled.pattern.as_ref().map(RoomPattern::as_str),
        to_seconds(policy.unscheduled.duration),
        policy.unscheduled.lobby,
        policy.unscheduled.max_occupants.map(to_count),
        policy.capacity.map(to_count),
        to_days(policy.horizon),
        tenant.revision,
        tenant.disabled_at,
        policy.meeting_url.as_ref().map(BaseUrl::as_str),
        policy.answer_token,
    )
    .execute(db)
    .await?;
    Ok(())
}

fn unscheduled(policy: &Policy) -> &'static str {
    if policy.unscheduled.allow { "allow" } else { "refuse" }
}

fn to_days(horizon: TimeDelta) -> i32 {
    i32::try_from(horizon.num_days()).unwrap_or(i32::MAX)
}
