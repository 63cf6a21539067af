//! Who a client is, and what its requests may ask for. Clients that registered are kept by the store.
//!
//! - `document`: clients that describe themselves at a URL.
//! - `keys`: the keys that a client authenticates by. `assertion`: how it does.
//! - `named`: clients that the operator registered.
//! - `known`: what an operator does with any of them, whichever way they came.
//! - `redirect_uri`: where answers to a client may be sent; the configuration reads it too, so the core has it.
//! - `scopes`: the declared scopes, and which of them a request gets.

pub(crate) mod assertion;
pub(crate) mod document;
pub(crate) mod keys;
pub(crate) mod known;
pub(crate) mod named;
pub(crate) mod scopes;

pub(crate) use mcp_auth_core::redirect_uri;
