//! Our own endpoints.

pub mod fault;
pub mod health;
pub mod metrics;
