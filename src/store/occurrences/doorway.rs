//! The dates that somebody may have meant who comes by a join link, and that do not take place.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::dates::{DateRow, select_dates};
use crate::reservation::{AppointmentId, BookedDate, TenantId};
use crate::store::StoreError;

/// The first cancelled date of an appointment that would not be over.
///
/// # Errors
/// Where the database fails.
pub async fn next_cancelled(
    db: &mut PgConnection,
    tenant: TenantId,
    appointment: AppointmentId,
    now: DateTime<Utc>,
) -> Result<Option<BookedDate>, StoreError> {
    let row = select_dates!(
        "WHERE o.tenant_id = $1 AND o.appointment_id = $2 AND o.cancelled_at IS NOT NULL
           AND (o.ends IS NULL OR o.ends > $3)
         -- By no index: that would be a walk through the dates of the whole tenant.
         ORDER BY o.starts + interval '0' LIMIT 1",
        Uuid::from(tenant),
        Uuid::from(appointment),
        now,
    );
    row.fetch_optional(db).await?.map(BookedDate::try_from).transpose()
}

/// The last date of an appointment, cancelled or not.
///
/// # Errors
/// Where the database fails.
pub async fn last(
    db: &mut PgConnection,
    tenant: TenantId,
    appointment: AppointmentId,
) -> Result<Option<BookedDate>, StoreError> {
    let row = select_dates!(
        "WHERE o.tenant_id = $1 AND o.appointment_id = $2 ORDER BY o.starts + interval '0' DESC LIMIT 1",
        Uuid::from(tenant),
        Uuid::from(appointment),
    );
    row.fetch_optional(db).await?.map(BookedDate::try_from).transpose()
}
