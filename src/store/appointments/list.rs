//! Lists of appointments.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{AppointmentRow, select_appointments};
use crate::reservation::{Appointment, AppointmentState, ExternalId, RoomKey, TenantId};
use crate::store::{Cursor, StoreError, participants};

/// Which appointments to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only in this room.
    pub room: Option<RoomKey>,
    /// Only those that end after this: a series, the end of its last date.
    pub from: Option<DateTime<Utc>>,
    /// Only those that start before this: a series, the start of its first date.
    pub until: Option<DateTime<Utc>>,
    /// Only those with this external id, of whichever app.
    pub external_id: Option<ExternalId>,
    /// Only those with a host who has this e-mail address or external id.
    pub host: Option<String>,
    /// Only those in one of these states; `None` for all that are not cancelled.
    pub states: Option<Vec<AppointmentState>>,
}

impl Filter {
    /// The range in which everything lies that it lets through.
    fn bounds(&self, now: DateTime<Utc>) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        use AppointmentState::{Ongoing, Past, Upcoming};
        let only = |few: [AppointmentState; 2]| {
            self.states.as_ref().is_some_and(|states| states.iter().all(|state| few.contains(state)))
        };
        let from = if only([Upcoming, Ongoing]) { self.from.max(Some(now)) } else { self.from };
        let just_after = now + TimeDelta::milliseconds(1);
        let until = if only([Past, Ongoing]) {
            Some(self.until.map_or(just_after, |until| until.min(just_after)))
        } else {
            self.until
        };
        (from, until)
    }
}

/// When the first and the last of those start that take place at that moment, or go on around it.
///
/// The inner select is for itself, lest the planner reads all that ever was in the order of its start.
async fn starts_at(
    db: &mut PgConnection,
    tenant: TenantId,
    at: DateTime<Utc>,
) -> Result<(Option<DateTime<Utc>>, Option<DateTime<Utc>>), StoreError> {
    let starts = sqlx::query!(
        "SELECT min(starts) AS first, max(starts) AS last FROM (
             SELECT starts FROM appointments
             WHERE tenant_id = $1
               AND tstzrange(COALESCE(first_starts, starts), CASE WHEN first_starts IS NULL THEN ends ELSE last_ends END)
                   @> $2::timestamptz
             OFFSET 0) there",
        Uuid::from(tenant),
        at,
    )
    .fetch_one(db)
    .await?;
    Ok((starts.first, starts.last))
}

/// In which order.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    strum::EnumString,
    strum::FromRepr,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[repr(u8)]
#[strum(serialize_all = "snake_case")]
pub enum Order {
    /// By their start, the earliest first.
    #[default]
    Starts,
    /// By their start, the latest first.
    #[strum(serialize = "-starts")]
    StartsDescending,
    /// By when they were booked, the oldest first.
    CreatedAt,
    /// By when they were booked, the newest first.
    #[strum(serialize = "-created_at")]
    CreatedAtDescending,
}

impl Order {
    /// The place of the appointment in a list in this order.
    #[must_use]
    pub fn place(self, appointment: &Appointment) -> Cursor {
        let at = match self {
            Self::Starts | Self::StartsDescending => appointment.slot.starts(),
            Self::CreatedAt | Self::CreatedAtDescending => appointment.created_at,
        };
        Cursor { at, id: appointment.id.into() }
    }
}

/// A part of a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page {
    /// In which order.
    pub order: Order,
    /// What comes after this place; `None` for the beginning.
    pub after: Option<Cursor>,
    /// How many at the most.
    pub limit: i64,
}

/// The tenant's appointments that the filter lets through, as many as the page takes.
///
/// # Errors
/// Where the database fails.
pub async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    filter: &Filter,
    page: Page,
    now: DateTime<Utc>,
) -> Result<Vec<Appointment>, StoreError> {
    let states: Option<Vec<String>> = filter
        .states
        .as_ref()
        .map(|states| states.iter().map(|state| <&str>::from(*state).to_owned()).collect());
    let Page { order, after, limit } = page;
    let (from, until) = filter.bounds(now);
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        return Ok(Vec::new());
    }
    // Appointments are found by their start, so that nobody reads the whole past for what is to come. Those that reach
    // over an end of the range start somewhere else.
    let earliest = match from {
        Some(from) => starts_at(db, tenant, from).await?.0.min(Some(from)).or(Some(from)),
        None => None,
    };
    let latest = match until {
        Some(until) => starts_at(db, tenant, until).await?.1.max(Some(until)),
        None => None,
    };
    macro_rules! fetch {
        ($order:literal) => {
            select_appointments!(
                "WHERE a.tenant_id = $1
                   AND ($2::text IS NULL OR a.room = $2)
                   AND a.starts >= COALESCE($12::timestamptz, '-infinity') AND a.starts <= COALESCE($13::timestamptz, 'infinity')
                   AND tstzrange(COALESCE(a.first_starts, a.starts),
                                 CASE WHEN a.first_starts IS NULL THEN a.ends ELSE a.last_ends END)
                       && tstzrange($3::timestamptz, $4::timestamptz)
                   AND ($5::text IS NULL OR a.external_id = $5)
                   AND ($6::text IS NULL OR a.id IN (
                       SELECT p.appointment_id FROM participants p
                       WHERE p.tenant_id = $1 AND p.role = 'host'
                         AND (lower(p.email) = lower($6) OR p.external_id = $6)))
                   AND CASE WHEN $7::text[] IS NULL THEN a.cancelled_at IS NULL
                       ELSE CASE WHEN a.cancelled_at IS NOT NULL THEN 'cancelled'
                                 WHEN COALESCE(a.first_starts, a.starts) > $8 THEN 'upcoming'
                                 WHEN CASE WHEN a.first_starts IS NULL THEN a.ends ELSE a.last_ends END <= $8 THEN 'past'
                                 ELSE 'ongoing' END = ANY($7) END "
                    + $order
                    + " LIMIT $11",
                Uuid::from(tenant),
                filter.room.as_ref().map(RoomKey::as_str),
                from,
                until,
                filter.external_id.as_ref().map(ExternalId::as_str),
                filter.host,
                states.as_deref(),
                now,
                after.map(|cursor| cursor.at),
                after.map(|cursor| cursor.id),
                limit,
                earliest,
                latest,
            )
            .fetch_all(&mut *db)
            .await?
        };
    }
    let rows = match order {
        Order::Starts => {
            fetch!(
                "AND ($9::timestamptz IS NULL OR (a.starts, a.id) > ($9, $10::uuid)) ORDER BY a.starts, a.id"
            )
        }
        Order::StartsDescending => {
            fetch!(
                "AND ($9::timestamptz IS NULL OR (a.starts, a.id) < ($9, $10::uuid)) ORDER BY a.starts DESC, a.id DESC"
            )
        }
        Order::CreatedAt => {
            fetch!(
                "AND ($9::timestamptz IS NULL OR (a.created_at, a.id) > ($9, $10::uuid)) ORDER BY a.created_at, a.id"
            )
        }
        Order::CreatedAtDescending => {
            fetch!(
                "AND ($9::timestamptz IS NULL OR (a.created_at, a.id) < ($9, $10::uuid)) ORDER BY a.created_at DESC, a.id DESC"
            )
        }
    };
    let mut appointments: Vec<Appointment> =
        rows.into_iter().map(Appointment::try_from).collect::<Result<_, _>>()?;
    participants::add_to(db, &mut appointments).await?;
    Ok(appointments)
}
