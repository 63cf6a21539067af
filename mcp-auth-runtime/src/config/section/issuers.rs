//! `[[auth.issuers]]`: an issuer whose tokens are accepted, and what its tokens must be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::introspection::Introspection;
use crate::authn::verifier::jwt::bounds;
use crate::authn::{Algorithm, DEFAULT_CLIENT_CLAIMS, SUBJECT_CLAIM};
use crate::config::value::audience::Audiences;
use crate::config::value::claim_test::ClaimTests;
use crate::config::value::url::{HttpUrl, IssuerUrl, PrivateHost};
use crate::config::value::{NonEmpty, duration, list};

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
    /// Its issuer identifier, byte for byte what `iss` says (RFC 8414 §2): `https`, or `http` on loopback.
    pub issuer: IssuerUrl,
    /// The audiences that mean this server, one string or a list; a token must name one of them. The default is
    /// the server's `public_url`.
    #[serde(default)]
    pub audience: Option<Audiences>,
    /// Where its keys are. Without it they are found by discovery (RFC 8414, OpenID Connect Discovery).
    #[serde(default)]
    pub jwks_uri: Option<HttpUrl>,
    /// The host in `issuer`, or in `jwks_uri`, that may be asked over plain http: one inside a network of your own, such as
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
    /// Claims that may name the OAuth client. The first one present counts.
    #[serde(default)]
    pub client_claims: ClientClaims,
    /// Claims that may name whom the token is for. The first one present counts; of several an empty one is passed over. A
    /// caller's id holds which claim it was.
    #[serde(default)]
    pub subject_claims: SubjectClaims,
    /// What claims must say, or the token is refused: a table from a claim to a string, boolean or whole number, a list of
    /// which one suffices, or `{ present = true }`, `{ starts_with = "…" }`, `{ ends_with = "…" }`. A claim is its name, or
    /// a JSON pointer into nested objects, which starts with `/`.
    #[serde(default)]
    pub require_claims: ClaimTests,
    /// What claims must not say, alone or in a list, or the token is refused: a table as in `require_claims`.
    #[serde(default)]
    pub refuse_claims: ClaimTests,
    /// What claims say in tokens of programs that act for no person: a table as in `require_claims`, of which one suffices.
    /// A token whose subject is its client is always a program's.
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
