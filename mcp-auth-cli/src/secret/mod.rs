//! Tokens and secrets: `hidden` (text that is sent and never shown), `place` (where a person has one), `scrubber`
//! (taken out again of what others send back).

mod hidden;
mod place;
mod scrubber;

pub(crate) use hidden::Hidden;
pub(crate) use place::{SecretError, SecretPlace};
pub(crate) use scrubber::Scrubber;
