//! What other master keys have sealed is sealed anew under the first, so that they can be taken out of the key file.
//!
//! It goes in small batches while others work: a value is replaced where it is still the one that was read, and who
//! changes an appointment is waited for. What was done stays done, and the next run goes on from there.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use strum::VariantArray as _;

use super::master_keys::{MasterKeyState, list_master_keys};
use super::passwords::{KeysError, share_keys};
use super::transaction::transact;
use crate::app::App;
use crate::seal::Sealed;
use crate::store::deployment;
use crate::store::sealed::{SealedColumn, SealedValue, replace};

/// How many values a transaction seals anew. The password of a series is copied to each of its dates, hundreds of rows,
/// and who asks for these rooms waits meanwhile, for a second at the most.
const BATCH: i64 = 10;

/// The same where there are no copies, and nobody waits.
const BATCH_WITHOUT_COPIES: i64 = 100;

/// What was done.
#[derive(Debug, Clone, Default)]
pub struct Resealed {
    /// How many rows of each column have a new blob.
    pub rows: BTreeMap<SealedColumn, u64>,
    /// How many values can't be opened, and stay as they are: their key was forgotten, or they were tampered with.
    pub unreadable: u64,
    /// The master keys after it.
    pub keys: Vec<MasterKeyState>,
}

/// Seals everything anew under the first master key. Keys that seal nothing any more are not needed from then on.
///
/// # Errors
/// Where a master key is missing that the database has noted, or the database fails.
pub async fn reseal(app: &App) -> Result<Resealed, KeysError> {
    // By itself, as all who note a key wait for each other.
    transact(app, async |db| share_keys(db, &app.keys).await).await?;
    let mut done = Resealed::default();
    for column in SealedColumn::VARIANTS {
        let mut last = SealedValue::default();
        while let Some(batch) = transact(app, async |db| reseal_some(app, db, *column, &last).await).await? {
            for (column, rows) in batch.rows {
                *done.rows.entry(column).or_default() += rows;
            }
            done.unreadable += batch.unreadable;
            last = batch.last;
        }
    }
    done.keys = transact(app, async |db| release_keys(app, db).await).await?;
    Ok(done)
}

/// What a transaction has done.
struct Batch {
    rows: Vec<(SealedColumn, u64)>,
    unreadable: u64,
    last: SealedValue,
}

async fn reseal_some(
    app: &App,
    db: &mut PgConnection,
    column: SealedColumn,
    after: &SealedValue,
) -> Result<Option<Batch>, KeysError> {
    share_keys(db, &app.keys).await?;
    let limit = if column.copies().count() > 1 { BATCH } else { BATCH_WITHOUT_COPIES };
    let values = column.sealed_otherwise(db, app.keys.first_id(), after, limit).await?;
    let Some(last) = values.last().cloned() else { return Ok(None) };
    let found = values.len();
    let anew = |value: SealedValue| {
        let context = column.context(value.tenant, value.row);
        let opened = app.keys.open(&context, &Sealed::from_bytes(value.blob.clone())).ok()?;
        Some((value, app.keys.seal(&context, &opened)))
    };
    let values: Vec<_> = values.into_iter().filter_map(anew).collect();
    let unreadable = (found - values.len()) as u64;
    Ok(Some(Batch { rows: replace(db, column, &values).await?, unreadable, last }))
}

/// Has the database need the first key, and those that have sealed something still. Nobody seals anything meanwhile.
async fn release_keys(app: &App, db: &mut PgConnection) -> Result<Vec<MasterKeyState>, KeysError> {
    share_keys(db, &app.keys).await?;
    deployment::master_keys_for_update(db).await?;
    let mut keys = list_master_keys(db, Some(&app.keys)).await?;
    for key in &mut keys {
        key.needed &= key.seals || !key.values.is_empty();
    }
    let needed: Vec<String> = keys.iter().filter(|key| key.needed).map(|key| key.id.to_string()).collect();
    deployment::put_master_keys(db, &needed).await?;
    Ok(keys)
}
