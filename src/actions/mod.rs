//! What can be done: one verb per file. Each reads the clock once, reads, decides, writes, commits.

pub mod add_app;
pub mod add_server;
pub mod add_tenant;
mod answer_token;
pub mod app_credentials;
pub mod appointment_change;
pub mod authenticate;
pub mod book;
pub mod book_many;
pub mod branding;
pub mod calendar;
pub mod cancel;
pub mod change_app;
pub mod change_appointment;
pub mod change_date;
pub mod change_series;
pub mod change_server;
pub mod change_tenant;
pub mod close_conference;
pub mod dates;
pub mod dry_run;
pub mod expand_series;
pub mod export_tenant;
pub mod feeds;
pub mod forget_master_key;
pub mod import_calendar;
mod import_event;
pub mod instant_room;
pub mod invitation;
pub mod join;
pub mod join_links;
pub mod look_up;
pub mod master_keys;
pub mod mint;
pub mod once;
pub mod passwords;
pub mod preview;
pub mod private_keys;
pub mod probe;
pub mod release;
pub mod remove_tenant;
pub mod reseal;
pub mod reserve;
pub mod revoke_tokens;
pub mod room_names;
pub mod signing_keys;
pub mod signing_secrets;
pub mod sweep;
pub mod token_settings;
pub mod transaction;
pub mod verify_token;
pub mod welcome;

/// How many live credentials a server or an app has at the most, and how many signing keys an app: the one that is
/// used, and the one that takes its place. More would be forgotten somewhere.
const MOST_LIVE: i64 = 2;
