//! The wire formats of others, one thin module each: parse, call an action, render.

pub mod prosody;
