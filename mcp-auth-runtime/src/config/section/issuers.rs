//! `[[auth.issuers]]`: an issuer whose tokens are accepted, and what its tokens must be.

use mcp_auth_core::IssuerIdentifier;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::introspection::Introspection;
use crate::authn::verifier::jwt::bounds;
use crate::authn::{
    ACR_CLAIM, ANY_TENANT, AUTH_TIME_CLAIM, Algorithm, BindingMode, DEFAULT_CLIENT_CLAIMS, SUBJECT_CLAIM,
};
use crate::config::provider::ProviderName;
use crate::config::value::audience::Audiences;
use crate::config::value::claim_test::ClaimTests;
use crate::config::value::issuer_name::{IssuerName, IssuerNames, TenantName, Tenants};
use crate::config::value::url::{HttpUrl, PrivateHost};
use crate::config::value::{NonEmpty, ScopePrefixText, duration, keyword, list};

duration! {
    /// Clock skew allowed on `exp`, `nbf` and `iat`.
    ClockSkew within CLOCK_SKEW
}
duration! {
    /// The longest lifetime (`exp` minus `iat`, or minus now) a token may have.
    MaxTokenLifetime within MAX_TOKEN_LIFETIME
}
duration! {
    /// How long a verified token is remembered as verified, at most until it expires.
    TokenCacheTtl within TOKEN_CACHE_TTL
}
duration! {
    /// The shortest time between two planned fetches of the keys, even if their HTTP freshness says otherwise.
    JwksMinRefresh within JWKS_MIN_REFRESH
}
duration! {
    /// The longest time between two planned fetches of the keys, even if their HTTP freshness says otherwise.
    JwksMaxRefresh within JWKS_MAX_REFRESH
}
duration! {
    /// The time after a fetch for an unknown `kid` in which no other unknown `kid` causes one.
    UnknownKidCooldown within UNKNOWN_KID_COOLDOWN
}
duration! {
    /// The longest that one fetch of the issuer's metadata or keys may take.
    JwksTimeout within JWKS_TIMEOUT
}
duration! {
    /// How long known keys keep working while the issuer cannot be reached.
    JwksMaxStale within JWKS_MAX_STALE
}

