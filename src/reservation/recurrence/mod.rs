//! Appointments that recur.
//!
//! A series has its first date, a rule, further dates and exceptions, in a time zone: what is at nine o'clock stays at
//! nine when the clocks change.

mod expand;
mod parse;
mod rule;
mod series;
#[cfg(test)]
mod tests;

pub use parse::RuleError;
pub use rule::{ByDay, Frequency, Rule, RuleEnd};
pub use series::{Recurrence, Series, SeriesDate, TooManyDates, on_wall_clock};
