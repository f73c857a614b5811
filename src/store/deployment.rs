//! Which master keys this database's secrets are sealed under.

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

/// The ids of the master keys, after `first` was noted where none was yet.
///
/// # Errors
/// Where the database fails.
pub async fn note_first_master_key(db: &mut PgConnection, first: &str) -> Result<Vec<String>, StoreError> {
    sqlx::query!(
        "INSERT INTO deployment (master_key_ids) VALUES (ARRAY[$1::text]) ON CONFLICT DO NOTHING",
        first
    )
    .execute(&mut *db)
    .await?;
    Ok(sqlx::query_scalar!("SELECT master_key_ids FROM deployment").fetch_one(db).await?)
}

/// Notes another master key.
///
/// # Errors
/// Where the database fails.
pub async fn note_master_key(db: &mut PgConnection, id: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE deployment SET master_key_ids = master_key_ids || $1::text WHERE NOT $1 = ANY (master_key_ids)",
        id
    )
    .execute(db)
    .await?;
    Ok(())
}
