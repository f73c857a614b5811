//! The dates of series, as others see them. No database.

mod oracle;
