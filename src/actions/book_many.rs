//! Many rooms are booked, or none.

use sqlx::{Connection as _, PgConnection};

use super::book::{BookError, Booking, book_counted};
use super::transaction::transact;
use crate::app::App;
use crate::reservation::{Appointment, AppointmentId};
use crate::store::StoreError;

/// The most dates that are booked at once.
pub const MOST_DATES: usize = 50_000;

/// Why no room was booked.
#[derive(Debug, thiserror::Error)]
pub enum BookManyError {
    /// Some can't be booked: which, by their place from 0, and why.
    #[error("{} of the rooms can't be booked", .0.len())]
    Refused(Vec<(usize, ItemError)>),
    /// Together they have too many dates.
    #[error("together these appointments have more than {MOST_DATES} dates: book them in parts")]
    TooManyDates,
    /// No room at all can be booked.
    #[error(transparent)]
    None(BookError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why one of many rooms can't be booked.
#[derive(Debug, thiserror::Error)]
pub enum ItemError {
    /// It can't be booked anyway.
    #[error(transparent)]
    Alone(BookError),
    /// Another of them takes the room at that time.
    #[error("the room is taken at that time by item {0} of the same batch")]
    TakenBy(usize),
    /// Another of them has the external id.
    #[error("item {0} of the same batch has the same external id")]
    ExternalIdOf(usize),
}

/// Books all of these rooms or none, in a transaction of its own.
///
/// # Errors
/// Where some can't be booked; each of them is named.
pub async fn book_many(app: &App, bookings: &[Booking]) -> Result<Vec<Appointment>, BookManyError> {
    transact(app, async |db| book_many_in(app, db, bookings).await).await
}

/// Books all of these rooms, as a part of a transaction, which is to be rolled back after an error.
///
/// # Errors
/// Where some can't be booked; each of them is named.
pub async fn book_many_in(
    app: &App,
    db: &mut PgConnection,
    bookings: &[Booking],
) -> Result<Vec<Appointment>, BookManyError> {
    // In the same order, whoever books: two who go about it in opposite orders would wait for each other.
    let mut order: Vec<usize> = (0..bookings.len()).collect();
    order.sort_by_key(|&place| (bookings[place].room.key(), bookings[place].starts));
    let mut all = db.begin().await.map_err(StoreError::from)?;
    let (mut booked, mut refused) = book_each(app, &mut all, bookings, &order, Refused::LeavesRows).await?;
    if refused.is_empty() {
        all.commit().await.map_err(StoreError::from)?;
    } else {
        // None will be booked: it is worth telling well what is in the way.
        all.rollback().await.map_err(StoreError::from)?;
        (booked, refused) = book_each(app, db, bookings, &order, Refused::LeavesNothing).await?;
    }
    booked.sort_by_key(|(place, _)| *place);
    refused.sort_by_key(|(place, _)| *place);
    if refused.is_empty() {
        Ok(booked.into_iter().map(|(_, appointment)| appointment).collect())
    } else {
        Err(BookManyError::Refused(refused))
    }
}

/// What one that can't be booked leaves in the transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// What it had written, in the way of those after it.
    LeavesRows,
    /// Nothing, at the price of a savepoint for each. More than 64 of them in a transaction make every other look up which are
    /// done, those that answer conference servers, too.
    LeavesNothing,
}

/// Those that can be booked, and those that can't.
async fn book_each(
    app: &App,
    db: &mut PgConnection,
    bookings: &[Booking],
    order: &[usize],
    refused_one: Refused,
) -> Result<(Vec<(usize, Appointment)>, Vec<(usize, ItemError)>), BookManyError> {
    let mut booked: Vec<(usize, Appointment)> = Vec::with_capacity(bookings.len());
    let mut refused = Vec::new();
    let mut dates = 0;
    for &place in order {
        let booking = bookings[place].clone();
        let done = match refused_one {
            Refused::LeavesRows => book_counted(app, db, booking).await,
            Refused::LeavesNothing => {
                let mut one = db.begin().await.map_err(StoreError::from)?;
                let done = book_counted(app, &mut one, booking).await;
                let ended = if done.is_ok() { one.commit().await } else { one.rollback().await };
                ended.map_err(StoreError::from)?;
                done
            }
        };
        match done {
            Ok((appointment, its_dates)) => {
                booked.push((place, appointment));
                dates += its_dates;
                if dates > MOST_DATES {
                    return Err(BookManyError::TooManyDates);
                }
            }
            // There is nothing to say about the rooms.
            Err(BookError::Store(error)) => return Err(error.into()),
            Err(error @ (BookError::Keys(_) | BookError::JoinLinks(_) | BookError::UnknownTenant(_))) => {
                return Err(BookManyError::None(error));
            }
            Err(error) => {
                refused.push((place, among(&booked, error)));
                if refused_one == Refused::LeavesRows {
                    break;
                }
            }
        }
    }
    Ok((booked, refused))
}

/// What is in the way may be one of the others, which will not be there either.
fn among(booked: &[(usize, Appointment)], error: BookError) -> ItemError {
    let place = |by: AppointmentId| booked.iter().find(|(_, other)| other.id == by).map(|(place, _)| *place);
    match &error {
        BookError::Taken { by: Some(by) } => place(*by).map(ItemError::TakenBy),
        BookError::ExternalIdTaken { by, .. } => place(*by).map(ItemError::ExternalIdOf),
        _ => None,
    }
    .unwrap_or(ItemError::Alone(error))
}
