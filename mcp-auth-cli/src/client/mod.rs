//! What `login` and `call` are: an OAuth client and an MCP client, by rmcp, with the checks it leaves out.
//!
//! In the order of a login: `address` (which URLs a token may go to), `contact` (the first 401), `discovery`
//! (protected resource metadata, issuer metadata), `registration` (as which client), `callback` and `listener`
//! (the way back from the browser), `pasted` (the same by hand), `flow` (all of it); then `kept` and `refresh`.
//! `session` speaks MCP. [`Client`] is what a command has of all this.

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

use mcp_auth_core::ambient::Clock;
use tokio::runtime::{Builder, Runtime};

use crate::{Failure, outbound};

/// What one command needs to talk to one server and its issuer.
pub(crate) struct Client {
    /// Runs one step of the command at a time. The keyring is used between steps, never within: it blocks, and may
    /// run an executor itself.
    pub(crate) runtime: Runtime,
    pub(crate) http: reqwest::Client,
    pub(crate) server: ServerUrl,
    pub(crate) reach: Reach,
    /// Says when a token ends.
    pub(crate) clock: Box<dyn Clock>,
}

impl Client {
    /// A client of the server at `url`.
    ///
    /// # Errors
    /// A URL that no token may be sent to; no certificate authorities, thread or file descriptor on this machine.
    pub(crate) fn new(url: &str, reach: Reach, clock: impl Clock + 'static) -> Result<Self, Failure> {
        Ok(Self {
            server: ServerUrl::parse(url, reach)?,
            runtime: Builder::new_multi_thread().worker_threads(2).enable_all().build()?,
            http: outbound::client(None)?,
            reach,
            clock: Box::new(clock),
        })
    }
}
