//! A room token for a room that is booked on the spot where nobody has booked it.

use chrono::TimeDelta;
use sqlx::PgConnection;

use super::book::{BookError, Booking, book_in};
use super::mint::{MintError, Minted, TokenRequest, mint_in};
use super::transaction::transact;
use crate::app::App;
use crate::reservation::{AppId, RoomName, Tenant};
use crate::store::StoreError;
use crate::store::occurrences::next_cancelled_in;

/// How often is tried, where others book the room at the same moment.
const ATTEMPTS: u32 = 3;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum MintOrBookError {
    /// The room is kept shut.
    #[error("the appointment in this room is cancelled")]
    Cancelled,
    /// None can be made.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// The room can't be booked.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A room that is booked for an app where nobody has booked it.
#[derive(Debug, Clone)]
pub struct OnTheSpot {
    /// The room.
    pub room: RoomName,
    /// The app that books it.
    pub app: AppId,
    /// For how long, from now on.
    pub length: TimeDelta,
}

/// Makes the token that `request` wants of the room that it names as booked. Where it is not booked, it is so on the spot, in
/// the same transaction: so there is no booking without a token. For as long as an appointment would last that was
/// cancelled, the room stays shut, and a booking ends before that.
///
/// # Errors
/// Where there is no key, or where the room is kept shut, or can't be booked.
pub async fn mint_or_book(
    app: &App,
    tenant: &Tenant,
    spot: &OnTheSpot,
    request: &TokenRequest,
) -> Result<Minted, MintOrBookError> {
    let mut attempt = 1;
    loop {
        match transact(app, async |db| mint_or_book_in(app, db, tenant, spot, request).await).await {
            Err(MintOrBookError::Book(BookError::Taken { .. })) if attempt < ATTEMPTS => attempt += 1,
            minted => return minted,
        }
    }
}

async fn mint_or_book_in(
    app: &App,
    db: &mut PgConnection,
    tenant: &Tenant,
    spot: &OnTheSpot,
    request: &TokenRequest,
) -> Result<Minted, MintOrBookError> {
    match mint_in(app, db, tenant, request).await {
        Err(MintError::NotBooked) => {}
        minted => return Ok(minted?),
    }
    let now = app.clock.now();
    let shut_from = next_cancelled_in(db, tenant.id, spot.room.key(), now).await?;
    let ends = shut_from.unwrap_or(now + spot.length).min(now + spot.length);
    if ends <= now {
        return Err(MintOrBookError::Cancelled);
    }
    let booking = Booking {
        app: Some(spot.app),
        early_open: Some(TimeDelta::zero()),
        grace: Some(TimeDelta::zero()),
        ..Booking::of(tenant.name.clone(), spot.room.clone(), now, Some(ends))
    };
    book_in(app, db, booking).await?;
    // What was booked and cancelled at this very moment is known by now: from here on nobody else can book the time.
    if next_cancelled_in(db, tenant.id, spot.room.key(), now).await? != shut_from {
        return Err(MintOrBookError::Cancelled);
    }
    Ok(mint_in(app, db, tenant, request).await?)
}
