//! Our own endpoints.

pub mod health;
pub mod metrics;
