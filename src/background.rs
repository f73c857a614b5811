//! What runs beside the requests: the sweeper and the gauges, and the horizon that moves on.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::actions::expand_series::{Expanded, expand_series};
use crate::actions::sweep::sweep;
use crate::app::App;
use crate::config::RetentionConfig;
use crate::store::{StoreError, conferences};

/// How often is tidied up.
const PERIOD: Duration = Duration::from_secs(10);

/// How long one turn may take: a connection may have gone silent.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often later dates of series are placed. There is a lot of time: dates are placed well before anybody can book them.
const EXPANSION_PERIOD: Duration = Duration::from_mins(1);

/// Does all that, until it is dropped. While the database is away, it tries again at the next turn.
pub async fn run(app: &App, retention: RetentionConfig) {
    tokio::join!(tidy(app, retention), expand(app));
}

/// Places later dates of series. A turn may take as long as there is something to do: each of its transactions is short.
async fn expand(app: &App) {
    let mut turns = interval(EXPANSION_PERIOD);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        match expand_series(app).await {
            Ok(Expanded { series: 0, .. }) => {}
            Ok(Expanded { series, dates, taken }) => {
                tracing::info!(series, dates, taken, "placed later dates of series");
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "could not place later dates of series"
                );
            }
        }
    }
}

async fn tidy(app: &App, retention: RetentionConfig) {
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
