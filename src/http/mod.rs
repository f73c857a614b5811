//! Our own endpoints.

pub mod client;
pub mod fault;
pub mod health;
pub mod metrics;
