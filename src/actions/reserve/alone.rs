//! One ask by itself: what the lane did not settle.

use std::slice;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tokio::time::Instant;

use super::verdict::{Asked, Settled, Verdict};
use crate::app::App;
use crate::database::desk::DeskError;
use crate::store::claim::claim;
use crate::store::desk::read_one;
use crate::store::{StoreError, conferences};

/// How often a claim may lose a race before we say that we can't answer.
pub(super) const ROUNDS: usize = 3;

/// Settles an ask, by the deadline.
///
/// # Errors
/// Where the database is away, or too slow.
pub(super) async fn alone(app: &App, asked: &Asked, deadline: Instant) -> Result<Settled, DeskError> {
    let now = app.clock.now();
    app.desk.run(deadline, async |db: &mut PgConnection| attempt(app, asked, db, now).await).await
}

/// The database's own failures are errors, and make for another attempt.
async fn attempt(
    app: &App,
    asked: &Asked,
    db: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Settled, StoreError> {
    for _ in 0..ROUNDS {
        let found = read_one(db, &app.standings, &asked.look_up(), now).await?;
        match asked.judge(app, found, now) {
            Verdict::Settled(settled) => return Ok(settled),
            Verdict::Close(outlived) => {
                conferences::close(db, outlived.tenant, outlived.closing, now).await?;
                return Ok(asked.closed(app, &outlived, now));
            }
            Verdict::Claim(candidate) => {
                let claimed = claim(db, slice::from_ref(&asked.claim(&candidate))).await?;
                if let Some(settled) = asked.claimed(app, *candidate, &claimed) {
                    return Ok(settled);
                }
            }
        }
    }
    Ok(Settled::Contended)
}
