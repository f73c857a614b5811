//! The API of appointment apps, over HTTP.

mod administration;
mod appointments;
mod batches;
mod client;
mod door;
mod lists;
mod live;
mod observing;
mod once;
mod races;
