//! Clients and an authorization server of other projects, against `examples/todos`: a table client by step.
//!
//! The drivers are in `interop/`, at exact versions. Each runs by itself and reports its steps; here they are started, all
//! at once, and their reports put together. Most of the time goes by waiting for a token to expire.

mod bound;
mod bridged;
mod built_in;
mod check;
pub(crate) mod record;
pub(crate) mod table;

pub(crate) use check::{REVISIONS, check, version};
