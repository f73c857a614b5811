//! The API of appointment apps, over HTTP.

mod appointments;
mod client;
mod pages;
