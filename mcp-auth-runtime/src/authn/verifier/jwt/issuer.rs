//! Whom we trust: one issuer, where its keys are, and what its tokens must look like.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::IssuerIdentifier;
use mcp_auth_core::net::Host;
use serde_json::Value;
use url::Url;

use super::algorithm::Algorithm;
use super::bounds;
use super::own_keys::OwnKeys;
use crate::authn::fetch::may_ask;
use crate::authn::verifier::claims::{Accepted, TokenRules};

/// The algorithms of a key that does not say its own, where the issuer is set to none.
pub(crate) const DEFAULT_ALGORITHMS: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
/// No time of [`KeyRefresh`] is longer.
pub(crate) const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// One issuer and its rules. Plain data: it knows nothing of configuration files.
#[derive(Debug, Clone)]
pub struct IssuerRules {
    /// Who issues the tokens: where its metadata is, and what it is called in messages.
    pub issuer: IssuerIdentifier,
    /// What `iss` may say, each byte for byte (RFC 9068 §4); never none. `issuer` itself unless it calls itself otherwise there.
    pub accepted: Vec<Accepted>,
    /// What else than `issuer` its metadata may call it: names in `accepted`, and what stands there for every tenant.
    pub also_called: Vec<String>,
    /// Where its keys are.
    pub keys: KeySource,
    /// Whether metadata without a `jwks_uri` is fine: the issuer then signs no tokens, and is asked about those it makes.
    pub keys_optional: bool,
    /// The one host, inside a network of the operator's own, whose documents may be fetched over plain http.
    pub allow_http: Option<Host>,
    /// If set, the only algorithms its tokens may use; never empty. Without it each key decides: any [`Algorithm`] that it
    /// says in `alg` (RFC 7517 §4.4), else RS256, ES256 and EdDSA.
    pub algorithms: Option<Vec<Algorithm>>,
    /// Demand `typ` `at+jwt` (RFC 9068 §4). Without it `JWT` and an absent `typ` pass as well.
    pub require_at_jwt: bool,
    /// How its keys are kept fresh. Not used with [`KeySource::Static`].
    pub refresh: KeyRefresh,
    /// What its tokens must say.
    pub tokens: TokenRules,
}

/// Where an issuer's keys are.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum KeySource {
    /// At the `jwks_uri` of its metadata (RFC 8414, OpenID Connect Discovery).
    Discovery,
    /// At this URL.
    JwksUri(Url),
    /// Given as a value, a JWK Set.
    Static(Value),
    /// Those of an issuer in this process, which change while it runs.
    Own(Arc<dyn OwnKeys>),
}

/// How an issuer's keys are kept fresh.
#[derive(Debug, Clone)]
pub struct KeyRefresh {
    /// The shortest time that fetched keys count as fresh, even if HTTP says less.
    pub min: Duration,
    /// The longest time that fetched keys count as fresh. A key the issuer removed is refused after this long.
    pub max: Duration,
    /// How long keys count as fresh when HTTP says nothing, within `min` and `max`. **(default: 10 min)**
    pub unstated: Duration,
    /// An unknown `kid` or a wrong signature causes at most one fetch in this time.
    pub cooldown: Duration,
    /// How long known keys still work when the issuer cannot be reached.
    pub keep: Duration,
    /// The longest that one fetch may take, discovery and keys each by itself.
    pub fetch: Duration,
    /// The largest metadata document or JWK Set, in bytes. **(default: 512 KiB)**
    pub max_bytes: usize,
    /// The most keys looked at in one JWK Set. **(default: 100)**
    pub max_keys: usize,
}

impl Default for KeyRefresh {
    fn default() -> Self {
        Self {
            min: bounds::JWKS_MIN_REFRESH.default,
            max: bounds::JWKS_MAX_REFRESH.default,
            unstated: Duration::from_secs(10 * 60),
            cooldown: bounds::UNKNOWN_KID_COOLDOWN.default,
            keep: bounds::JWKS_MAX_STALE.default,
            fetch: bounds::JWKS_TIMEOUT.default,
            max_bytes: 512 * 1024,
            max_keys: 100,
        }
    }
}

impl IssuerRules {
    /// An issuer with every other rule at its default.
    pub fn new(issuer: IssuerIdentifier, audiences: Vec<String>, keys: KeySource) -> Self {
        Self {
            accepted: vec![Accepted::plain(issuer.as_str())],
            also_called: Vec::new(),
            issuer,
            keys,
            keys_optional: false,
            allow_http: None,
            algorithms: None,
            require_at_jwt: false,
            refresh: KeyRefresh::default(),
            tokens: TokenRules::new(audiences),
        }
    }

