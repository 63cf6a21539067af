//! What the runtime needs of an authorization server in its own process. The runtime knows no more of it:
//! the facade builds one and passes it in, so its keys are known before anything listens, on stdio too.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::{Hierarchy, IssuerIdentifier, Resource, ScopeFamily, ScopeSet};
use mcp_auth_store::Store;

use crate::authn::{DeniedIssued, Fetch, OwnKeys};
use crate::call::upstream::UpstreamTokens;
use crate::config::IssuerReach;
use crate::page::Brand;

/// An authorization server in this process.
pub struct LocalIssuer {
    /// Its issuer identifier, byte for byte what `iss` says (RFC 8414 §2).
    pub issuer: IssuerIdentifier,
    /// Its public keys, which change while it runs.
    pub keys: Arc<dyn OwnKeys>,
    /// Its endpoints and well-known documents, to be merged at the root of the server. Each request has a
    /// [`ClientAddress`](crate::facade::ClientAddress) among its extensions.
    pub router: axum::Router,
    /// The URL of its page on which a person confirms a call, if it has one. Behind it comes `?id=` and the secret under which the
    /// store keeps the call ([`Confirmations`](mcp_auth_store::Confirmations)).
    pub confirmation_page: Option<String>,
    /// The same for the page on which a person connects an account at a provider that a tool acts at.
    pub connect_page: Option<String>,
    /// What providers gave for people, for tools that name one.
    pub upstreams: Option<Arc<dyn UpstreamTokens>>,
}

/// What the runtime tells the one who builds a [`LocalIssuer`].
#[derive(Clone)]
pub struct LocalIssuerSetup {
    /// The issuer identifier to use: the origin of the server's public URL, no trailing slash.
    pub issuer: IssuerIdentifier,
    /// Who can reach it.
    pub reach: IssuerReach,
    /// The one resource tokens may be for: the server's `public_url`, byte for byte.
    pub resource: Resource,
    /// A name for the server, for the consent page.
    pub server_name: String,
    /// How the pages look.
    pub brand: Brand,
    /// Every scope the server declares or configures, with what the consent page says of it.
    pub scopes: BTreeMap<String, Option<String>>,
    /// The families of scopes that calls fill and that it may give, with what the consent page says of them.
    pub families: Vec<(ScopeFamily, Option<String>)>,
    /// Which of them counts for which others, so that the consent page can say so.
    pub hierarchy: Hierarchy,
    /// What a client gets that asks for no scope.
    pub default_scopes: ScopeSet,
    /// The clock and the source of randomness.
    pub ambient: Ambient,
    /// What the server remembers in; the issuer remembers there too, so that one server has one store.
    pub store: Store,
    /// How it asks other servers about people.
    pub fetch: Arc<dyn Fetch>,
    /// What the operator denies: it is not renewed, exchanged or called active.
    pub denied: DeniedIssued,
}

impl fmt::Debug for LocalIssuerSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalIssuerSetup").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
