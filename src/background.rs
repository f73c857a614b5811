//! What runs beside the requests: the sweeper and the gauges.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::actions::sweep::sweep;
use crate::app::App;
use crate::config::RetentionConfig;
use crate::store::{StoreError, conferences};

/// How often is tidied up.
const PERIOD: Duration = Duration::from_secs(10);

/// How long one turn may take: a connection may have gone silent.
const PATIENCE: Duration = Duration::from_mins(1);

/// Tidies up and sets the gauges, until it is dropped. While the database is away, it tries again
/// at the next turn.
pub async fn run(app: &App, retention: RetentionConfig) {
    let mut turns = interval(PERIOD);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        let turn = timeout(PATIENCE, turn(app, retention)).await;
        match turn.unwrap_or(Err(StoreError::Database(sqlx::Error::PoolTimedOut))) {
            Ok(()) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "could not tidy up");
            }
        }
    }
}

async fn turn(app: &App, retention: RetentionConfig) -> Result<(), StoreError> {
    let swept = sweep(app, retention).await?;
    if swept.expired + swept.purged > 0 {
        tracing::info!(expired = swept.expired, purged = swept.purged, "tidied up");
    }
    let live = conferences::count_live(&mut *app.db.acquire().await?, app.clock.now()).await?;
    app.metrics.live_conferences.set(live);
    Ok(())
}
