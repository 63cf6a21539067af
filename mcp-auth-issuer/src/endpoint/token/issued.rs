//! What a grant answers.

use mcp_auth_core::ScopeSet;
use serde::Serialize;

use super::Binding;
use crate::issuer::Issuer;

/// How token exchange names an access token (RFC 8693 §3).
pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A successful token response (OAuth 2.1 §3.2.3).
#[derive(Serialize)]
pub(super) struct Issued {
    access_token: String,
    /// What was issued; only token exchange says it (RFC 8693 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
    token_type: &'static str,
    /// The lifetime of the access token, in seconds.
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Always sent, because it may differ from the requested scope (OAuth 2.1 §3.2.2.1); left out only if it is
    /// empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
}

impl Issued {
    pub(super) fn new(
        issuer: &Issuer,
        access_token: String,
        refresh_token: Option<String>,
        scopes: &ScopeSet,
        binding: &Binding,
    ) -> Self {
        Self {
            access_token,
            issued_token_type: None,
            token_type: binding.token_type(),
            expires_in: issuer.lifetimes.access_token,
            refresh_token,
            scope: scopes.to_string(),
        }
    }

    /// The same of an access token that was exchanged, and lives for so many seconds.
    pub(super) fn exchanged(self, expires_in: u64) -> Self {
        Self { issued_token_type: Some(ACCESS_TOKEN), expires_in, ..self }
    }
}
