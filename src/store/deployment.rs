//! Which master keys this database's secrets are sealed under: whoever works on it has to have these.

use sqlx::PgConnection;

use super::StoreError;

/// The ids of the master keys.
///
/// # Errors
/// Where the database fails.
pub async fn master_keys(db: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let ids = sqlx::query_scalar!("SELECT master_key_ids FROM deployment").fetch_optional(db).await?;
    Ok(ids.unwrap_or_default())
}

/// The ids of the master keys, if this one is among them. They stay as long as this transaction runs: nobody else can
/// take one out who calls [`master_keys_for_update`].
///
/// # Errors
/// Where the database fails.
pub async fn hold_master_key(db: &mut PgConnection, id: &str) -> Result<Option<Vec<String>>, StoreError> {
    Ok(sqlx::query_scalar!(
        "SELECT master_key_ids FROM deployment WHERE $1 = ANY (master_key_ids) FOR KEY SHARE",
        id
    )
    .fetch_optional(db)
    .await?)
}

/// Notes a master key.
///
/// # Errors
/// Where the database fails.
pub async fn note_master_key(db: &mut PgConnection, id: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO deployment (master_key_ids) VALUES (ARRAY[$1::text]) ON CONFLICT DO NOTHING",
        id
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE deployment SET master_key_ids = master_key_ids || $1::text WHERE NOT $1 = ANY (master_key_ids)",
        id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The ids of the master keys, for this transaction to change: whoever is sealing something has done so, or waits.
///
/// # Errors
/// Where the database fails.
pub async fn master_keys_for_update(db: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let ids =
        sqlx::query_scalar!("SELECT master_key_ids FROM deployment FOR UPDATE").fetch_optional(db).await?;
    Ok(ids.unwrap_or_default())
}

/// Writes the ids of the master keys, which this transaction holds.
///
/// # Errors
/// Where the database fails.
pub async fn put_master_keys(db: &mut PgConnection, ids: &[String]) -> Result<(), StoreError> {
    sqlx::query!("UPDATE deployment SET master_key_ids = $1", ids).execute(db).await?;
    Ok(())
}
