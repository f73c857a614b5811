//! How a grant becomes a conference, for several grants at once, in one statement.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::columns::to_count;
use crate::reservation::{Basis, ConferenceId, Grant, MailOwner, Node, ServerId};

/// A grant that is to become a conference.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// The id that the conference gets.
    pub id: ConferenceId,
    /// The name as the server wrote it.
    pub node: &'a Node,
    /// The server that asked.
    pub server: ServerId,
    /// Who entered first.
    pub mail_owner: &'a MailOwner,
    /// What was decided.
    pub grant: &'a Grant,
}

/// Makes conferences of the grants that still hold, and gives their ids. A grant that is missing
/// lost a race, against a cancellation, a change or another server: read again and decide again.
///
/// Each step feeds the next, because PostgreSQL runs steps that don't in any order: what still
/// holds, the old rows closed for it, the new rows. The arbiter is the unique index on open rows.
/// The occurrence is locked, so that a cancellation that commits first wins, and one that comes
/// later waits and then finds the conference. The sealed password is copied from the occurrence's row: it
/// may have been sealed anew since the read, which is no change and leaves the revision as it was.
///
/// # Errors
/// Where the database fails; then nothing was claimed.
pub async fn claim(db: &mut PgConnection, claims: &[Claim<'_>]) -> Result<Vec<ConferenceId>, StoreError> {
    let column = |of: fn(&Claim<'_>) -> Uuid| claims.iter().map(of).collect::<Vec<_>>();
    let text = |of: fn(&Claim<'_>) -> String| claims.iter().map(of).collect::<Vec<_>>();
    let time = |of: fn(&Claim<'_>) -> DateTime<Utc>| claims.iter().map(of).collect::<Vec<_>>();
    let bases: Vec<_> = claims
        .iter()
        .map(|claim| match claim.grant.basis {
            Basis::Occurrence { id, revision, starts } => Some((id, revision, starts)),
            Basis::Instant | Basis::Unscheduled => None,
        })
        .collect();
    let appointments: Vec<_> = bases.iter().map(|b| b.map(|(id, _, _)| Uuid::from(id.appointment))).collect();
    let originals: Vec<_> = bases.iter().map(|b| b.map(|(id, _, _)| id.original_start)).collect();
    let revisions: Vec<_> = bases.iter().map(|b| b.map(|(_, revision, _)| revision)).collect();
    let starts: Vec<_> = bases.iter().map(|b| b.map(|(_, _, starts)| starts)).collect();
    let replaced: Vec<_> = claims.iter().map(|c| c.grant.replaces.map(|r| Uuid::from(r.id))).collect();
    let reasons: Vec<_> = claims.iter().map(|c| c.grant.replaces.map(|r| r.reason.to_string())).collect();

    let ids = sqlx::query_scalar!(
        r#"
        WITH asked AS (
            SELECT * FROM unnest(
                $1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::uuid[],
                $9::timestamptz[], $10::bigint[], $11::timestamptz[], $12::timestamptz[], $13::integer[],
                $14::boolean[], $15::uuid[], $16::text[], $17::timestamptz[], $18::boolean[], $19::boolean[]
            ) AS asked (
                tenant_id, tenant_revision, id, room, node, server_id, mail_owner, appointment_id,
                original_start, revision, opened_at, ends_at, max_occupants,
                lobby, replaces, replaces_reason, booked_start, usual, answer_token
            )
        ), admitted AS (
            SELECT asked.* FROM asked
            JOIN tenants t ON t.id = asked.tenant_id AND t.revision = asked.tenant_revision
        ), booked AS MATERIALIZED (
            -- Each date is found by its key and locked, in one order for everybody. Whether it was cancelled is asked of
            -- what was locked: among those that were not, an index has them all, which a plan of an empty table would read.
            SELECT ordered.*, o.password
            FROM (SELECT * FROM admitted ORDER BY tenant_id, room) ordered
            CROSS JOIN LATERAL (
                SELECT b.password, b.cancelled_at FROM occurrences b
                WHERE b.tenant_id = ordered.tenant_id AND b.appointment_id = ordered.appointment_id
                  AND b.original_start = ordered.original_start AND b.revision = ordered.revision
                OFFSET 0 FOR SHARE
            ) o
            WHERE o.cancelled_at IS NULL
        ), holding AS (
            SELECT * FROM booked
            UNION ALL
            SELECT admitted.*, NULL FROM admitted
            WHERE admitted.appointment_id IS NULL AND NOT EXISTS (
                SELECT FROM occurrences o
                WHERE o.tenant_id = admitted.tenant_id AND o.room = admitted.room AND o.cancelled_at IS NULL
                  AND o.starts < admitted.ends_at AND (o.ends IS NULL OR o.ends > admitted.opened_at)
                -- Asked for each by itself: joined, a plan of an empty table would read all dates for each.
                OFFSET 0
            )
        ), closed AS (
            UPDATE conferences c SET closed_at = holding.opened_at, close_reason = holding.replaces_reason
            FROM holding
            -- Of an open row, too, there is no reason. Said so, it is found by its key, and not among all open rows,
            -- which the planner believes to be few.
            WHERE c.tenant_id = holding.tenant_id AND c.id = holding.replaces AND c.close_reason IS NULL
            RETURNING c.tenant_id, c.id
        ), ready AS (
            SELECT * FROM holding WHERE holding.replaces IS NULL
            UNION ALL
            SELECT holding.* FROM holding
            JOIN closed ON closed.tenant_id = holding.tenant_id AND closed.id = holding.replaces
        )
        INSERT INTO conferences (tenant_id, id, room, node, server_id, mail_owner, usual, appointment_id,
                                 original_start, booked_start, opened_at, ends_at, max_occupants, lobby, password,
                                 answer_token)
        SELECT tenant_id, id, room, node, server_id, mail_owner, usual, appointment_id,
               original_start, booked_start, opened_at, ends_at, max_occupants, lobby, password, answer_token
        FROM ready
        ORDER BY tenant_id, room
        ON CONFLICT (tenant_id, room) WHERE closed_at IS NULL DO NOTHING
        RETURNING id
        "#,
        &column(|c| c.grant.tenant.into()),
        &claims.iter().map(|c| c.grant.tenant_revision).collect::<Vec<_>>(),
        &column(|c| c.id.into()),
        &text(|c| c.grant.room.as_str().to_owned()),
        &text(|c| c.node.as_str().to_owned()),
        &column(|c| c.server.into()),
        &text(|c| c.mail_owner.as_str().to_owned()),
        &appointments as &[Option<Uuid>],
        &originals as &[Option<DateTime<Utc>>],
        &revisions as &[Option<i64>],
        &time(|c| c.grant.opened_at),
        &time(|c| c.grant.ends_at),
        &claims.iter().map(|c| c.grant.options.max_occupants.map(to_count)).collect::<Vec<_>>() as &[Option<i32>],
        &claims.iter().map(|c| c.grant.options.lobby).collect::<Vec<_>>(),
        &replaced as &[Option<Uuid>],
        &reasons as &[Option<String>],
        &starts as &[Option<DateTime<Utc>>],
        &claims.iter().map(|c| c.node.is_usual()).collect::<Vec<_>>(),
        &claims.iter().map(|c| c.grant.answer_token).collect::<Vec<_>>(),
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(ConferenceId::from).collect())
}
