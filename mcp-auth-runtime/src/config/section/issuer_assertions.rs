//! `[[issuer.assertions]]`: another issuer, whose assertions stand for a grant at the built-in issuer.

use std::time::Duration;

use mcp_auth_core::{IssuerIdentifier, ScopeSet, bounds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::authn;
use crate::config::value::claim_test::{ClaimTests, tests};
use crate::config::value::jwk_set::JwkSet;
use crate::config::value::scope::set;
use crate::config::value::url::{HttpUrl, IssuerUrl};
use crate::config::value::{NonEmpty, RoleName, ScopeToken, duration, keyword};

keyword! {
    /// What the assertions of an issuer are about.
    AssertionKind {
        /// An identity provider's, each about a person and for one client (Identity Assertion JWT Authorization Grant). The client is one of
        /// `[[issuer.clients]]` with `jwt_bearer` in its `grant_types`.
        IdJag = "id-jag",
        /// A platform's, each about a program that it runs. It needs no other credential.
        Workload = "workload",
    }
}

duration! {
    /// How long an assertion may be valid in all.
    AssertionLifetime within ASSERTION_LIFETIME
}

/// How long an assertion about a program may be valid where nothing is set: platforms make them for an hour.
const OF_WORKLOADS: Duration = bounds::ASSERTION_LIFETIME.max;

/// Another issuer, whose assertions a client presents in place of a person's answer or of a secret (RFC 7523 §2.1).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct IssuerAssertions {
    /// What `iss` of its assertions says, byte for byte: `https`, or `http` on loopback.
    pub issuer: IssuerUrl,
    /// What its assertions are about: `"id-jag"` (people), or `"workload"` (programs).
    pub profile: AssertionKind,
    /// Where its keys are. Without it and without `jwks` they are found by discovery (RFC 8414, OpenID Connect Discovery).
    #[serde(default)]
    pub jwks_uri: Option<HttpUrl>,
    /// Its public keys themselves: a JWK Set, as a table or as `file:/path` of one in JSON.
    #[serde(default)]
    pub jwks: Option<JwkSet>,
    /// How long an assertion may be valid in all. The default for a workload is an hour.
    #[serde(default)]
    pub max_lifetime: Option<AssertionLifetime>,
    /// The programs whose assertions are taken, with the profile `workload`.
    #[serde(default)]
    pub workloads: Vec<IssuerWorkload>,
}

/// A program that a platform runs, and what it gets. To this server it is a client.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct IssuerWorkload {
    /// What its tokens call it, in `client_id` and `sub`: a name that no user and no client has.
    pub client_id: NonEmpty,
    /// What `sub` of its assertions says, exactly.
    pub subject: NonEmpty,
    /// What else their claims must say, all of it: a table as in `require_claims` of `[[auth.issuers]]`. Never empty.
    pub require_claims: ClaimTests,
    /// The largest set of scopes that it gets.
    #[serde(default)]
    pub scopes: Vec<ScopeToken>,
    /// Roles of `[roles]` that it holds, and all that those imply.
    #[serde(default)]
    pub roles: Vec<RoleName>,
    /// Claims of its tokens, beside those that every token has.
    #[serde(default)]
    pub claims: Map<String, Value>,
}

impl IssuerAssertions {
    /// The issuer.
    pub fn identifier(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// How long an assertion may be valid in all.
    pub fn longest(&self) -> Duration {
        match (self.max_lifetime, self.profile) {
            (Some(longest), _) => longest.get(),
            (None, AssertionKind::IdJag) => AssertionLifetime::default().get(),
            (None, AssertionKind::Workload) => OF_WORKLOADS,
        }
    }
}

impl IssuerWorkload {
    /// The scopes that it gets.
    pub fn scopes(&self) -> ScopeSet {
        set(&self.scopes)
    }

    /// What the claims of its assertions must say.
    pub fn claim_rules(&self) -> authn::ClaimTests {
        tests(&self.require_claims)
    }
}
