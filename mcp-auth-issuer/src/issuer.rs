//! The issuer as its endpoints see it: who it is, what it knows, and the one way it makes an access token.

use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderMap;
use mcp_auth_core::ScopeSet;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_store::{Browser, Client, SecretHash, Store, StoreError};

use crate::client::scopes::Declared;
use crate::key::AccessTokenClaims;
use crate::key::{MintError, SigningKey};
use crate::person::Login;
use crate::person::{Csrf, SessionCookie};
use crate::rate::RateLimit;
use crate::request::origin::IssuerOrigin;
use crate::secret::identifier;

/// Shared by all endpoints.
pub(crate) struct Issuer {
    pub(crate) origin: IssuerOrigin,
    /// The one resource tokens are for, byte for byte.
    pub(crate) resource: String,
    /// For the pages.
    pub(crate) server_name: String,
    pub(crate) scopes: Declared,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) ambient: Ambient,
    pub(crate) key: SigningKey,
    pub(crate) store: Store,
    pub(crate) login: Arc<dyn Login>,
    /// Clients of the configuration, by identifier.
    pub(crate) named: HashMap<String, Client>,
    pub(crate) cookie: SessionCookie,
    pub(crate) csrf: Csrf,
    pub(crate) registrations: RateLimit,
}

/// All in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    pub(crate) access_token: u64,
    pub(crate) refresh_token: u64,
    pub(crate) code: u64,
    pub(crate) session: u64,
}

/// Who an access token is for, and what it allows.
pub(crate) struct Grantee<'a> {
    pub(crate) subject: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) scopes: &'a ScopeSet,
}

impl Issuer {
    /// Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        self.ambient.clock.unix_now()
    }

    /// The client of this identifier, from the configuration or registered.
    pub(crate) async fn client(&self, id: &str) -> Result<Option<Client>, StoreError> {
        match self.named.get(id) {
            Some(named) => Ok(Some(named.clone())),
            None => self.store.clients().find(id).await,
        }
    }

    /// The session identifier of the browser's cookie, and who is logged in there.
    pub(crate) async fn session<'h>(
        &self,
        headers: &'h HeaderMap,
    ) -> Result<(Option<&'h str>, Option<Browser>), StoreError> {
        let Some(id) = self.cookie.read(headers) else {
            return Ok((None, None));
        };
        Ok((Some(id), self.store.browser_sessions().find(SecretHash::of(id), self.now()).await?))
    }

    /// Whether a `resource` parameter names our resource (RFC 8707 §2): the same bytes, save for the case of scheme
    /// and host, which MCP asks servers to forgive, and the slash that URL libraries add to an empty path. The token's
    /// `aud` is ours byte for byte all the same.
    pub(crate) fn is_our_resource(&self, presented: &str) -> bool {
        let (presented_base, presented_path) = split_path(presented);
        let (own_base, own_path) = split_path(&self.resource);
        let root = |path: &str| path.is_empty() || path == "/";
        presented_base.eq_ignore_ascii_case(own_base)
            && (presented_path == own_path || root(presented_path) && root(own_path))
    }

    /// Signs an access token that starts to live now.
    pub(crate) fn access_token(&self, grantee: &Grantee<'_>) -> Result<String, MintError> {
        let iat = self.now();
        self.key.mint(&AccessTokenClaims {
            iss: self.origin.as_str(),
            sub: grantee.subject,
            aud: grantee.resource,
            client_id: grantee.client_id,
            scope: grantee.scopes.clone(),
            iat,
            exp: iat.saturating_add(self.lifetimes.access_token),
            jti: &identifier(&*self.ambient.random),
        })
    }
}

/// Splits a URL behind its authority.
fn split_path(url: &str) -> (&str, &str) {
    let authority = url.find("://").map_or(0, |colon| colon + 3);
    let path = url[authority..].find(['/', '?', '#']).map_or(url.len(), |end| authority + end);
    url.split_at(path)
}
