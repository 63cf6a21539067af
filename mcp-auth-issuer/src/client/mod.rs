//! Who a client is, and what its requests may ask for. Clients that registered are kept by the store.
//!
//! - `document`: clients that describe themselves at a URL.
//! - `redirect_uri`: where answers to a client may be sent.
//! - `scopes`: the declared scopes, and which of them a request gets.

pub(crate) mod document;
pub(crate) mod redirect_uri;
pub(crate) mod scopes;
