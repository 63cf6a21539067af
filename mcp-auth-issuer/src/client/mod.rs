//! What a client is, and what its requests may ask for.
//!
//! - `client`: what is known of one.
//! - `redirect_uri`: where answers to it may go.
//! - `scopes`: which scopes there are, and which of them a request gets.

#[allow(clippy::module_inception)]
mod client;
pub(crate) mod redirect_uri;
pub(crate) mod scopes;

pub use client::{Client, Grants};
