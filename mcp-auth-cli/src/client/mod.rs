//! What `login` and `call` are: an OAuth client and an MCP client, by rmcp, with the checks it leaves out.
//!
//! In the order of a login: `address` (which URLs a token may go to), `contact` (the first 401), `discovery`
//! (protected resource metadata, issuer metadata), `registration` (as which client), `callback` and `listener`
//! (the way back from the browser), `pasted` (the same by hand), `flow` (all of it); then `kept` and `refresh`.
//! `session` speaks MCP.

mod address;
mod callback;
mod contact;
mod discovery;
mod flow;
mod kept;
mod listener;
mod pasted;
mod refresh;
mod registration;
mod session;

pub(crate) use address::{Reach, ServerUrl};
pub(crate) use contact::contact;
pub(crate) use flow::{Browser, LogIn, Scopes};
pub(crate) use kept::{Renewal, Usable};
pub(crate) use registration::Wanted;
pub(crate) use session::{Refusal, Session};

use crate::Failure;

/// Runs one step of a command on a runtime of its own. The keyring is used between steps, never within: it
/// blocks, and may run an executor itself.
///
/// # Errors
/// No thread or file descriptor left.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
