//! Tokens and secrets: `place` (where a person stores one), `bearer` (a bearer token that stands there), `stored` (how the token store writes one),
//! `scrubber` (removes them from the answers of servers). The text itself is `mcp_auth_core::SecretText`.

mod bearer;
mod place;
mod scrubber;
mod stored;

pub(crate) use bearer::bearer_token;
pub(crate) use place::{SecretError, SecretPlace};
pub(crate) use scrubber::Scrubber;
pub(crate) use stored::stored;
