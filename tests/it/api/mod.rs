//! The API of appointment apps, over HTTP.

mod administration;
mod answer_tokens;
mod appointments;
mod batches;
mod calendars;
pub mod client;
mod document;
mod door;
mod feeds;
pub mod forge;
mod imports;
mod isolation;
mod kills;
mod lists;
mod live;
mod observing;
mod once;
mod pages;
mod races;
mod scopes;
mod series;
mod series_changes;
mod signing_keys;
mod token_attacks;
mod token_settings;
pub mod tokens;
mod verifying;
