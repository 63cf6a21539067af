//! The audit events of the issuer: one type for each thing that happens, with exactly its fields, and one place that writes the line.
//!
//! 1. `field`: the fields there are, what each says, and how it is written.
//! 2. `event`: what an event is, and how it is declared.
//! 3. `login`, `account`, `authorization`, `device`, `token`, `client`, `confirm`, `connect`, `key`: the events by what they are about.
//! 4. `reference`: the same as a page of the book for operators, `docs/src/issuer-events.md`.

pub(crate) mod account;
pub(crate) mod authorization;
pub(crate) mod client;
pub(crate) mod confirm;
pub(crate) mod connect;
pub(crate) mod device;
mod event;
mod field;
pub(crate) mod key;
pub(crate) mod login;
#[cfg(test)]
mod reference;
pub(crate) mod token;

pub(crate) use event::Event;
pub(crate) use field::{Reason, Word};