/// An issuer whose tokens are accepted.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TrustedIssuer {
    /// The provider whose habits the other keys follow where they are not set: a name that `mcp-auth providers` lists.
    #[serde(default)]
    pub provider: Option<ProviderName>,
    /// Its issuer identifier, byte for byte what `iss` says (RFC 8414 §2): `https`, or `http` on loopback. A list where one
    /// authorization server says several, all signed with the same keys. `{tenant}` stands for each of `tenants`.
    pub issuer: IssuerNames,
    /// The authorization server: what clients are told to ask, and where its metadata is read. The default is the first
    /// `issuer`; required with `{tenant}`, which may stand in it too, for a server of each tenant's own.
    #[serde(default)]
    pub authorization_server: Option<IssuerName>,
    /// The tenants that `{tenant}` stands for in `issuer`, and no others.
    #[serde(default)]
    pub tenants: Option<Tenants>,
    /// The claim that must say the tenant as well.
    #[serde(default)]
    pub tenant_claim: Option<NonEmpty>,
    /// Whether all of `issuer` mean the same subjects: the first then stands for all of them, in a caller's id too. Only where
    /// the provider says so: else one name's user would be another name's.
    #[serde(default)]
    pub shared_subjects: bool,
    /// The audiences that mean this server, one string or a list; a token must name one of them. The default is
    /// the server's `public_url`.
    #[serde(default)]
    pub audience: Option<Audiences>,
    /// Whether a token may name no audience at all. Only with `allowed_clients`: nothing else then says that a token is for
    /// this server. An audience that is there must be right all the same.
    #[serde(default)]
    pub audience_optional: bool,
    /// Where its keys are. Without it they are found by discovery (RFC 8414, OpenID Connect Discovery).
    #[serde(default)]
    pub jwks_uri: Option<HttpUrl>,
    /// The host in `issuer`, `jwks_uri` or `introspection.endpoint` that may be asked over plain http: one inside a network of your own, such as
    /// a container beside this one. Anyone who can change what passes there can make tokens.
    #[serde(default)]
    pub allow_http: Option<PrivateHost>,
    /// Signature algorithms that are accepted, and no others; asymmetric ones only. Without it each key of the issuer
    /// decides: the algorithm that it says in its `alg`, else RS256, ES256 and EdDSA.
    #[serde(default)]
    pub algorithms: Option<Algorithms>,
    /// Claims that may hold the scopes. The first one present counts, never a union.
    #[serde(default)]
    pub scope_claims: ScopeClaims,
    /// Where a token's scopes come from: `claims` (the claims of `scope_claims`), or `roles` for an issuer that knows no scopes
    /// of this server: from the `grants` of its bearer's roles, unless the token says scopes other than those of OpenID
    /// Connect. Challenges then name no scopes but `base_scopes`.
    #[serde(default)]
    pub scopes_from: ScopesFrom,
    /// What the issuer writes in front of this server's scopes, such as `api://todos/`; it ends with no letter or digit. The
    /// scopes of OpenID Connect bear none.
    #[serde(default)]
    pub scope_prefix: Option<ScopePrefixText>,
    /// Where it stands: `requested` (in what clients ask for, so in challenges and `scopes_supported`), `token`, or `both`. A
    /// token with it holds no scope that bears none.
    #[serde(default)]
    pub scope_prefix_in: ScopePrefixIn,
    /// Claims that may name the OAuth client. The first one present counts.
    #[serde(default)]
    pub client_claims: ClientClaims,
    /// Claims that may name whom the token is for. The first one present counts; of several an empty one is passed over. A
    /// caller's id holds which claim it was.
    #[serde(default)]
    pub subject_claims: SubjectClaims,
    /// Claims that may say when the person logged in, in seconds since 1970. The first one present counts.
    #[serde(default)]
    pub auth_time_claims: AuthTimeClaims,
    /// Claims that may say by what the person logged in: a text or a list of texts. The first one present counts.
    #[serde(default)]
    pub acr_claims: AcrClaims,
    /// What claims must say, or the token is refused: a table from a claim to a string, boolean or whole number, a list of
    /// which one suffices, or `{ present = true }`, `{ starts_with = "…" }`, `{ ends_with = "…" }`. A claim is its name, or
    /// a JSON pointer into nested objects, which starts with `/`.
    #[serde(default)]
    pub require_claims: ClaimTests,
    /// What claims must not say, alone or in a list, or the token is refused: a table as in `require_claims`.
    #[serde(default)]
    pub refuse_claims: ClaimTests,
    /// What claims say in tokens of programs that act for no person: a table as in `require_claims`, of which one suffices.
    /// A token whose `sub` is its subject and its client is always a program's.
    #[serde(default)]
    pub client_when: ClaimTests,
    /// Clock skew allowed on `exp`, `nbf` and `iat`.
    #[serde(default)]
    pub clock_skew: ClockSkew,
    /// The longest lifetime a token may have.
    #[serde(default)]
    pub max_token_lifetime: MaxTokenLifetime,
    /// Whether a token must be typed `at+jwt` (RFC 9068 §2.1). Otherwise `JWT` and no type pass as well.
    #[serde(default)]
    pub require_at_jwt: bool,
    /// Whether a token that names further audiences besides this server is refused.
    #[serde(default)]
    pub single_audience: bool,
    /// The OAuth clients (as `client_claims` name them) whose tokens are accepted. The default is every client.
    #[serde(default)]
    pub allowed_clients: Option<AllowedClients>,
    /// Whether its tokens may or must be bound to a key of their client, with a proof beside each request (DPoP, RFC 9449).
    /// With `off` bound tokens are refused. **(default: `"off"`)**
    #[serde(default)]
    pub dpop: BindingMode,
    /// Whether its tokens may or must be bound to a certificate of their client, which shows it in each TLS handshake
    /// (RFC 8705). Needs `server.client_cert_header`, or `[server.tls]` with `client_certificates`. With `off` bound tokens are refused.
    /// **(default: `"off"`)**
    #[serde(default)]
    pub certificate_bound: BindingMode,
    /// How long a verified token is remembered as verified, at most until it expires.
    #[serde(default)]
    pub token_cache_ttl: TokenCacheTtl,
    /// The shortest time between two planned fetches of the keys, even if their HTTP freshness says otherwise.
    #[serde(default)]
    pub jwks_min_refresh: JwksMinRefresh,
    /// The longest time between two planned fetches of the keys, even if their HTTP freshness says otherwise.
    #[serde(default)]
    pub jwks_max_refresh: JwksMaxRefresh,
    /// The time after a fetch for an unknown `kid` in which no other unknown `kid` causes one.
    #[serde(default)]
    pub unknown_kid_cooldown: UnknownKidCooldown,
    /// The longest that one fetch of the issuer's metadata or keys may take.
    #[serde(default)]
    pub jwks_timeout: JwksTimeout,
    /// How long known keys keep working while the issuer cannot be reached.
    #[serde(default)]
    pub jwks_max_stale: JwksMaxStale,
    /// How the issuer is asked about its opaque tokens. Without it only its signed tokens are accepted.
    #[serde(default)]
    pub introspection: Option<Introspection>,
}

