//! The steps of reading an authorization request, a file each, in the order in which [`check`](super::check) takes them. Each is named
//! by its parameter or by the standard.
//!
//! - `request_uri`: a request that the client pushed before.
//! - `client_id`, `redirect_uri`, `state`: to whom the answer goes.
//! - `repeated`, `pushed`, `unsupported`: what no request may have, or has to.
//! - `response_type`, `response_mode`, `pkce`, `dpop_jkt`: how it is answered, and to what the answer is bound.
//! - `resource`, `scope`: what it asks for.
//! - `prompt`, `max_age`, `acr_values`: which login it asks for.
//! - `login_hint`, `ui_locales`: what the login may go by.

pub(super) mod acr_values;
pub(super) mod client_id;
pub(super) mod dpop_jkt;
pub(super) mod login_hint;
pub(super) mod max_age;
pub(super) mod pkce;
pub(super) mod prompt;
pub(super) mod pushed;
pub(super) mod redirect_uri;
pub(super) mod repeated;
pub(super) mod request_uri;
pub(super) mod resource;
pub(super) mod response_mode;
pub(super) mod response_type;
pub(super) mod scope;
pub(super) mod state;
pub(super) mod ui_locales;
pub(super) mod unsupported;
