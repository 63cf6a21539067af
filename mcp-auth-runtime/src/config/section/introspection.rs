//! `[auth.issuers.introspection]`: an issuer that is asked about its opaque tokens, and how.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::authn::verifier::introspection::bounds;
use crate::authn::{IntrospectionKind, Reach};
use crate::config::value::secret::Secret;
use crate::config::value::url::HttpUrl;
use crate::config::value::{NonEmpty, duration, keyword, list};

duration! {
    /// How long a positive answer is remembered, at most until the token expires.
    IntrospectionCacheTtl within INTROSPECTION_CACHE_TTL
}
duration! {
    /// How long a negative answer is remembered.
    NegativeTtl within NEGATIVE_TTL
}
duration! {
    /// The longest that a token waits for its issuer's answer.
    IntrospectionTimeout within INTROSPECTION_TIMEOUT
}

keyword! {
    /// How this server shows itself to an introspection endpoint.
    AuthMethod {
        /// `client_id` and `client_secret` in the header (`client_secret_basic`).
        Basic = "basic",
        /// `client_id` and `client_secret` in the form (`client_secret_post`).
        Post = "post",
        /// A JWT that `private_key` signs (`private_key_jwt`).
        PrivateKeyJwt = "private_key_jwt",
        /// `client_secret` as a bearer token.
        Bearer = "bearer",
        /// Not at all.
        None = "none",
    }
}

/// An issuer that is asked about its opaque tokens.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Introspection {
    /// What the issuer answers: `rfc7662` (token introspection), `google-tokeninfo` (needs `allowed_clients`), or
    /// `github-check-token` (answers about tokens of the OAuth app `client_id` alone).
    #[serde(default)]
    pub kind: IntrospectionKind,
    /// Where it is asked: `https`, or `http` on loopback. Without it, the `introspection_endpoint` of the issuer's metadata;
    /// Google and GitHub have their own.
    #[serde(default)]
    pub endpoint: Option<HttpUrl>,
    /// How this server shows itself there: `basic`, `post`, `private_key_jwt`, `bearer` (`client_secret` is then a key of the
    /// endpoint's) or `none`. Without it `private_key_jwt` where there is a `private_key`, `none` for Google, else `basic`.
    #[serde(default)]
    pub auth: Option<AuthMethod>,
    /// The client identifier of this server at the issuer.
    #[serde(default)]
    pub client_id: Option<NonEmpty>,
    /// Where its secret is.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// Where its private key is, RSA (RS256) or P-256 (ES256): PEM, a JWK, or the JSON file that Zitadel makes.
    #[serde(default)]
    pub private_key: Option<Secret>,
    /// About which tokens it is asked: `opaque` (those that are not JWTs), or `all` (JWTs too whose `iss` is this issuer;
    /// the issuer's keys are then not fetched).
    #[serde(default)]
    pub tokens: Reach,
    /// What its opaque tokens begin with; no other one is sent there. Required where several issuers are asked. Those of
    /// Google begin with `ya29.`, those of GitHub with `gho_` or `ghu_`, unless this says otherwise.
    #[serde(default)]
    pub prefixes: Option<Prefixes>,
    /// Whether `username` is the caller's subject where an answer has no `sub`: only where no two people ever have one name.
    #[serde(default)]
    pub username_as_subject: bool,
    /// How long a positive answer is remembered, at most until the token expires: a token that was revoked is accepted for
    /// so long. Without an expiry in the answer, 10 seconds at most.
    #[serde(default)]
    pub cache_ttl: IntrospectionCacheTtl,
    /// How long a negative answer is remembered.
    #[serde(default)]
    pub negative_ttl: NegativeTtl,
    /// The longest that a token waits for its issuer's answer; later it is answered 503.
    #[serde(default)]
    pub timeout: IntrospectionTimeout,
}

impl Introspection {
    /// How this server shows itself.
    pub fn auth(&self) -> AuthMethod {
        let default = match self.kind {
            _ if self.private_key.is_some() => AuthMethod::PrivateKeyJwt,
            IntrospectionKind::GoogleTokeninfo => AuthMethod::None,
            IntrospectionKind::Rfc7662 | IntrospectionKind::GithubCheckToken => AuthMethod::Basic,
        };
        self.auth.unwrap_or(default)
    }

    /// What the tokens that it is asked about begin with; empty: anything.
    pub fn prefixes(&self) -> Vec<String> {
        match &self.prefixes {
            Some(prefixes) => prefixes.iter().map(|prefix| prefix.as_str().to_owned()).collect(),
            None => self.kind.prefixes().iter().map(|prefix| (*prefix).to_owned()).collect(),
        }
    }

    /// Whether the issuer's keys verify signed tokens of its beside this.
    pub fn is_beside_keys(&self) -> bool {
        self.kind.has_keys() && self.tokens == Reach::Opaque
    }
}

list! {
    /// What tokens begin with.
    Prefixes of NonEmpty,
    "no token could be asked about; leave the key out where no other issuer is asked"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(more: serde_json::Value) -> Result<Introspection, String> {
        serde_json::from_value(more).map_err(|error| error.to_string())
    }

    #[test]
    fn how_this_server_shows_itself_follows_from_what_it_is_given() {
        for (given, expected) in [
            (serde_json::json!({}), AuthMethod::Basic),
            (serde_json::json!({ "private_key": "env:KEY" }), AuthMethod::PrivateKeyJwt),
            (serde_json::json!({ "kind": "google-tokeninfo" }), AuthMethod::None),
            (serde_json::json!({ "kind": "github-check-token" }), AuthMethod::Basic),
            (serde_json::json!({ "auth": "bearer" }), AuthMethod::Bearer),
        ] {
            assert_eq!(read(given.clone()).unwrap().auth(), expected, "{given}");
        }
    }

    #[test]
    fn tokens_of_google_and_github_are_known_by_their_prefixes_unless_others_are_named() {
        let prefixes = |given: serde_json::Value| read(given).unwrap().prefixes();
        assert!(prefixes(serde_json::json!({})).is_empty());
        assert_eq!(prefixes(serde_json::json!({ "kind": "google-tokeninfo" })), ["ya29."]);
        assert_eq!(prefixes(serde_json::json!({ "kind": "github-check-token", "prefixes": ["x_"] })), ["x_"]);
    }

    #[test]
    fn c06_what_is_out_of_range_or_empty_is_refused() {
        for (key, bad, why) in [
            ("cache_ttl", serde_json::json!("61s"), "at most \"1m\""),
            ("cache_ttl", serde_json::json!("0s"), "at least \"1s\""),
            ("negative_ttl", serde_json::json!("2m"), "at most \"1m\""),
            ("timeout", serde_json::json!("0s"), "at least \"1s\""),
            ("timeout", serde_json::json!("31s"), "at most \"30s\""),
            ("prefixes", serde_json::json!([]), "is empty"),
            ("prefixes", serde_json::json!([""]), "is empty"),
            ("kind", serde_json::json!("oauth"), "\"rfc7662\""),
            ("auth", serde_json::json!("client_secret_basic"), "\"basic\""),
            ("client_secret", serde_json::json!("hunter2"), "where the secret is"),
        ] {
            let error = read(serde_json::json!({ key: bad })).unwrap_err();
            assert!(error.contains(why) && !error.contains("hunter2"), "{key}: {error}");
        }
        assert!(read(serde_json::json!({ "negative_ttl": "0s" })).is_ok());
    }
}
