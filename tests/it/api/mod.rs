//! The API of appointment apps, over HTTP.

mod appointments;
mod client;
mod document;
mod isolation;
mod pages;
mod scopes;
