//! Conferences whose rows are open, by their ids.

use sqlx::PgConnection;
use uuid::Uuid;

use super::ConferenceRow;
use crate::store::StoreError;

/// An open conference as it lies in the table, and whether the booking that it was granted for is still there, at the same time.
pub(in crate::store) struct OpenConference {
    pub row: ConferenceRow,
    pub is_booked: bool,
}

/// Those of the conferences that are open still.
pub(in crate::store) async fn open(
    db: &mut PgConnection,
    tenants: &[Uuid],
    ids: &[Uuid],
) -> Result<Vec<OpenConference>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT c.tenant_id, c.id, c.room, c.node, c.server_id, s.state, c.mail_owner, c.appointment_id,
                  c.original_start, c.opened_at, c.ends_at, c.answer_token, c.max_occupants, c.lobby, c.password,
                  EXISTS (
                      SELECT FROM occurrences b
                      WHERE b.tenant_id = c.tenant_id AND b.appointment_id = c.appointment_id
                        AND b.original_start = c.original_start AND b.starts = c.booked_start AND b.room = c.room
                        AND b.cancelled_at IS NULL
                  ) AS "is_booked!"
           FROM unnest($1::uuid[], $2::uuid[]) AS live (tenant_id, id)
           -- Of an open row, too, there is no reason. Said so, it is found by its key, and not among all open rows.
           JOIN conferences c ON c.tenant_id = live.tenant_id AND c.id = live.id AND c.close_reason IS NULL
           JOIN conference_servers s ON s.id = c.server_id"#,
        tenants,
        ids,
    )
    .fetch_all(db)
    .await?;
    let conferences = rows.into_iter().map(|row| OpenConference {
        is_booked: row.is_booked,
        row: ConferenceRow {
            tenant_id: row.tenant_id,
            id: row.id,
            room: row.room,
            node: row.node,
            server_id: row.server_id,
            server_state: row.state,
            mail_owner: row.mail_owner,
            appointment_id: row.appointment_id,
            original_start: row.original_start,
            opened_at: row.opened_at,
            ends_at: row.ends_at,
            answer_token: row.answer_token,
            max_occupants: row.max_occupants,
            lobby: row.lobby,
            password: row.password,
        },
    });
    Ok(conferences.collect())
}
