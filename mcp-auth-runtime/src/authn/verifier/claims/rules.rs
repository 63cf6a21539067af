//! What the credentials of one issuer must say, however they are verified.

use std::time::Duration;

use super::claim_test::ClaimTests;
use crate::authn::binding_mode::Bindings;
use crate::authn::roles::{RoleGrants, RoleRules};
use crate::authn::scope_prefix::ScopePrefix;
use crate::authn::verifier::jwt::bounds;

/// The claim that holds the scopes (RFC 9068 §2.2.3).
const DEFAULT_SCOPE_CLAIM: &str = "scope";
/// The claims that may name the client: RFC 9068 §2.2, else OpenID Connect Core §2.
pub(crate) const DEFAULT_CLIENT_CLAIMS: [&str; 2] = ["client_id", "azp"];
/// The claim that names the subject (RFC 7519 §4.1.2).
pub(crate) const SUBJECT_CLAIM: &str = "sub";

/// The claim that says when the person logged in (RFC 9068 §2.2.1).
pub(crate) const AUTH_TIME_CLAIM: &str = "auth_time";
/// The claim that says by what (RFC 9068 §2.2.1).
pub(crate) const ACR_CLAIM: &str = "acr";

/// What the credentials of one issuer must say. Plain data: it knows nothing of configuration files.
#[derive(Debug, Clone)]
pub struct TokenRules {
    /// Our resource indicators; `aud` must hold one of them, byte for byte. Never empty.
    pub audiences: Vec<String>,
    /// Whether `exp` may be absent: only of what its issuer says itself to be active.
    pub expiry_optional: bool,
    /// The claims that may hold scopes. The first one present counts, never a union: a string split at U+0020,
    /// or an array of strings. Anything else there means no scopes.
    pub scope_claims: Vec<String>,
    /// What stands in front of this server's scopes in tokens; of other scopes only those of OpenID Connect count then.
    pub scope_prefix: Option<ScopePrefix>,
    /// Which roles the claims give.
    pub roles: RoleRules,
    /// What roles give to a token that holds no scope but those of OpenID Connect, where its issuer knows no other scopes.
    pub grants: Option<RoleGrants>,
    /// The claims that may name the client; the first one present counts.
    pub client_claims: Vec<String>,
    /// The claims that may name the subject; the first one present counts. With several, an empty string is not present.
    pub subject_claims: Vec<String>,
    /// The claims that may say when the person logged in; the first one present counts.
    pub auth_time_claims: Vec<String>,
    /// The claims that may say by what; the first one present counts.
    pub acr_claims: Vec<String>,
    /// What the claims must say, all of it.
    pub require_claims: ClaimTests,
    /// What none of the claims may say, alone or in a list.
    pub refuse_claims: ClaimTests,
    /// One of these says that the subject is a program. So does a subject that is the client (RFC 9068 §2.2).
    pub client_when: ClaimTests,
    /// Clock skew allowed on `exp`, `nbf` and `iat`; within [`bounds::CLOCK_SKEW`].
    pub clock_skew: Duration,
    /// The longest lifetime of a token: `exp - iat`, or `exp - now` where `iat` is absent.
    pub max_token_lifetime: Duration,
    /// Whether a token may name no audience. Then `allowed_clients` must be set: nothing else says that it is for us.
    pub audience_optional: bool,
    /// Refuse tokens that name other audiences besides ours.
    pub single_audience: bool,
    /// If set, the only clients whose tokens pass; a token that names no client does not.
    pub allowed_clients: Option<Vec<String>>,
    /// Whether its tokens may or must be bound, by each method.
    pub bindings: Bindings,
    /// The longest one of its tokens is taken at its word before it is verified anew; zero: every time.
    pub token_cache_ttl: Duration,
}

impl TokenRules {
    /// Tokens for these audiences, with every other rule at its default.
    pub fn new(audiences: Vec<String>) -> Self {
        Self {
            audiences,
            expiry_optional: false,
            scope_claims: vec![DEFAULT_SCOPE_CLAIM.to_owned()],
            scope_prefix: None,
            roles: RoleRules::default(),
            grants: None,
            client_claims: DEFAULT_CLIENT_CLAIMS.map(str::to_owned).to_vec(),
            subject_claims: vec![SUBJECT_CLAIM.to_owned()],
            auth_time_claims: vec![AUTH_TIME_CLAIM.to_owned()],
            acr_claims: vec![ACR_CLAIM.to_owned()],
            require_claims: ClaimTests::default(),
            refuse_claims: ClaimTests::default(),
            client_when: ClaimTests::default(),
            clock_skew: bounds::CLOCK_SKEW.default,
            max_token_lifetime: bounds::MAX_TOKEN_LIFETIME.default,
            audience_optional: false,
            single_audience: false,
            allowed_clients: None,
            bindings: Bindings::default(),
            token_cache_ttl: bounds::TOKEN_CACHE_TTL.default,
        }
    }

    /// The last Unix second until which a token that expires then is taken at its word, verified at `now`.
    pub(in crate::authn::verifier) fn believed_until(&self, expires_at: Option<u64>, now: u64) -> u64 {
        let valid_until = expires_at.unwrap_or(now).saturating_add(self.clock_skew.as_secs());
        valid_until.min(now.saturating_add(self.token_cache_ttl.as_secs()))
    }
}
