//! Frontdesk: the service that self-hosted video servers ask, when a room is first joined, whether
//! the room may open.
//!
//! # Layout
//! - [`reservation`]: the domain, pure. [`reservation::decide()`] is what it is all about.
//! - [`store`]: all SQL. [`actions`]: one verb per file. [`app`]: what they work with.
//! - [`dialect`]: the wire formats of others. [`api`]: our REST API, for appointment apps. [`http`]: health and metrics.
//! - [`join`]: the pages behind join links, for people; [`texts`]: what they read, in their language.
//! - [`database`]: connections, migrations, and the private PostgreSQL of the zero set-up mode.
//! - [`ical`]: calendar files, read and written, pure.
//! - [`server`]: every URL. [`background`], [`refusal_log`]: what runs beside the requests.
//! - [`config`], [`cli`], [`view`], [`telemetry`], [`metrics`]: around it.
//! - [`clock`], [`credential`], [`seal`], [`signing`], [`token`], [`tls`]: leaves that anybody may use.
//!
//! The request that matters reads as three files: `dialect/prosody/mod.rs`, `actions/reserve.rs`,
//! `reservation/decide.rs`, and back.

pub mod actions;
pub mod api;
pub mod app;
pub mod background;
pub mod cli;
pub mod clock;
pub mod config;
pub mod credential;
pub mod database;
pub mod dialect;
pub mod doctor;
pub mod http;
pub mod ical;
pub mod join;
pub mod metrics;
pub mod prosody;
pub mod refusal_log;
pub mod reservation;
pub mod seal;
pub mod server;
pub mod signing;
pub mod store;
pub mod telemetry;
pub mod texts;
pub mod tls;
pub mod token;
pub mod view;