impl TrustedIssuer {
    /// Whether its keys verify tokens. Where they do not, they are never fetched.
    pub fn has_keys(&self) -> bool {
        self.introspection.as_ref().is_none_or(Introspection::is_beside_keys)
    }
}

keyword! {
    /// Where a token's scopes come from. **(default: `"claims"`)**
    ScopesFrom {
        /// From the claims that hold them.
        Claims = "claims",
        /// From the roles of its bearer.
        Roles = "roles",
    }
}

keyword! {
    /// Where a scope prefix stands. **(default: `"both"`)**
    ScopePrefixIn {
        /// In what clients ask for, and in tokens.
        Both = "both",
        /// In what clients ask for alone.
        Requested = "requested",
        /// In tokens alone.
        Token = "token",
    }
}

/// One `iss` that is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcceptedIssuer {
    /// What `iss` says.
    pub iss: IssuerIdentifier,
    /// The issuer of its principals.
    pub stands_for: IssuerIdentifier,
    /// The authorization server that it is of.
    pub server: IssuerIdentifier,
    /// The tenant in it.
    pub tenant: Option<String>,
}

impl AcceptedIssuer {
    /// The only name of its issuer.
    pub(crate) fn plain(iss: IssuerIdentifier) -> Self {
        Self { stands_for: iss.clone(), server: iss.clone(), iss, tenant: None }
    }
}

impl TrustedIssuer {
    /// Whether all of its names stand for one issuer, so that a token that says none of them is that one's.
    pub(crate) fn is_one(&self) -> bool {
        !self.has_tenants() && (self.shared_subjects || self.issuer.len() == 1)
    }

    /// Every `iss` that is accepted, in their order; of each name, that of each tenant.
    pub fn accepted(&self) -> Vec<AcceptedIssuer> {
        let tenants: Vec<Option<&TenantName>> = match &self.tenants {
            Some(tenants) if self.has_tenants() => tenants.iter().map(Some).collect(),
            _ => vec![None],
        };
        let (first, server) =
            (&self.issuer[0], self.authorization_server.as_ref().unwrap_or(&self.issuer[0]));
        let each = self.issuer.iter().flat_map(|name| tenants.iter().map(move |tenant| (name, *tenant)));
        let accepted = each.filter_map(|(name, tenant)| {
            let stands_for = if self.shared_subjects { first } else { name };
            Some(AcceptedIssuer {
                iss: name.of(tenant)?,
                stands_for: stands_for.of(tenant)?,
                server: server.of(tenant)?,
                tenant: tenant.map(|tenant| tenant.as_str().to_owned()),
            })
        });
        accepted.collect()
    }

