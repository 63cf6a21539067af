//! What a client's requests may ask for. The clients themselves are kept by the store.
//!
//! - `redirect_uri`: where answers to a client may be sent.
//! - `scopes`: the declared scopes, and which of them a request gets.

pub(crate) mod redirect_uri;
pub(crate) mod scopes;
