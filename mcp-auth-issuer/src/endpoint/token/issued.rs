//! What a grant answers.

use std::net::IpAddr;

use mcp_auth_core::ScopeSet;
use serde::Serialize;
use serde_json::Value;

use super::Binding;
use crate::issuer::Issuer;
use crate::observe::Word;
use crate::observe::token::TokenIssued;

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
    /// The resource that an assertion named, as it named it (draft-ietf-oauth-identity-assertion-authz-grant §4.4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Value>,
    #[serde(skip)]
    to: To,
}

/// To whom an access token is issued, and why, for its event.
pub(super) struct To {
    pub(super) grant: Word,
    pub(super) client_id: String,
    pub(super) subject: String,
    /// The [name](mcp_auth_store::grant_name) of the grant that it came of.
    pub(super) grant_id: Option<String>,
    /// Whose access token it was exchanged for.
    pub(super) of_client: Option<String>,
    /// The issuer of the assertion, and whom it is about there.
    pub(super) assertion: Option<(String, String)>,
}

impl To {
    /// One that stands for nothing else.
    pub(super) fn new(
        grant: &'static str,
        client_id: &str,
        subject: impl Into<String>,
        grant_id: Option<String>,
    ) -> Self {
        let (grant, client_id, subject) = (Word(grant), client_id.to_owned(), subject.into());
        Self { grant, client_id, subject, grant_id, of_client: None, assertion: None }
    }
}

impl Issued {
    pub(super) fn new(
        issuer: &Issuer,
        access_token: String,
        refresh_token: Option<String>,
        scopes: &ScopeSet,
        binding: &Binding,
        to: To,
    ) -> Self {
        Self {
            access_token,
            issued_token_type: None,
            token_type: binding.token_type(),
            expires_in: issuer.lifetimes.access_token,
            refresh_token,
            scope: scopes.to_string(),
            resource: None,
            to,
        }
    }

    /// The same of an access token that was exchanged, and lives for so many seconds.
    pub(super) fn exchanged(self, expires_in: u64) -> Self {
        Self { issued_token_type: Some(ACCESS_TOKEN), expires_in, ..self }
    }

    /// The same where an assertion named this server so.
    pub(super) fn at(self, resource: Value) -> Self {
        Self { resource: Some(resource), ..self }
    }

    /// That it was issued, as the operator is told.
    pub(super) fn event(&self, address: Option<IpAddr>) -> TokenIssued<'_> {
        let To { grant, client_id, subject, grant_id, of_client, assertion } = &self.to;
        let assertion = assertion.as_ref();
        TokenIssued {
            grant: *grant,
            client_id,
            subject,
            scopes: &self.scope,
            grant_id: grant_id.as_deref(),
            is_bound: self.token_type == "DPoP",
            of_client: of_client.as_deref(),
            assertion_issuer: assertion.map(|(issuer, _)| &**issuer),
            assertion_subject: assertion.map(|(_, subject)| &**subject),
            address,
        }
    }
}
