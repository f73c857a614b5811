//! How far the dates of series are placed.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{AppointmentRow, select_appointments};
use crate::reservation::{Appointment, AppointmentId, RoomKey, TenantId, TenantName};
use crate::store::StoreError;
use crate::store::columns::parse;

/// The tenants with series whose dates do not reach their horizon.
///
/// # Errors
/// Where the database fails.
pub async fn expandable(db: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<TenantName>, StoreError> {
    let names = sqlx::query_scalar!(
        "SELECT t.name FROM tenants t WHERE EXISTS (
             SELECT FROM appointments a
             WHERE a.tenant_id = t.id AND a.expanded_until < $1::timestamptz + make_interval(days => t.horizon_days))",
        now,
    )
    .fetch_all(db)
    .await?;
    names.iter().map(|name| parse("name", name)).collect()
}

/// Series of the tenant that are placed until before that moment, for this transaction to place further: the oldest
/// booking first, without those that another transaction works on. Their participants are left out.
///
/// # Errors
/// Where the database fails.
pub async fn to_expand(
    db: &mut PgConnection,
    tenant: TenantId,
    until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Appointment>, StoreError> {
    let rows = select_appointments!(
        "WHERE a.tenant_id = $1 AND a.expanded_until < $2 ORDER BY a.expanded_until, a.id LIMIT $3
         FOR NO KEY UPDATE SKIP LOCKED",
        Uuid::from(tenant),
        until,
        limit,
    );
    rows.fetch_all(db).await?.into_iter().map(Appointment::try_from).collect()
}

/// Notes how far series are placed now; `None` where all their dates are.
///
/// # Errors
/// Where the database fails.
pub async fn expanded(
    db: &mut PgConnection,
    tenant: TenantId,
    series: &[(AppointmentId, Option<DateTime<Utc>>)],
) -> Result<(), StoreError> {
    let (ids, untils): (Vec<Uuid>, Vec<Option<DateTime<Utc>>>) =
        series.iter().map(|(id, until)| (Uuid::from(*id), *until)).unzip();
    sqlx::query!(
        "UPDATE appointments a SET expanded_until = s.until
         FROM unnest($2::uuid[], $3::timestamptz[]) AS s (id, until)
         WHERE a.tenant_id = $1 AND a.id = s.id",
        Uuid::from(tenant),
        &ids,
        &untils as &[Option<DateTime<Utc>>],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The series in the room whose dates are not all placed that start before `until` (for all times, where it is
/// `None`). Their participants are left out.
///
/// # Errors
/// Where the database fails.
pub async fn in_room_beyond(
    db: &mut PgConnection,
    tenant: TenantId,
    room: &RoomKey,
    until: Option<DateTime<Utc>>,
) -> Result<Vec<Appointment>, StoreError> {
    let rows = select_appointments!(
        "WHERE a.tenant_id = $1 AND a.room = $2 AND a.expanded_until < COALESCE($3, 'infinity'::timestamptz)
         ORDER BY a.id",
        Uuid::from(tenant),
        room.as_str(),
        until,
    );
    rows.fetch_all(db).await?.into_iter().map(Appointment::try_from).collect()
}
