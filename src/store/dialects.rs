//! Which languages of other systems tenants' apps may speak.

use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use super::columns::{count, parse, seconds, to_count, to_seconds};
use crate::reservation::{BaseUrl, Dialects, TenantId};

/// Which languages the tenant's apps may speak: none, where nobody has said.
///
/// # Errors
/// Where the database fails.
pub async fn get(db: &mut PgConnection, tenant: TenantId) -> Result<Dialects, StoreError> {
    let row = sqlx::query!(
        "SELECT spoken, jiomeet_rooms, jiomeet_url, metered_token_lifetime_s, proconf_room_length_s
         FROM dialects WHERE tenant_id = $1",
        Uuid::from(tenant)
    );
    let Some(row) = row.fetch_optional(db).await? else { return Ok(Dialects::default()) };
    Ok(Dialects {
        spoken: row.spoken.iter().map(|dialect| parse("spoken", dialect)).collect::<Result<_, _>>()?,
        jiomeet_rooms: row.jiomeet_rooms.map(count),
        jiomeet_url: row.jiomeet_url.map(|url| parse("jiomeet_url", &url)).transpose()?,
        metered_token_lifetime: seconds(row.metered_token_lifetime_s),
        proconf_room_length: seconds(row.proconf_room_length_s),
    })
}

/// Says which languages the tenant's apps may speak.
///
/// # Errors
/// Where the database fails.
pub async fn put(db: &mut PgConnection, tenant: TenantId, dialects: &Dialects) -> Result<(), StoreError> {
    let spoken: Vec<String> = dialects.spoken.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "INSERT INTO dialects
             (tenant_id, spoken, jiomeet_rooms, jiomeet_url, metered_token_lifetime_s, proconf_room_length_s)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id) DO UPDATE SET spoken = $2, jiomeet_rooms = $3, jiomeet_url = $4,
             metered_token_lifetime_s = $5, proconf_room_length_s = $6",
        Uuid::from(tenant),
        &spoken,
        dialects.jiomeet_rooms.map(to_count),
        dialects.jiomeet_url.as_ref().map(BaseUrl::as_str),
        to_seconds(dialects.metered_token_lifetime),
        to_seconds(dialects.proconf_room_length),
    )
    .execute(db)
    .await?;
    Ok(())
}
