//! Asking the person in front of the client while a call runs, in the same way on every revision. In reading order: `asker` (what
//! an operation takes), `reply` (what it gets), `form` (what can be asked), `rounds` (what is remembered between the messages of
//! 2026-07-28).

mod asker;
mod form;
mod reply;
mod rounds;

pub use asker::Ask;
pub use reply::Reply;