    /// Whether a token may be signed with `algorithm` at all. Whether its key may, the key says.
    pub(super) fn may_use(&self, algorithm: Algorithm) -> bool {
        self.algorithms.as_ref().is_none_or(|only| only.contains(&algorithm))
    }

    /// Refuses rules under which checking a token would mean little.
    ///
    /// # Errors
    /// The first [`RulesError`] found.
    pub fn check(&self) -> Result<(), RulesError> {
        let plain = self.allow_http.as_ref();
        if plain.is_some_and(|host| !host.is_private()) {
            return Err(RulesError::AllowHttp);
        }
        match &self.keys {
            KeySource::Static(_) | KeySource::Own(_) => {} // nothing is fetched
            KeySource::Discovery | KeySource::JwksUri(_) if !may_ask(self.issuer.url(), plain) => {
                return Err(RulesError::Issuer);
            }
            KeySource::JwksUri(uri) if !may_ask(uri, plain) => return Err(RulesError::JwksUri),
            KeySource::Discovery | KeySource::JwksUri(_) => {}
        }
        if self.accepted.is_empty() {
            return Err(RulesError::NoName);
        }
        let tokens = &self.tokens;
        if tokens.audiences.is_empty() || tokens.audiences.iter().any(|a| a.is_empty() || a == "*") {
            return Err(RulesError::Audience);
        }
        if tokens.audience_optional && tokens.allowed_clients.as_ref().is_none_or(Vec::is_empty) {
            return Err(RulesError::AudienceOptional);
        }
        if self.algorithms.as_ref().is_some_and(Vec::is_empty) {
            return Err(RulesError::NoAlgorithm);
        }
        if tokens.clock_skew > bounds::CLOCK_SKEW.max {
            return Err(RulesError::ClockSkew);
        }
        if tokens.max_token_lifetime.is_zero() {
            return Err(RulesError::Lifetime);
        }
        let refresh = &self.refresh;
        let limits =
            [refresh.min, refresh.max, refresh.unstated, refresh.cooldown, refresh.keep, refresh.fetch];
        if limits.iter().any(|t| t.is_zero() || *t > A_YEAR) || refresh.min > refresh.max {
            return Err(RulesError::Refresh);
        }
        Ok(())
    }
}

