//! The dates of series, as others see them, and what is true of all series. No database.

mod hostile;
mod oracle;
mod properties;
mod series;
