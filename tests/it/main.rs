//! Tests against a real PostgreSQL, in one binary. `scripts/with-postgres cargo test` starts one.

mod private_cluster;
mod schema;
mod smoke;
mod world;
