//! Tidying up: nothing depends on it, but lists and tables would grow.

use chrono::TimeDelta;
use sqlx::PgConnection;

use crate::app::App;
use crate::config::RetentionConfig;
use crate::store::{StoreError, conferences, idempotency, join_guesses, refusals, token_revocations};

/// How long an answer is kept for whoever sends its request again.
const ANSWERS: TimeDelta = TimeDelta::hours(24);

/// How long it is remembered where codes of join links came from that there are not.
const GUESSED: TimeDelta = TimeDelta::hours(1);

/// How many rows a statement touches at the most, so that it holds no lock for long.
const BATCH: i64 = 1000;

/// What was tidied up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Conferences closed because their time was over.
    pub expired: u64,
    /// Old conferences, refusals and idempotent answers deleted, and revocations of tokens that have expired.
    pub purged: u64,
}

/// Closes conferences whose time is over, and deletes what is older than its retention. Several
/// replicas may do so at once.
///
/// # Errors
/// Where the database fails; what was done until then stays done.
pub async fn sweep(app: &App, retention: RetentionConfig) -> Result<Swept, StoreError> {
    let now = app.clock.now();
    let before = |kept: std::time::Duration| {
        let kept = TimeDelta::from_std(kept).unwrap_or(TimeDelta::MAX);
        now.checked_sub_signed(kept)
    };
    let mut db = app.db.acquire().await?;
    let mut swept = Swept {
        expired: in_batches(&mut db, async |db| conferences::expire(db, now, BATCH).await).await?,
        purged: 0,
    };
    if let Some(until) = before(retention.conferences) {
        swept.purged += in_batches(&mut db, async |db| conferences::purge(db, until, BATCH).await).await?;
    }
    if let Some(until) = before(retention.refusals) {
        swept.purged += in_batches(&mut db, async |db| refusals::purge(db, until, BATCH).await).await?;
    }
    let until = now - ANSWERS;
    swept.purged += in_batches(&mut db, async |db| idempotency::purge(db, until, BATCH).await).await?;
    let until = now - GUESSED;
    swept.purged += in_batches(&mut db, async |db| join_guesses::purge(db, until, BATCH).await).await?;
    swept.purged += in_batches(&mut db, async |db| token_revocations::purge(db, now, BATCH).await).await?;
    Ok(swept)
}

async fn in_batches(
    db: &mut PgConnection,
    mut batch: impl AsyncFnMut(&mut PgConnection) -> Result<u64, StoreError>,
) -> Result<u64, StoreError> {
    let mut total = 0;
    loop {
        let done = batch(db).await?;
        total += done;
        if done < BATCH.unsigned_abs() {
            return Ok(total);
        }
    }
}
