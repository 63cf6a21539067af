//! What tools reach of providers: an access token of the one who calls, at the provider that people log in at, or at one where they connected an
//! account.

use std::sync::Arc;

use mcp_auth_runtime::facade::{
    NoUpstreamToken, UpstreamConnection, UpstreamConnectionFuture, UpstreamTokenFuture, UpstreamTokens,
};

use crate::issuer::Issuer;
use crate::person::{Login as _, LoginError};

/// The providers of an issuer.
pub(crate) struct Reached(pub(crate) Arc<Issuer>);

impl Reached {
    fn is_of_login(&self, upstream: &str) -> bool {
        self.0.login.upstream() == Some(upstream)
    }

    /// Whether the person can log in here: who came by an assertion cannot.
    fn logs_in(&self, subject: &str) -> bool {
        !self.0.is_name_of_another(subject)
    }
}

impl UpstreamTokens for Reached {
    fn knows(&self, upstream: &str) -> bool {
        self.is_of_login(upstream) || self.0.connections.contains_key(upstream)
    }

    fn connection<'a>(&'a self, upstream: &'a str, subject: &'a str) -> UpstreamConnectionFuture<'a> {
        Box::pin(async move {
            let Some(provider) = self.0.connections.get(upstream) else {
                return Ok(UpstreamConnection::LogsIn);
            };
            if !self.logs_in(subject) {
                return Ok(UpstreamConnection::CannotConnect);
            }
            match provider.connected(&self.0.renewal(subject, true)).await {
                Ok(Some(_)) => Ok(UpstreamConnection::Connected),
                Ok(None) => Ok(UpstreamConnection::NotConnected),
                Err(error) => Err(error.into()),
            }
        })
    }

    fn access_token<'a>(&'a self, upstream: &'a str, subject: &'a str) -> UpstreamTokenFuture<'a> {
        Box::pin(async move {
            let renewal = self.0.renewal(subject, true);
            let (token, without) = match self.0.connections.get(upstream) {
                Some(_) if !self.logs_in(subject) => return Err(NoUpstreamToken::CannotConnect),
                Some(provider) => (provider.access_token(&renewal).await, NoUpstreamToken::Connect),
                None if self.is_of_login(upstream) => {
                    (self.0.login.access_token(&renewal).await, NoUpstreamToken::LogIn)
                }
                None => return Err(NoUpstreamToken::LogIn),
            };
            match token {
                Ok(token) => token.ok_or(without),
                Err(LoginError::Unavailable(error)) => Err(NoUpstreamToken::Unavailable(error)),
                Err(error) => Err(NoUpstreamToken::Unavailable(error.into())),
            }
        })
    }
}
