//! What a command has to be a client with.

use mcp_auth_core::ambient::Clock;
use tokio::runtime::{Builder, Runtime};

use super::{Reach, ServerUrl};
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
