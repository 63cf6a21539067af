//! What tools reach of the provider that people log in at: an access token of the one who calls.

use std::sync::Arc;

use mcp_auth_runtime::facade::{NoUpstreamToken, UpstreamTokenFuture, UpstreamTokens};

use crate::issuer::Issuer;
use crate::person::LoginError;

/// The provider of the login.
pub(crate) struct Reached(pub(crate) Arc<Issuer>);

impl UpstreamTokens for Reached {
    fn knows(&self, upstream: &str) -> bool {
        self.0.login.upstream() == Some(upstream)
    }

    fn access_token<'a>(&'a self, upstream: &'a str, subject: &'a str) -> UpstreamTokenFuture<'a> {
        Box::pin(async move {
            if !self.knows(upstream) {
                return Err(NoUpstreamToken::LogIn);
            }
            let token = self.0.login.access_token(&self.0.renewal(subject, true)).await;
            match token {
                Ok(token) => token.ok_or(NoUpstreamToken::LogIn),
                Err(LoginError::Unavailable(error)) => Err(NoUpstreamToken::Unavailable(error)),
                Err(error) => Err(NoUpstreamToken::Unavailable(error.into())),
            }
        })
    }
}
