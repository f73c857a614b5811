//! The doctor: what will not work in a set-up, and how to mend it.
//!
//! Most set-up faults show as silence: the room opens without being asked about, or never. Each known
//! one is a check here. Not in here: reading Prosody's configuration (`prosody::config`), and the
//! order of the examination (`cli::doctor`).

pub mod conversation;
pub mod deployment;
mod dialects;
pub mod finding;
pub mod prosody;
mod tokens;
pub mod web;

pub use finding::{Check, Finding, Findings, Level};