    /// The authorization servers, each once: one, or one for each tenant.
    pub fn authorization_servers(&self) -> Vec<IssuerIdentifier> {
        let mut servers = Vec::new();
        for accepted in self.accepted() {
            if !servers.contains(&accepted.server) {
                servers.push(accepted.server);
            }
        }
        servers
    }

    /// What the metadata of an authorization server may call it: its own name first in line, every `iss` of its tokens, and
    /// what stands there for every tenant.
    pub(crate) fn names_of(&self, server: &IssuerIdentifier) -> Vec<String> {
        let own = self.accepted().into_iter().filter(|accepted| accepted.server == *server);
        let templates = self.issuer.iter().filter(|name| name.has_tenant()).map(|name| name.with(ANY_TENANT));
        own.map(|accepted| accepted.iss.as_str().to_owned()).chain(templates).collect()
    }

    /// What stands in front of scopes where clients ask for them.
    pub fn requested_prefix(&self) -> Option<&str> {
        self.scope_prefix
            .as_ref()
            .filter(|_| self.scope_prefix_in != ScopePrefixIn::Token)
            .map(|prefix| prefix.as_str())
    }

    /// What stands in front of scopes in tokens.
    pub fn token_prefix(&self) -> Option<&str> {
        self.scope_prefix
            .as_ref()
            .filter(|_| self.scope_prefix_in != ScopePrefixIn::Requested)
            .map(|prefix| prefix.as_str())
    }

    /// Its names with `{tenant}` in them, as written: each means all tenants.
    pub(crate) fn templates(&self) -> impl Iterator<Item = String> {
        let names = self.issuer.iter().chain(&self.authorization_server);
        names.filter(|name| name.has_tenant()).map(|name| name.as_str().to_owned())
    }

    /// Whether `{tenant}` stands in one of its names.
    pub(crate) fn has_tenants(&self) -> bool {
        self.issuer.iter().any(|name| name.has_tenant())
    }
}

