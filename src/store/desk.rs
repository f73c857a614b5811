//! Everything that a decision is made from, for several asks at once.
//!
//! One statement reads what is different for each ask. Who may ask for what, and what is settled for a tenant, is read again only
//! where somebody changed it, and a conference only where one is open. Each statement sees the database at a moment of its own, so
//! what they saw is read again where it does not belong together.

mod row;
mod standing;

use std::collections::{HashMap, HashSet};
use std::slice;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;
use uuid::Uuid;

use self::row::{Ask, DeskRow};
use self::standing::Standing;
use super::StoreError;
use super::conferences::{OpenConference, open};
use crate::credential::CredentialHash;
use crate::reservation::wording::Language;
use crate::reservation::{Conference, RoomKey, ServerId, Situation, TenantName};

pub use self::standing::Standings;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asker {
    /// The server that owns this credential.
    Credential(CredentialHash),
    /// This server. For dry runs: whoever calls has to know who is asking.
    Server(ServerId),
}

/// What to look up.
#[derive(Debug, Clone)]
pub struct LookUp<'a> {
    /// Who asks.
    pub asker: Asker,
    /// The tenant that the node names; `None` for the server's default one.
    pub tenant: Option<&'a TenantName>,
    /// The room; `None` looks at no room.
    pub room: Option<&'a RoomKey>,
}

/// What was found, and how to speak to the server.
#[derive(Debug, Clone)]
pub struct Found {
    /// What the decision is made from.
    pub situation: Situation,
    /// The language of the tenant, or else of the server's default one.
    pub language: Language,
    /// The time zone, likewise.
    pub time_zone: Tz,
}

/// How often what changed meanwhile is read.
const ROUNDS: usize = 3;

