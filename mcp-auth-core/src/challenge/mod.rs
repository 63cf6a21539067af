//! `WWW-Authenticate`: what we write (`write`) and what any server may send (`read`), in the grammar of RFC 9110
//! §11.6.1. A test in `read` reads what `write` writes.

mod read;
mod write;

pub use read::{Malformed, Reading, ReceivedChallenge};
pub use write::{BearerError, Challenge, Scheme, acr_values};
