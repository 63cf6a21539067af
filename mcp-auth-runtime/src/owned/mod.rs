//! What belongs to a caller, and stays theirs.
//!
//! - `owner`: whose something is, in one encoding.
//! - `sessions`: the sessions of revisions before 2026-07-28. `stored`: where other processes find them. `delivered`:
//!   what their streams deliver.
//! - `seals`: text that a client keeps for us. `request_state`: what a tool hands out between two rounds. `cursors`: how far a client
//!   has read a list.
//! - `tasks`: which operation made a task, and for whom.
//! - `shares`: what each caller has of the server at this moment. `crowded`: what is said where there is no room.
//! - `stream_end`: when what a caller holds open has to end. `unavailable`: what is said when the store is down.

mod crowded;
mod cursors;
mod delivered;
mod owner;
mod request_state;
mod seals;
mod sessions;
mod shares;
mod stored;
mod stream_end;
mod tasks;
mod unavailable;

pub(crate) use crowded::Crowded;
pub(crate) use cursors::{Cursors, invalid_cursor};
pub(crate) use delivered::{InUse, ReadStream};
pub(crate) use request_state::RequestStates;
pub(crate) use sessions::{SessionLimits, SessionSlot, Sessions};
pub(crate) use shares::{BodyRoom, Kind as ShareKind, Place, ShareLimits, Shares};
pub(crate) use stored::StoredSessions;
pub(crate) use stream_end::StreamEnd;
pub(crate) use tasks::Tasks;
pub(crate) use unavailable::{TRY_AGAIN, is_unavailable, unavailable};
