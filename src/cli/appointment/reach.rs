//! Which dates of an appointment are meant, on the command line.

use chrono::{DateTime, Utc};
use clap::Args;

use crate::cli::parse::time;

/// All of them, where none is named.
#[derive(Debug, Args)]
pub(super) struct Reach {
    /// Only this date, by its `original_start`
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub date: Option<DateTime<Utc>>,
    /// This date and all that follow
    #[arg(long, requires = "date")]
    pub and_following: bool,
}