/// Reads what one look-up needs; `None` where nobody known asks.
///
/// # Errors
/// Where the database fails, something can't be read, or it changes time and again.
pub async fn read_one(
    db: &mut PgConnection,
    standings: &Standings,
    look_up: &LookUp<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Found>, StoreError> {
    read(db, standings, slice::from_ref(look_up), now).await?.pop().unwrap_or(Ok(None))
}

/// Reads what each look-up needs, in the same order; `None` where nobody known asks. What can't be read about one, or changes time
/// and again, fails that one alone.
///
/// # Errors
/// Where the database fails.
pub async fn read(
    db: &mut PgConnection,
    standings: &Standings,
    look_ups: &[LookUp<'_>],
    now: DateTime<Utc>,
) -> Result<Vec<Result<Option<Found>, StoreError>>, StoreError> {
    let mut found: Vec<_> = look_ups.iter().map(|_| Err(StoreError::Outdated)).collect();
    for round in 0..ROUNDS {
        let open: Vec<_> =
            (0..found.len()).filter(|place| matches!(found[*place], Err(StoreError::Outdated))).collect();
        if open.is_empty() {
            break;
        }
        let mut asks = Vec::with_capacity(open.len());
        let mut unknown = Vec::new();
        for place in open {
            let look_up = &look_ups[place];
            match standings.of(look_up).filter(|_| round == 0) {
                Some(standing) => asks.push(Ask { place, standing, room: look_up.room }),
                None => unknown.push(place),
            }
        }
        if !unknown.is_empty() {
            let unknown_look_ups: Vec<_> = unknown.iter().map(|place| &look_ups[*place]).collect();
            for (place, standing) in unknown.into_iter().zip(standings.read(db, &unknown_look_ups).await?) {
                match standing {
                    Ok(Some(standing)) => asks.push(Ask { place, standing, room: look_ups[place].room }),
                    Ok(None) => found[place] = Ok(None),
                    Err(error) => found[place] = Err(error),
                }
            }
        }
        if !asks.is_empty() {
            let mut rows = row::read(db, &asks, now).await?;
            rows.sort_unstable_by_key(|row| (row.ord, row.starts));
            let live = read_live(db, &asks, &rows).await?;
            for rows in rows.chunk_by(|one, next| one.ord == next.ord) {
                if let Some(ask) = ask_of(&asks, &rows[0]) {
                    found[ask.place] = assemble(&ask.standing, rows, &live, now).map(Some);
                }
            }
        }
    }
    Ok(found)
}

fn ask_of<'a, 'b>(asks: &'a [Ask<'b>], row: &DeskRow) -> Option<&'a Ask<'b>> {
    place(row.ord).and_then(|place| asks.get(place))
}

/// Where in the list it was, by the ordinality that PostgreSQL gave it, which begins with 1.
fn place(ordinality: i64) -> Option<usize> {
    usize::try_from(ordinality).ok()?.checked_sub(1)
}

/// By tenant and id: each conference that is open, and whether the booking that it was granted for is still there; or in which of its
/// columns there is something that can't be.
type Live = HashMap<(Uuid, Uuid), Result<(Conference, bool), &'static str>>;

async fn read_live(db: &mut PgConnection, asks: &[Ask<'_>], rows: &[DeskRow]) -> Result<Live, StoreError> {
    let wanted: HashSet<_> = rows
        .iter()
        .filter_map(|row| Some((Uuid::from(ask_of(asks, row)?.standing.tenant()?.id), row.live_id?)))
        .collect();
    let mut live = HashMap::new();
    if !wanted.is_empty() {
        let (tenants, ids): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
        for OpenConference { row, is_booked } in open(db, &tenants, &ids).await? {
            let place = (row.tenant_id, row.id);
            let conference = match Conference::try_from(row) {
                Ok(conference) => Ok((conference, is_booked)),
                Err(StoreError::Unreadable { column }) => Err(column),
                Err(error) => return Err(error),
            };
            live.insert(place, conference);
        }
    }
    Ok(live)
}

/// What was found for an ask: one row for each date of its room, or one without.
fn assemble(
    standing: &Standing,
    rows: &[DeskRow],
    live: &Live,
    now: DateTime<Utc>,
) -> Result<Found, StoreError> {
    let row = &rows[0];
    // What else was read follows from it: whose room it is, and whether conferences are counted.
    if row.desk_revision != Some(standing.revision) {
        return Err(StoreError::Outdated);
    }
    let policy = &standing.speaker.policy;
    let live = match standing.tenant().zip(row.live_id) {
        None => None,
        Some((tenant, id)) => match live.get(&(tenant.id.into(), id)) {
            None => return Err(StoreError::Outdated),
            Some(Err(column)) => return Err(StoreError::Unreadable { column }),
            Some(Ok(live)) => Some(live),
        },
    };
    Ok(Found {
        situation: Situation {
            server: standing.server,
            tenant: standing.tenant().cloned(),
            served: standing.served,
            near: row::near(rows, policy, now)?,
            default_tenant: standing.default_tenant,
            live: live.map(|(conference, _)| conference.clone()),
            live_is_booked: live.is_some_and(|(_, is_booked)| *is_booked),
            live_count: row.live_count.unwrap_or(0).try_into().unwrap_or(u32::MAX),
        },
        language: policy.language,
        time_zone: policy.time_zone,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::reservation::{Options, Policy, Server, ServerId, ServerState, Tenant, TenantId};

    /// How a server stands to a tenant, and a row of an ask of a room that is open.
    fn asked(live: &mut Live) -> (Standing, DeskRow) {
        let now = DateTime::UNIX_EPOCH;
        let (tenant, id, revision) = (TenantId::new(), Uuid::now_v7(), Uuid::now_v7());
        let server = Server { id: ServerId::new(), state: ServerState::Active };
        let speaker = Tenant {
            id: tenant,
            name: "acme".parse().unwrap(),
            policy: Policy::default(),
            revision: 1,
            created_at: now,
            disabled_at: None,
        };
        let conference = Conference {
            tenant,
            id: id.into(),
            room: "room".parse().unwrap(),
            node: "room".parse().unwrap(),
            server,
            mail_owner: "me@meet.test".parse().unwrap(),
            occurrence: None,
            opened_at: now,
            ends_at: now,
            answer_token: false,
            options: Options::default(),
        };
        live.insert((tenant.into(), id), Ok((conference, true)));
        let speaker = Arc::new(speaker);
        let standing =
            Standing { revision, server, default_tenant: tenant, speaker, is_there: true, served: true };
        (standing, DeskRow { ord: 1, desk_revision: Some(revision), live_id: Some(id), ..DeskRow::default() })
    }

    #[test]
    fn what_was_read_at_different_moments_is_taken_only_where_it_belongs_together() {
        let read = |change: fn(&mut Live, &mut DeskRow)| {
            let mut live = Live::new();
            let (standing, mut row) = asked(&mut live);
            change(&mut live, &mut row);
            assemble(&standing, &[row], &live, DateTime::UNIX_EPOCH)
        };
        let found = read(|_, _| {}).unwrap().situation;
        assert!(found.tenant.is_some() && found.live.is_some() && found.live_is_booked);
        let outdated: [fn(&mut Live, &mut DeskRow); 3] = [
            |_, row| row.desk_revision = Some(Uuid::now_v7()),
            |_, row| row.desk_revision = None,
            |live, _| live.clear(),
        ];
        for change in outdated {
            let read = read(change);
            assert!(matches!(read, Err(StoreError::Outdated)), "{read:?}");
        }
    }
}
