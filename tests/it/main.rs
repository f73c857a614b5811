//! Tests against a real PostgreSQL, in one binary. `scripts/with-postgres cargo test` starts one.

mod appointment_first;
mod booking;
mod cluster;
mod conferences;
mod crashes;
mod credentials;
mod decisions;
mod doctor;
mod forecast;
mod free_busy;
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
