//! What belongs to a caller, and stays theirs.
//!
//! - `owner`: whose something is, in one encoding.
//! - `sessions`: the sessions of revisions before 2026-07-28. `stored`: where other processes find them.
//! - `request_state`: what a tool hands out between two rounds.
//! - `until`: when what a caller holds open has to end.

mod owner;
mod request_state;
mod sessions;
mod stored;
mod until;

pub(crate) use owner::Owner;
pub(crate) use request_state::RequestStates;
pub(crate) use sessions::{Room, Sessions};
pub(crate) use stored::StoredSessions;
pub(crate) use until::Until;
