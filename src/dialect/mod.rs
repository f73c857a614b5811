//! The wire formats of others, one thin module each: parse, call an action, render.
//!
//! Conference servers speak [`prosody`]'s. The others are those of systems like this one, so that apps which were written
//! for them work here; their tenant has to say so.

mod app;
pub mod datagram;
pub mod jiomeet;
pub mod metered;
pub mod proconf;
pub mod prosody;
mod refusal;
