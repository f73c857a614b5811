//! A tenant for a moment, to play the whole conversation on the running service without touching
//! anybody's rooms.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::sleep;
use uuid::Uuid;

use super::add_server::{AddServerError, Serves, add_server};
use super::book::{BookError, Booking, book};
use super::passwords::generate;
use crate::app::App;
use crate::credential::{Credential, NoRandomness};
use crate::reservation::{Policy, Tenant, TenantId, TenantName};
use crate::store::{StoreError, removal, tenants};

/// A run that was cut off leaves its tenant; after this long nobody needs it any more.
const LEFT_BEHIND: TimeDelta = TimeDelta::minutes(10);

/// How long the service may take to write down a refusal.
const WRITTEN: Duration = Duration::from_millis(1500);

/// The tenant, and what to ask with.
#[derive(Debug)]
pub struct Probe {
    /// A credential of its conference server.
    pub credential: Credential,
    /// A room that is booked for now, with a password and a lobby.
    pub room: &'static str,
    /// The most people in it.
    pub max_occupants: u32,
    tenant: TenantId,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The server could not be added.
    #[error(transparent)]
    Server(#[from] AddServerError),
    /// The room could not be booked.
    #[error(transparent)]
    Book(#[from] BookError),
    /// No password can be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a tenant with a server and a booked room, and removes what earlier runs left behind.
///
/// # Errors
/// Where the database fails.
pub async fn set_up(app: &App) -> Result<Probe, ProbeError> {
    let now = app.clock.now();
    {
        let mut db = app.db.acquire().await.map_err(StoreError::from)?;
        for tenant in removal::left_behind(&mut db, now - LEFT_BEHIND).await? {
            // In nobody's way where it can't be removed.
            if let Err(error) = removal::remove_tenant(&mut db, tenant).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "what an earlier doctor left behind stays"
                );
            }
        }
    }
    // Two runs at once are two tenants.
    let name = format!("{}{}", TenantName::RESERVED, Uuid::now_v7().simple());
    let tenant = Tenant {
        id: TenantId::new(),
        name: name.parse().expect("it is made of letters, digits and hyphens"),
        policy: Policy::default(),
        revision: 1,
        created_at: now,
        disabled_at: None,
    };
    tenants::insert(&mut *app.db.acquire().await.map_err(StoreError::from)?, &tenant).await?;
    let made = async {
        let serves = Serves { default: tenant.name.clone(), others: Vec::new(), all: false };
        let server = add_server(app, name, serves).await?;
        let (room, max_occupants) = ("booked", 7);
        let booking = Booking {
            password: Some(generate()?),
            lobby: true,
            max_occupants: Some(max_occupants),
            ..Booking::of(
                tenant.name.clone(),
                room.parse().expect("it is a name"),
                now - TimeDelta::minutes(1),
                Some(now + TimeDelta::minutes(5)),
            )
        };
        book(app, booking).await?;
        Ok(Probe { credential: server.credential, room, max_occupants, tenant: tenant.id })
    };
    let made: Result<Probe, ProbeError> = made.await;
    if made.is_err()
        && let Ok(mut db) = app.db.acquire().await
    {
        _ = removal::remove_tenant(&mut db, tenant.id).await;
    }
    made
}

/// Removes the tenant with everything of it, once the service has written down its refusals.
///
/// # Errors
/// Where the database fails; the next [`set_up`] removes it then.
pub async fn take_down(app: &App, probe: Probe) -> Result<(), StoreError> {
    sleep(WRITTEN).await;
    removal::remove_tenant(&mut *app.db.acquire().await?, probe.tenant).await?;
    Ok(())
}
