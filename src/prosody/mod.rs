//! The operator's side of Prosody: its configuration, written, read and judged.
//!
//! Not in here: what Prosody says on the wire (`dialect::prosody`).

pub mod config;
pub mod confined;
pub mod snippet;
#[cfg(test)]
mod tests;
pub mod verification;

/// The Prosody module that closes the ways past `mod_reservations`.
pub const GUARD_MODULE: &str = include_str!("../../prosody/mod_reservations_guard.lua");