/// Invalid rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// RFC 8414 §2.
    #[error("an issuer is an https URL without query, fragment or userinfo (http on loopback only)")]
    Issuer,
    /// No token could be its own.
    #[error("an issuer needs at least one `iss`")]
    NoName,
    /// RFC 8414 §2.
    #[error("jwks_uri is not https (http on loopback only)")]
    JwksUri,
    /// A host that the internet can have.
    #[error("plain http is for hosts inside a network of one's own")]
    AllowHttp,
    /// RFC 8707 §2.
    #[error("an issuer needs at least one audience, and none may be empty or `*`")]
    Audience,
    /// Tokens for no one in particular, of any client.
    #[error("without an audience only tokens of allowed clients are accepted, and none is allowed")]
    AudienceOptional,
    /// RFC 8725 §3.1.
    #[error("an issuer needs at least one algorithm")]
    NoAlgorithm,
    /// The clock skew is above [`bounds::CLOCK_SKEW`].
    #[error("clock skew is above {}s", bounds::CLOCK_SKEW.max.as_secs())]
    ClockSkew,
    /// The longest lifetime of a token is zero.
    #[error("max token lifetime is zero")]
    Lifetime,
    /// A zero, more than a year, or `min` above `max`.
    #[error("a key refresh time is zero or above a year, or its minimum is above its maximum")]
    Refresh,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(issuer: &str) -> IssuerRules {
        IssuerRules::new(issuer.parse().unwrap(), vec!["https://rs.example/mcp".into()], KeySource::Discovery)
    }

    #[test]
    fn c03_issuer_is_https_or_loopback_and_plain() {
        for ok in [
            "https://as.example",
            "https://as.example/",
            "https://as.example/t/1",
            "http://localhost:9000",
            "http://127.0.0.1:9000",
            "http://[::1]:9000/x",
        ] {
            assert_eq!(rules(ok).check(), Ok(()), "{ok}");
        }
        for bad in ["http://as.example", "http://localhost.evil", "http://a.localhost"] {
            assert_eq!(rules(bad).check(), Err(RulesError::Issuer), "{bad}");
        }
        for bad in [
            "",
            "as.example",
            "https://as.example?x",
            "https://as.example#x",
            "https://u@as.example",
            "https://u:p@as.example",
            "file:///etc/passwd",
            "ftp://127.0.0.1",
        ] {
            assert!(bad.parse::<IssuerIdentifier>().is_err(), "{bad}");
        }
    }

    #[test]
    fn c03_plain_http_is_for_the_one_private_host_that_is_named() {
        let allowing = |issuer: &str, host: &str| IssuerRules {
            allow_http: Some(host.parse().unwrap()),
            ..rules(issuer)
        };
        for (issuer, host) in [
            ("http://keycloak:8080/realms/a", "keycloak"),
            ("http://10.0.0.7:8080", "10.0.0.7"),
            ("http://[fd00::1]", "[fd00::1]"),
        ] {
            assert_eq!(allowing(issuer, host).check(), Ok(()), "{issuer}");
            assert_eq!(rules(issuer).check(), Err(RulesError::Issuer), "{issuer}");
            assert_eq!(allowing(issuer, "other").check(), Err(RulesError::Issuer), "{issuer}");
            let keys = |uri: &str| KeySource::JwksUri(Url::parse(uri).unwrap());
            let with = |uri: &str| IssuerRules { keys: keys(uri), ..allowing(issuer, host) }.check();
            assert_eq!(with(&format!("http://{host}:9/keys")), Ok(()));
            assert_eq!(with("http://keys:9/keys"), Err(RulesError::JwksUri));
        }
        for public in ["login.example.com", "8.8.8.8", "169.254.169.254", "localhost"] {
            assert_eq!(
                allowing("https://as.example", public).check(),
                Err(RulesError::AllowHttp),
                "{public}"
            );
        }
    }

    #[test]
    fn c04_audience_empty_or_star_is_refused() {
        for bad in
            [vec![], vec![String::new()], vec!["*".to_owned()], vec!["https://rs".to_owned(), "*".to_owned()]]
        {
            let mut rules = rules("https://as.example");
            rules.tokens.audiences = bad;
            assert_eq!(rules.check(), Err(RulesError::Audience));
        }
    }

    #[test]
    fn c04_audience_is_optional_for_allowed_clients_alone() {
        let mut rules = rules("https://as.example");
        rules.tokens.audience_optional = true;
        for (clients, expected) in [
            (None, Err(RulesError::AudienceOptional)),
            (Some(vec![]), Err(RulesError::AudienceOptional)),
            (Some(vec!["app".to_owned()]), Ok(())),
        ] {
            rules.tokens.allowed_clients = clients;
            assert_eq!(rules.check(), expected);
        }
    }

    #[test]
    fn c06_skew_lifetime_and_refresh_times_are_bounded() {
        let base = rules("https://as.example");
        let with = |tokens: TokenRules| IssuerRules { tokens, ..base.clone() };
        let skew = |secs| with(TokenRules { clock_skew: Duration::from_secs(secs), ..base.tokens.clone() });
        assert_eq!(skew(300).check(), Ok(()));
        assert_eq!(skew(301).check(), Err(RulesError::ClockSkew));
        let lifetime = with(TokenRules { max_token_lifetime: Duration::ZERO, ..base.tokens.clone() });
        assert_eq!(lifetime.check(), Err(RulesError::Lifetime));
        for refresh in [
            KeyRefresh { cooldown: Duration::ZERO, ..KeyRefresh::default() },
            KeyRefresh { min: Duration::from_secs(2), max: Duration::from_secs(1), ..KeyRefresh::default() },
        ] {
            assert_eq!(IssuerRules { refresh, ..base.clone() }.check(), Err(RulesError::Refresh));
        }
        assert_eq!(IssuerRules { algorithms: Some(vec![]), ..base }.check(), Err(RulesError::NoAlgorithm));
    }

    #[test]
    fn k09_jwks_uri_is_https_or_loopback() {
        for (uri, ok) in [
            ("https://as.example/k", true),
            ("http://127.0.0.1:1/k", true),
            ("http://as.example/k", false),
            ("file:///k", false),
            ("data:application/json,x", false),
        ] {
            let keys = KeySource::JwksUri(Url::parse(uri).unwrap());
            let checked = IssuerRules { keys, ..rules("https://as.example") }.check();
            assert_eq!(checked.is_ok(), ok, "{uri}");
        }
    }
}
