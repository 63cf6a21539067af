//! The steps of reading an authorization request, a file each, in the order in which [`check`](super::check) takes them. Each is named
//! by its parameter or by the standard.
//!
//! - `client_id`, `redirect_uri`, `state`: to whom the answer goes.
//! - `repeated`, `unsupported`: what no request may have.
//! - `response_type`, `response_mode`, `pkce`: how it is answered.
//! - `resource`, `scope`: what it asks for.
//! - `prompt`, `max_age`: which login it asks for.

pub(super) mod client_id;
pub(super) mod max_age;
pub(super) mod pkce;
pub(super) mod prompt;
pub(super) mod redirect_uri;
pub(super) mod repeated;
pub(super) mod resource;
pub(super) mod response_mode;
pub(super) mod response_type;
pub(super) mod scope;
pub(super) mod state;
pub(super) mod unsupported;
