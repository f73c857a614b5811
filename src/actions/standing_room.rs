//! A room that an app has until it deletes it: what Metered calls a room.

use sqlx::PgConnection;

use super::book::{BookError, Booking, book_in};
use super::cancel::{CancelError, cancel_in};
use super::join_links::revoke_guest_links_in;
use super::mint::soonest;
use super::revoke_tokens::revoke_appointment_in;
use super::transaction::transact;
use crate::app::App;
use crate::reservation::{AppId, Appointment, RoomKey, Tenant};
use crate::store::occurrences::{Which, windows};
use crate::store::{StoreError, appointments};

/// Why a room was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteRoomError {
    /// The app has no such room.
    #[error("this app has no such room")]
    Unknown,
    /// A series has it.
    #[error("a series has this room: cancel that by our own API")]
    Series,
    /// It can't be cancelled.
    #[error(transparent)]
    Cancel(#[from] CancelError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Books a room, in a transaction of its own. Where it has a password and a lobby, both are to keep out whoever has no token:
/// so there is no link for guests either, whose page would tell the password.
///
/// # Errors
/// Where the room is taken.
pub async fn make_standing_room(app: &App, booking: &Booking) -> Result<Appointment, BookError> {
    transact(app, async |db| {
        let booked = book_in(app, db, booking.clone()).await?;
        if booked.options.lobby && booked.options.password.is_some() {
            revoke_guest_links_in(app, db, &booked).await?;
        }
        Ok(booked)
    })
    .await
}

/// The app's room of that name: the appointment that has it now, or else has it next, where this app has booked that.
///
/// # Errors
/// Where the database fails.
pub async fn standing_room(
    app: &App,
    tenant: &Tenant,
    booker: AppId,
    room: &RoomKey,
) -> Result<Option<Appointment>, StoreError> {
    let mut db = app.db.acquire().await?;
    find(app, &mut db, tenant, booker, room).await
}

async fn find(
    app: &App,
    db: &mut PgConnection,
    tenant: &Tenant,
    booker: AppId,
    room: &RoomKey,
) -> Result<Option<Appointment>, StoreError> {
    let now = app.clock.now();
    let Some(date) = soonest(windows(db, tenant.id, Which::Room(room), now).await?, now) else {
        return Ok(None);
    };
    let found = appointments::by_id(db, tenant.id, date.id.appointment).await?;
    Ok(found.filter(|found| found.app == Some(booker)))
}

/// Cancels it, and revokes its tokens, in a transaction of its own.
///
/// # Errors
/// Where the app has no such room.
pub async fn delete_standing_room(
    app: &App,
    tenant: &Tenant,
    booker: AppId,
    room: &RoomKey,
) -> Result<(), DeleteRoomError> {
    transact(app, async |db| {
        let found = find(app, db, tenant, booker, room).await?.ok_or(DeleteRoomError::Unknown)?;
        if found.recurring.is_some() {
            return Err(DeleteRoomError::Series);
        }
        cancel_in(app, db, &tenant.name, found.id, None).await?;
        Ok(revoke_appointment_in(app, db, tenant.id, found.id).await?)
    })
    .await
}
