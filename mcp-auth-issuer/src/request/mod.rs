//! How requests are read, strictly, and how they are refused.
//!
//! - `origin`: whether one was sent to this issuer, and by its own pages.
//! - `params`, `body`: what is in it.
//! - `oauth_error`: what programs are told of a mistake.

pub(crate) mod body;
pub(crate) mod oauth_error;
pub(crate) mod origin;
mod params;

pub(crate) use params::form_decode;
pub use params::{InvalidParams, Params};
