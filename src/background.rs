//! What runs beside the requests: the sweeper and the gauges, the horizon that moves on, and the keys that are rotated.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::actions::expand_series::{Expanded, expand_series};
use crate::actions::signing_keys::{Kept, keep_signing_keys, rotating_since};
use crate::actions::sweep::sweep;
use crate::app::App;
use crate::config::RetentionConfig;
use crate::store::key_rotation::{self, KeyCounts};
use crate::store::{StoreError, conferences};

/// How often is tidied up.
const PERIOD: Duration = Duration::from_secs(10);

/// How long one turn may take: a connection may have gone silent.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a turn at the keys may take. Short, as everything in it is but the making of RSA keys, with which the next turn
/// goes on.
const KEYS_PATIENCE: Duration = PERIOD;

/// How often later dates of series are placed. There is a lot of time: dates are placed well before anybody can book them.
const EXPANSION_PERIOD: Duration = Duration::from_mins(1);

/// Does all that, until it is dropped. While the database is away, it tries again at the next turn.
pub async fn run(app: &App, retention: RetentionConfig) {
    tokio::join!(tidy(app, retention), expand(app), keep_keys(app));
}

/// Rotates keys. What a turn does not get done, because many RSA keys have to be made, the next one does.
async fn keep_keys(app: &App) {
    let shortest =
        app.signing_keys.rotate_every.get().unwrap_or(Duration::MAX).min(app.signing_keys.max_age.get());
    let mut turns = interval((shortest / 4).min(PERIOD));
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        let turn = timeout(KEYS_PATIENCE, keep_signing_keys(app)).await;
        match turn.unwrap_or(Err(sqlx::Error::PoolTimedOut.into())) {
            Ok(kept) if kept == Kept::default() => {}
            Ok(Kept { made, rotated, withdrawn }) => {
                tracing::info!(made, rotated, withdrawn, "looked after the keys of room tokens");
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "could not look after the keys of room tokens"
                );
            }
        }
    }
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
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    app.metrics.live_conferences.set(conferences::count_live(&mut db, now).await?);
    let KeyCounts { next, active, retired } = key_rotation::count(&mut db).await?;
    for (state, count) in [("next", next), ("active", active), ("retired", retired)] {
        app.metrics.signing_keys(state, count);
    }
    let since = rotating_since(app, &mut db).await?;
    app.metrics.signing_key_age.set(since.map_or(0, |since| (now - since).num_seconds()));
    Ok(())
}
