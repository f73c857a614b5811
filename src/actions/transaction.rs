//! What an action writes, it writes in one transaction.

use std::error::Error;
use std::iter::successors;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use tokio::time::sleep;

use crate::app::App;
use crate::database::fault::is_worth_repeating;
use crate::store::StoreError;

/// How often it is tried where PostgreSQL ends it for the sake of others, or the connection broke before anything
/// was written.
const ATTEMPTS: u32 = 5;

/// How long to wait before the second attempt, so that the others get done. Longer before each later one.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs `work` in a transaction and commits it; an error leaves nothing behind.
///
/// Transactions may wait for each other. PostgreSQL then ends one of them, which is run again: `work` must do nothing
/// outside its transaction. A failed commit is not run again, as it may have been done.
///
/// # Errors
/// What `work` fails with, or where the database fails.
pub async fn transact<T, E>(app: &App, work: impl AsyncFn(&mut PgConnection) -> Result<T, E>) -> Result<T, E>
where
    E: Error + From<StoreError> + 'static,
{
    let mut attempt = 1;
    loop {
        let mut db = app.db.acquire().await.map_err(StoreError::from)?;
        let mut transaction = db.begin().await.map_err(StoreError::from)?;
        match work(&mut transaction).await {
            Ok(done) => {
                transaction.commit().await.map_err(StoreError::from)?;
                return Ok(done);
            }
            Err(error) if attempt < ATTEMPTS && may_succeed(&error) => {
                drop(transaction);
                drop(db);
                sleep(PAUSE * attempt).await;
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether the database failed in a way that the next attempt may not meet.
fn may_succeed(error: &(dyn Error + 'static)) -> bool {
    successors(Some(error), |&error| error.source())
        .find_map(|error| error.downcast_ref::<sqlx::Error>())
        .is_some_and(is_worth_repeating)
}
