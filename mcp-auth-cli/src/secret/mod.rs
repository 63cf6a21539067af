//! Tokens and secrets: `hidden` (text that is sent and never shown), `place` (where a person stores one), `scrubber`
//! (removes them from the answers of servers).

mod hidden;
mod place;
mod scrubber;

pub(crate) use hidden::Hidden;
pub(crate) use place::{SecretError, SecretPlace};
pub(crate) use scrubber::Scrubber;
