//! Make a room that is open by its very name. The room is stored nowhere.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::passwords::{KeysError, share_keys};
use crate::app::App;
use crate::credential::NoRandomness;
use crate::reservation::{InstantRoom, InstantRoomError, RoomName, TenantId};

/// Why there is no room.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// No name can say when it opens and closes.
    #[error(transparent)]
    Window(#[from] InstantRoomError),
    /// The system has no random numbers.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// Other replicas have other master keys, and would not know the room.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// A new room of the tenant that nobody guesses, open from `opens` for `length`, with its window.
/// The first master key makes it, and is noted, so that every replica has it.
///
/// # Errors
/// Where no name can say that, the system has no random numbers, or the database fails.
pub async fn instant_room(
    app: &App,
    db: &mut PgConnection,
    tenant: TenantId,
    opens: DateTime<Utc>,
    length: TimeDelta,
) -> Result<(RoomName, InstantRoom), MakeError> {
    let room = InstantRoom::new(opens, length)?;
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(NoRandomness::from)?;
    share_keys(db, &app.keys).await?;
    let name = room.name(&app.keys, tenant, random);
    Ok((name.as_str().parse().expect("letters and digits are a room's name"), room))
}
