//! `[[issuer.clients]]`: a client that the operator registered, and how it authenticates.

use std::collections::BTreeSet;

use mcp_auth_core::ScopeSet;
use mcp_auth_store::{Client, GrantType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::value::client::{ClientGrant, ClientRedirectUri};
use crate::config::value::jwk_set::JwkSet;
use crate::config::value::scope::set;
use crate::config::value::secret::Secret;
use crate::config::value::sha256::Sha256;
use crate::config::value::url::HttpsUrl;
use crate::config::value::{DisplayName, NonEmpty, RoleName, ScopeToken};

/// A client that the operator registered (OAuth 2.1 §2): one that gets tokens for itself, or one that people log in with. It has exactly
/// one of `client_secret`, `client_secret_sha256`, `jwks` and `jwks_uri`, or says `public = true`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct IssuerClient {
    /// Its client identifier.
    pub client_id: NonEmpty,
    /// The name that people see. Without it they see that it has none.
    #[serde(default)]
    pub name: Option<DisplayName>,
    /// Where its secret is: at least 16 characters.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// The SHA-256 of its secret, in place of the secret, which must be at least 32 random characters: whoever reads the hash of a shorter one
    /// can find it.
    #[serde(default)]
    pub client_secret_sha256: Option<Sha256>,
    /// The public keys that it signs with (`private_key_jwt`): a JWK Set, as a table or as `file:/path` of one in JSON.
    #[serde(default)]
    pub jwks: Option<JwkSet>,
    /// The https URL of its JWK Set, in place of the set. It is fetched as client metadata documents are.
    #[serde(default)]
    pub jwks_uri: Option<HttpsUrl>,
    /// Whether it does not authenticate, as a program on people's computers cannot.
    #[serde(default)]
    pub public: bool,
    /// Where answers to it may be sent, byte for byte; of `http` on loopback the port may be any.
    #[serde(default)]
    pub redirect_uris: Vec<ClientRedirectUri>,
    /// Whether its authorization requests have to be pushed first (RFC 9126 §6), whatever `issuer.require_par` says.
    #[serde(default)]
    pub require_par: bool,
    /// Whether it gets no token without a proof of its key (DPoP, RFC 9449 §5.2): then none of its tokens is of use to who copied it.
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// What it may present at the token endpoint. Without it: `client_credentials`; with `redirect_uris` instead `authorization_code` and
    /// `refresh_token`.
    #[serde(default)]
    pub grant_types: Option<Vec<ClientGrant>>,
    /// The largest set of scopes that it gets where no person decides.
    #[serde(default)]
    pub scopes: Vec<ScopeToken>,
    /// Further clients whose access tokens it may exchange, by their `client_id`; its own it always may. Only with `token_exchange` in
    /// `grant_types`.
    #[serde(default)]
    pub exchange_from: Vec<NonEmpty>,
    /// Roles of `[roles]` that it holds, and all that those imply.
    #[serde(default)]
    pub roles: Vec<RoleName>,
    /// Claims of its tokens, beside those that every token has.
    #[serde(default)]
    pub claims: Map<String, Value>,
}

impl IssuerClient {
    /// The scopes it gets where no person decides.
    pub fn scopes(&self) -> ScopeSet {
        set(&self.scopes)
    }

    /// What it may present at the token endpoint.
    pub fn grant_types(&self) -> BTreeSet<GrantType> {
        match &self.grant_types {
            Some(named) => named.iter().map(|grant| grant.get()).collect(),
            None if self.redirect_uris.is_empty() => [GrantType::ClientCredentials].into(),
            None => Client::for_people(true),
        }
    }

    /// The keys that say how it authenticates, of those that are set.
    pub(in crate::config) fn credentials(&self) -> Vec<&'static str> {
        let all = [
            ("client_secret", self.client_secret.is_some()),
            ("client_secret_sha256", self.client_secret_sha256.is_some()),
            ("jwks", self.jwks.is_some()),
            ("jwks_uri", self.jwks_uri.is_some()),
            ("public", self.public),
        ];
        all.into_iter().filter(|(_, is_set)| *is_set).map(|(key, _)| key).collect()
    }
}