list! {
    /// Algorithms that are accepted, and no others.
    Algorithms of Algorithm,
    "without an algorithm no token could be verified; leave the key out to let each key say its own"
}
list! {
    /// Claims that may hold the scopes. **(default: `["scope"]`)**
    ScopeClaims of NonEmpty,
    default "scope".parse().into_iter().collect(),
    "name at least the claim \"scope\""
}
list! {
    /// Claims that may name the client. **(default: `["client_id", "azp"]`)**
    ClientClaims of NonEmpty,
    default DEFAULT_CLIENT_CLAIMS.iter().filter_map(|claim| claim.parse().ok()).collect(),
    "name at least the claim \"client_id\""
}
list! {
    /// Claims that may name the subject. **(default: `["sub"]`)**
    SubjectClaims of NonEmpty,
    default SUBJECT_CLAIM.parse().into_iter().collect(),
    "name at least the claim \"sub\""
}
list! {
    /// Claims that may say when the person logged in. **(default: `["auth_time"]`)**
    AuthTimeClaims of NonEmpty,
    default AUTH_TIME_CLAIM.parse().into_iter().collect(),
    "name at least the claim \"auth_time\""
}
list! {
    /// Claims that may say by what the person logged in. **(default: `["acr"]`)**
    AcrClaims of NonEmpty,
    default ACR_CLAIM.parse().into_iter().collect(),
    "name at least the claim \"acr\""
}
list! {
    /// Clients whose tokens are accepted.
    AllowedClients of NonEmpty,
    "it would let no client in; leave the key out to let every client in"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(more: serde_json::Value) -> Result<TrustedIssuer, String> {
        let mut all = serde_json::json!({ "issuer": "https://issuer.example" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).map_err(|e| e.to_string())
    }

    #[test]
    fn issuer_alone_gets_safe_defaults() {
        let issuer = issuer(serde_json::json!({})).unwrap();
        assert!(issuer.algorithms.is_none());
        assert_eq!(issuer.scope_claims.iter().map(NonEmpty::as_str).collect::<Vec<_>>(), ["scope"]);
        assert_eq!(issuer.clock_skew.get().as_secs(), 30);
        assert!(issuer.allowed_clients.is_none() && issuer.audience.is_none());
        assert_eq!(
            issuer.client_claims.iter().map(NonEmpty::as_str).collect::<Vec<_>>(),
            ["client_id", "azp"]
        );
        assert_eq!(issuer.subject_claims.iter().map(NonEmpty::as_str).collect::<Vec<_>>(), ["sub"]);
    }

    #[test]
    fn audience_is_one_string_or_a_list() {
        let one = issuer(serde_json::json!({ "audience": "a" })).unwrap();
        let two = issuer(serde_json::json!({ "audience": ["a", "b"] })).unwrap();
        assert_eq!(one.audience.unwrap().iter().collect::<Vec<_>>(), ["a"]);
        assert_eq!(two.audience.unwrap().iter().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn c04_empty_or_any_audience_is_refused() {
        for (bad, why) in [
            (serde_json::json!(""), "name no server"),
            (serde_json::json!("*"), "for every server"),
            (serde_json::json!(["a", ""]), "name no server"),
            (serde_json::json!(["*"]), "for every server"),
            (serde_json::json!([]), "is empty"),
            (serde_json::json!(" a"), "no space"),
            (serde_json::json!(5), "one string or an array"),
        ] {
            let error = issuer(serde_json::json!({ "audience": bad })).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn none_hmac_and_unknown_algorithms_are_refused_each_with_its_reason() {
        for (bad, why) in [
            ("none", "proves nothing"),
            ("nOnE", "proves nothing"),
            ("HS256", "shared secret"),
            ("hs512", "shared secret"),
            ("rs256", "did you mean \"RS256\""),
            ("ES256K", "expected \"RS256\""),
            ("", "expected \"RS256\""),
        ] {
            let error = issuer(serde_json::json!({ "algorithms": [bad] })).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
        assert!(issuer(serde_json::json!({ "algorithms": [] })).unwrap_err().contains("is empty"));
    }

    #[test]
    fn c06_skew_ttl_and_cooldown_stay_in_range() {
        for (key, bad, why) in [
            ("clock_skew", "1000000000s", "at most \"5m\""),
            ("clock_skew", "-1s", "expected a duration"),
            ("token_cache_ttl", "0s", "at least \"1s\""),
            ("token_cache_ttl", "61s", "at most \"1m\""),
            ("unknown_kid_cooldown", "0s", "at least \"1s\""),
            ("jwks_min_refresh", "0s", "at least \"1s\""),
            ("jwks_max_refresh", "0s", "at least \"1s\""),
            ("jwks_timeout", "0s", "at least \"1s\""),
            ("jwks_timeout", "31s", "at most \"30s\""),
            ("jwks_max_stale", "0s", "at least \"1m\""),
            ("max_token_lifetime", "0s", "at least \"1m\""),
        ] {
            let error = issuer(serde_json::json!({ key: bad })).unwrap_err();
            assert!(error.contains(why), "{key} {bad}: {error}");
        }
    }

    #[test]
    fn empty_lists_of_claims_or_clients_are_refused() {
        for claims in ["scope_claims", "client_claims", "subject_claims"] {
            assert!(issuer(serde_json::json!({ claims: [] })).unwrap_err().contains("name at least"));
            assert!(issuer(serde_json::json!({ claims: [""] })).is_err());
        }
        assert!(
            issuer(serde_json::json!({ "allowed_clients": [] })).unwrap_err().contains("let no client in")
        );
        assert!(issuer(serde_json::json!({ "allowed_clients": [""] })).is_err());
    }
}
