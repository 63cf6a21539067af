//! What a client's requests may ask for. Clients themselves are kept by the store.
//!
//! - `redirect_uri`: where answers to it may go.
//! - `scopes`: which scopes there are, and which of them a request gets.

pub(crate) mod redirect_uri;
pub(crate) mod scopes;
