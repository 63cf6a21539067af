//! Reads requests strictly, and refuses invalid ones.
//!
//! - `origin`: whether a request was sent to this issuer, and by its own pages.
//! - `address`: where a request comes from.
//! - `opened`: whether a person opens a page, or a program only looks at it.
//! - `params`, `body`: the content of a request.
//! - `oauth_error`: the error responses for programs.

pub(crate) mod address;
pub(crate) mod body;
pub(crate) mod oauth_error;
pub(crate) mod opened;
pub(crate) mod origin;
mod params;

pub(crate) use params::form_decode;
pub use params::{InvalidParams, Params};
