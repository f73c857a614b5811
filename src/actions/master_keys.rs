//! Which master keys there are, and what each has sealed.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;
use strum::VariantArray as _;

use crate::seal::{KeyId, MasterKeys};
use crate::store::sealed::SealedColumn;
use crate::store::{StoreError, deployment};

/// A master key, of which nothing is told but its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKeyState {
    /// Which one.
    pub id: KeyId,
    /// Its line in the key file; the first is 1. `None` where it is not in there.
    pub line: Option<usize>,
    /// Whether it is the one that seals.
    pub seals: bool,
    /// Whether the database has it noted: Frontdesk does not start without it.
    pub needed: bool,
    /// How many values it has sealed; nothing of columns in which it has sealed none.
    pub values: BTreeMap<SealedColumn, i64>,
}

impl MasterKeyState {
    /// Whether it may be taken out of the key file: it neither seals nor is needed to open anything.
    #[must_use]
    pub fn may_go(&self) -> bool {
        self.line.is_some() && !self.seals && !self.needed && self.values.is_empty()
    }
}

/// All master keys that are in the key file, noted in the database, or named by a sealed value: the file's own first, in
/// its order.
///
/// # Errors
/// Where the database fails.
pub async fn list_master_keys(
    db: &mut PgConnection,
    keys: Option<&MasterKeys>,
) -> Result<Vec<MasterKeyState>, StoreError> {
    let noted = deployment::master_keys(db).await?;
    let noted: BTreeSet<KeyId> = noted
        .iter()
        .map(|id| id.parse().map_err(|_| StoreError::Unreadable { column: "master_key_ids" }))
        .collect::<Result<_, _>>()?;
    let mut values: BTreeMap<KeyId, BTreeMap<SealedColumn, i64>> = BTreeMap::new();
    for column in SealedColumn::VARIANTS {
        for (key, count) in column.count(db).await? {
            values.entry(key).or_default().insert(*column, count);
        }
    }
    let mut ids: Vec<KeyId> = Vec::new();
    let here = keys.into_iter().flat_map(MasterKeys::key_ids);
    for id in here.chain(noted.iter().copied()).chain(values.keys().copied()) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let state = |id| MasterKeyState {
        id,
        line: keys.and_then(|keys| keys.line_of(id)),
        seals: keys.is_some_and(|keys| keys.first_id() == id),
        needed: noted.contains(&id),
        values: values.remove(&id).unwrap_or_default(),
    };
    Ok(ids.into_iter().map(state).collect())
}
