//! The proof that a token was verified. Only this folder makes one.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use mcp_auth_core::ScopeSet;

/// A token every check of its issuer passed, and what it says. Holds no part of the token itself.
pub struct VerifiedToken {
    pub(super) issuer: Arc<str>,
    pub(super) subject: String,
    pub(super) client_id: Option<String>,
    pub(super) scopes: ScopeSet,
    /// Unix seconds; `None` for the local caller, who never expires.
    pub(super) expires_at: Option<u64>,
    pub(super) claims: Map<String, Value>,
}

impl VerifiedToken {
    /// The local caller of a stdio server without a credential: issuer and subject are `local`.
    pub(crate) fn local(scopes: ScopeSet) -> Self {
        Self {
            issuer: Arc::from("local"),
            subject: "local".to_owned(),
            client_id: None,
            scopes,
            expires_at: None,
            claims: Map::new(),
        }
    }

    /// The `iss` claim, exactly as configured.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The `sub` claim: unique only within its issuer.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The OAuth client the token was issued to (`client_id`, else `azp`), if the token says.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The scopes the token holds, as its issuer's `scope_claims` say.
    pub fn scopes(&self) -> &ScopeSet {
        &self.scopes
    }

    /// When it expires, in Unix seconds; `None` for the local caller.
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }

    /// Every claim of the token.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Whether this is the local caller of a stdio server without a credential.
    pub fn is_local(&self) -> bool {
        self.expires_at.is_none()
    }
}

/// Names who, never the claims: they may hold what their issuer thinks private.
impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes.to_string())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Who presents a request: someone verified, or nobody at all. A token that is presented and refused is
/// neither; it is a [`TokenError`](super::TokenError) and gets 401 everywhere.
#[derive(Debug, Clone)]
pub enum Identity {
    /// A verified caller.
    Verified(Arc<VerifiedToken>),
    /// No credentials came.
    Anonymous,
}

/// A verified caller of a test that is not about verifying.
#[cfg(test)]
pub(crate) fn token_of(issuer: &str, subject: &str, client_id: Option<&str>, scopes: &str) -> Identity {
    Identity::Verified(Arc::new(VerifiedToken {
        issuer: Arc::from(issuer),
        subject: subject.to_owned(),
        client_id: client_id.map(str::to_owned),
        scopes: ScopeSet::parse_lossy(scopes),
        expires_at: Some(2_000_000_000),
        claims: Map::new(),
    }))
}
