//! Who is expected at appointments.

use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::columns::parse;
use crate::reservation::{Appointment, Email, ExternalId, Participant, PersonName, TenantId};

struct ParticipantRow {
    appointment_id: Uuid,
    id: Uuid,
    role: String,
    name: Option<String>,
    email: Option<String>,
    external_id: Option<String>,
}

impl TryFrom<ParticipantRow> for Participant {
    type Error = StoreError;

    fn try_from(row: ParticipantRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            role: parse("role", &row.role)?,
            name: row.name.map(|name| parse("name", &name)).transpose()?,
            email: row.email.map(|email| parse("email", &email)).transpose()?,
            external_id: row.external_id.map(|id| parse("external_id", &id)).transpose()?,
        })
    }
}

/// Fills in the participants of appointments of one tenant.
pub(super) async fn add_to(
    db: &mut PgConnection,
    appointments: &mut [Appointment],
) -> Result<(), StoreError> {
    let Some(tenant) = appointments.first().map(|appointment| appointment.tenant) else {
        return Ok(());
    };
    let ids: Vec<Uuid> = appointments.iter().map(|appointment| appointment.id.into()).collect();
    let rows = sqlx::query_as!(
        ParticipantRow,
        "SELECT appointment_id, id, role, name, email, external_id FROM participants
         WHERE tenant_id = $1 AND appointment_id = ANY($2) ORDER BY appointment_id, position",
        Uuid::from(tenant),
        &ids,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        let id = row.appointment_id.into();
        if let Some(appointment) = appointments.iter_mut().find(|appointment| appointment.id == id) {
            appointment.participants.push(row.try_into()?);
        }
    }
    Ok(())
}

/// Writes the participants of a new appointment.
pub(super) async fn insert(db: &mut PgConnection, appointment: &Appointment) -> Result<(), StoreError> {
    let all = &appointment.participants;
    if all.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = all.iter().map(|participant| participant.id.into()).collect();
    let roles: Vec<String> =
        all.iter().map(|participant| <&str>::from(participant.role).to_owned()).collect();
    let names: Vec<Option<&str>> =
        all.iter().map(|participant| participant.name.as_ref().map(PersonName::as_str)).collect();
    let emails: Vec<Option<&str>> =
        all.iter().map(|participant| participant.email.as_ref().map(Email::as_str)).collect();
    let external_ids: Vec<Option<&str>> =
        all.iter().map(|participant| participant.external_id.as_ref().map(ExternalId::as_str)).collect();
    sqlx::query!(
        "INSERT INTO participants (tenant_id, appointment_id, id, role, name, email, external_id, position)
         SELECT $1, $2, p.id, p.role, p.name, p.email, p.external_id, p.position
         FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[]) WITH ORDINALITY
              AS p (id, role, name, email, external_id, position)",
        Uuid::from(appointment.tenant),
        Uuid::from(appointment.id),
        &ids,
        &roles,
        &names as &[Option<&str>],
        &emails as &[Option<&str>],
        &external_ids as &[Option<&str>],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes the participants of a changed appointment in place of those that it had.
pub(super) async fn replace(db: &mut PgConnection, appointment: &Appointment) -> Result<(), StoreError> {
    remove(db, appointment.tenant, appointment.id.into()).await?;
    insert(db, appointment).await
}

async fn remove(db: &mut PgConnection, tenant: TenantId, appointment: Uuid) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM participants WHERE tenant_id = $1 AND appointment_id = $2",
        Uuid::from(tenant),
        appointment,
    )
    .execute(db)
    .await?;
    Ok(())
}
