//! What a refresh asks of a login: whether its person can still log in, and what tokens say of them now.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use mcp_auth_runtime::facade::UpstreamToken;
use mcp_auth_store::Store;
use serde_json::{Map, Value};

use super::login::LoginError;

/// What [`Login::renew`](super::Login::renew) returns.
pub type RenewalFuture<'a> = Pin<Box<dyn Future<Output = Result<Renewed, LoginError>> + Send + 'a>>;

/// What [`Login::access_token`](super::Login::access_token) returns.
pub type AccessTokenFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Option<UpstreamToken>, LoginError>> + Send + 'a>>;

/// A refresh of a grant that a person allowed, or a call of a tool that acts for them at their provider.
#[derive(Clone, Copy)]
pub struct Renewal<'a> {
    /// The person: the `sub` of their tokens.
    pub subject: &'a str,
    /// How old may be what another server said of them, in seconds.
    pub look_every: u64,
    /// The current time, in Unix seconds.
    pub now: u64,
    /// Whether another server may be asked. Who comes with an old refresh token makes nobody ask anybody.
    pub may_ask: bool,
    pub(crate) store: &'a Store,
}

impl fmt::Debug for Renewal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewal")
            .field("subject", &self.subject)
            .field("look_every", &self.look_every)
            .field("now", &self.now)
            .field("may_ask", &self.may_ask)
            .finish_non_exhaustive()
    }
}

/// What a login says at a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Renewed {
    /// All is as it was at the login.
    Unchanged,
    /// Tokens say these claims now, instead of those of the login.
    Claims(Map<String, Value>),
    /// They have to log in again: why, for the log.
    Ended(&'static str),
}
