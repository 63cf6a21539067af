//! A provider as a tool reaches it, which people log in at or connected an account at: by an access token of the person who calls (`#[tool(upstream = "google")]`).

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use mcp_auth_core::{IssuerIdentifier, ScopeSet, SecretText};
use rmcp::ErrorData;

use super::Call;
use super::from_call::FromCall;
use super::tool_error::ToolError;
use crate::authn::Caller;

/// What [`UpstreamTokens::access_token`] returns.
pub type UpstreamTokenFuture<'a> =
    Pin<Box<dyn Future<Output = Result<UpstreamToken, NoUpstreamToken>> + Send + 'a>>;

/// What [`UpstreamTokens::connection`] returns.
pub type UpstreamConnectionFuture<'a> =
    Pin<Box<dyn Future<Output = Result<UpstreamConnection, Box<dyn Error + Send + Sync>>> + Send + 'a>>;

/// What a person is to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpstreamConnection {
    /// They log in to the built-in issuer there.
    LogsIn,
    /// They connected an account there.
    Connected,
    /// They can connect an account there, and have not.
    NotConnected,
    /// They cannot log in to this server, so they cannot connect an account either: an assertion of another issuer vouches for them.
    CannotConnect,
}

/// What providers gave for people who logged in there or connected an account, as the built-in issuer keeps it.
pub trait UpstreamTokens: Send + Sync {
    /// Whether people log in at a provider of this name, or can connect an account there.
    fn knows(&self, upstream: &str) -> bool;

    /// What the person `subject` is to this provider. A tool that names it runs once they are connected. **(default: they log in there)**
    fn connection<'a>(&'a self, _upstream: &'a str, _subject: &'a str) -> UpstreamConnectionFuture<'a> {
        Box::pin(async { Ok(UpstreamConnection::LogsIn) })
    }

    /// An access token of this provider for the person `subject`, the `sub` of their tokens. One that is about to end is refreshed first: of all who
    /// ask at the same time, in any process, one does.
    fn access_token<'a>(&'a self, upstream: &'a str, subject: &'a str) -> UpstreamTokenFuture<'a>;
}

/// An access token of a provider, to be sent to its API alone. `Debug` hides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamToken {
    token: SecretText,
    scopes: ScopeSet,
}

impl UpstreamToken {
    /// This token, which has these scopes.
    pub fn new(token: SecretText, scopes: ScopeSet) -> Self {
        Self { token, scopes }
    }

    /// The token itself, to be sent.
    pub fn expose(&self) -> &str {
        self.token.expose()
    }

    /// Its scopes, in the words of the provider.
    pub fn scopes(&self) -> &ScopeSet {
        &self.scopes
    }
}

/// Why there is no access token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoUpstreamToken {
    /// Nothing is kept of a login of this person there, or the provider ended it: they have to log in again.
    #[error("the person has to log in at the provider")]
    LogIn,
    /// They have to connect their account there again: the provider ended what it gave, or they disconnected it.
    #[error("the person has to connect their account at the provider")]
    Connect,
    /// They cannot log in to this server, so they cannot connect an account there.
    #[error("the person cannot connect an account at the provider")]
    CannotConnect,
    /// It cannot be told now.
    #[error("the provider cannot be asked now")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// What providers gave for people of the built-in issuer.
pub(crate) struct LocalUpstreams {
    /// Its issuer identifier.
    pub(crate) issuer: IssuerIdentifier,
    pub(crate) tokens: Arc<dyn UpstreamTokens>,
}

/// The provider that a tool names, for the person who calls it.
///
/// ```text
/// #[tool(scope = "calendar.read", upstream = "google")]
/// async fn events(&self, google: Upstream) -> Result<Json<Events>, ToolError> {
///     let token = google.access_token().await?;
///     self.http.get(CALENDAR).bearer_auth(token.expose())
/// }
/// ```
#[derive(Clone)]
pub struct Upstream {
    name: &'static str,
    /// The person, where they logged in at the built-in issuer.
    person: Option<(Arc<dyn UpstreamTokens>, String)>,
}

/// The name alone.
impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Upstream {
    /// That of this name for `caller`. Only a person whose token is of the built-in issuer has logged in there.
    pub(crate) fn of(name: &'static str, local: Option<&LocalUpstreams>, caller: Option<&Caller>) -> Self {
        let person = local.zip(caller).and_then(|(local, caller)| {
            let logged_in_here = !caller.is_client() && caller.issuer() == local.issuer.as_str();
            logged_in_here.then(|| (Arc::clone(&local.tokens), caller.subject().to_owned()))
        });
        Self { name, person }
    }

    /// Its name in the configuration.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// An access token of the person for it, which is refreshed first if it is about to end. Send it to the API of this provider and nowhere else: ask
    /// for it each time, and do not keep it.
    ///
    /// # Errors
    /// What the client may read: that the person has not logged in or connected an account there, or that the provider cannot be asked now.
    pub async fn access_token(&self) -> Result<UpstreamToken, ToolError> {
        let name = self.name;
        let Some((tokens, subject)) = &self.person else {
            return Err(ToolError::forbidden(format!(
                "this tool acts for a person at {name:?}, and the caller is not a person who logged in to this server: log in as one"
            )));
        };
        tokens.access_token(name, subject).await.map_err(|error| match error {
            NoUpstreamToken::LogIn => ToolError::forbidden(format!(
                "this tool acts for a person at {name:?}, which does not know their login any more: log in to this server again"
            )),
            NoUpstreamToken::Connect => ToolError::forbidden(format!(
                "this tool acts for a person at {name:?}, where their account is not connected any more: call it again to connect it"
            )),
            NoUpstreamToken::CannotConnect => ToolError::forbidden(format!(
                "this tool acts for a person at {name:?}, and the caller does not log in to this server, so they cannot connect an account there"
            )),
            NoUpstreamToken::Unavailable(error) => {
                tracing::error!(upstream = name, ?error, "no access token of the provider can be had now");
                ToolError::new(format!("{name:?} cannot be reached now; try again later"))
            }
        })
    }

    /// Whether the person can connect an account there, and has not.
    ///
    /// # Errors
    /// It cannot be told now.
    pub(crate) async fn is_to_be_connected(&self) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let Some((tokens, subject)) = &self.person else { return Ok(false) };
        let connection = tokens.connection(self.name, subject).await?;
        Ok(connection == UpstreamConnection::NotConnected)
    }
}

impl FromCall for Upstream {
    // Its person may have to be asked to connect their account.
    const NEEDS_TRANSPORT: bool = true;

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        call.upstream.clone().ok_or_else(|| {
            tracing::error!(operation = %call.name, "it takes `Upstream`, and its attribute names no upstream");
            ErrorData::internal_error("internal error", None)
        })
    }
}
