//! Reaching PostgreSQL: pools, deadlines, migrations, and the private server of the zero set-up mode.
//! No SQL of the service itself: that is in `store`.

pub mod desk;
pub mod fault;
pub mod migrate;
pub mod pools;
pub mod private;
