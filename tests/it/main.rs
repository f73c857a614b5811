//! Tests against a real PostgreSQL, in one binary. `scripts/with-postgres cargo test` starts one.

mod administration;
mod api;
mod appointment_first;
mod authentication;
mod booking;
mod cluster;
mod crashes;
mod credentials;
mod doctor;
mod live;
mod names;
mod outages;
mod packaging;
mod partitions;
mod private_cluster;
mod prosody;
mod races;
mod removal;
mod rig;
mod schema;
mod spellings;
mod tls;
mod windows;
mod wire;
mod world;
