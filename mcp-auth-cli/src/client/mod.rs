//! The OAuth client and MCP client of `login` and `call`: rmcp, with the checks that it leaves out.
//!
//! In the order of a login: `address` (which URLs a token may go to), `contact` (the first 401), `discovery`
//! (protected resource metadata, issuer metadata), `registration` (which client to log in as), `callback` and
//! `listener` (the answer through the browser), `pasted` (the answer pasted by hand), `flow` (the whole login); then
//! `kept` and `refresh`. `session` speaks MCP. [`Client`] holds what a command needs for all of this.

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
    /// Runs one step of the command at a time. The keyring is used between steps, never inside one, because it blocks
    /// and may run an executor itself.
    pub(crate) runtime: Runtime,
    pub(crate) http: reqwest::Client,
    pub(crate) server: ServerUrl,
    pub(crate) reach: Reach,
    /// The time that token expiry is compared with.
    pub(crate) clock: Box<dyn Clock>,
}

impl Client {
    /// A client of the server at `url`.
    ///
    /// # Errors
    /// A URL that a token may not be sent to; or this machine has no certificate authorities, threads or file
    /// descriptors left.
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
