//! Tests against a real PostgreSQL, in one binary. `scripts/with-postgres cargo test` starts one.

mod appointment_first;
mod booking;
mod credentials;
mod live;
mod names;
mod private_cluster;
mod schema;
mod windows;
mod wire;
mod world;
