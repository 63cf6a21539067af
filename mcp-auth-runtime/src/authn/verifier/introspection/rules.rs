//! Who is asked about opaque tokens: one issuer, in which way, about which tokens, and what it must answer.

use std::time::Duration;

use mcp_auth_core::IssuerIdentifier;
use mcp_auth_core::net::Host;
use serde_json::Map;
use url::Url;

use super::bounds;
use super::client_auth::ClientAuth;
use crate::authn::fetch::may_ask;
use crate::authn::verifier::claims::{Accepted, TokenRules};

/// Where Google answers about its access tokens.
const GOOGLE: &str = "https://oauth2.googleapis.com/tokeninfo";
/// Where GitHub answers about the tokens of an OAuth app; the app's identifier and `/token` follow.
const GITHUB: &str = "https://api.github.com/applications/";

/// One issuer that is asked about tokens. Plain data: it knows nothing of configuration files.
#[derive(Debug, Clone)]
pub struct IntrospectionRules {
    /// Who issues the tokens: its metadata names the endpoint, and it is what a client assertion is for.
    pub issuer: IssuerIdentifier,
    /// What `iss` may say in an answer, each byte for byte; never none. `issuer` itself unless it calls itself otherwise there.
    pub accepted: Vec<Accepted>,
    /// What else than `issuer` its metadata may call it: names in `accepted`, and what stands there for every tenant.
    pub also_called: Vec<String>,
    /// What the answer is like.
    pub kind: IntrospectionKind,
    /// Where it is asked. Without it, the kind's own place, else the `introspection_endpoint` of the issuer's metadata.
    pub endpoint: Option<Url>,
    /// The one host, inside a network of the operator's own, that may be asked over plain http.
    pub allow_http: Option<Host>,
    /// Who we are to the endpoint.
    pub client: ClientAuth,
    /// Which tokens it is asked about.
    pub reach: Reach,
    /// What those tokens begin with; empty: anything.
    pub prefixes: Vec<String>,
    /// Whether `username` is the subject where an answer has no `sub`.
    pub username_as_subject: bool,
    /// Whether signed tokens of the issuer are verified by its keys beside this.
    pub beside_keys: bool,
    /// How long a refusal is remembered; zero: not at all.
    pub negative_ttl: Duration,
    /// The longest that a token waits for the answer.
    pub timeout: Duration,
    /// What an answer must say. A positive one is remembered for its `token_cache_ttl`.
    pub tokens: TokenRules,
}

/// What the answer of an endpoint is like, and how it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum IntrospectionKind {
    /// Token introspection (RFC 7662).
    #[default]
    Rfc7662,
    /// Google's tokeninfo: no `active`, numbers as strings; `aud` is a client.
    GoogleTokeninfo,
    /// GitHub's check of a token of an OAuth app: it answers about tokens of that app alone.
    GithubCheckToken,
}

/// Which tokens an issuer is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// Those that are not JWTs.
    #[default]
    Opaque,
    /// JWTs too whose `iss` is this issuer. Its keys are then not needed.
    All,
}

impl IntrospectionKind {
    /// What the tokens of such an issuer begin with, where it says so.
    pub fn prefixes(self) -> &'static [&'static str] {
        match self {
            Self::Rfc7662 => &[],
            Self::GoogleTokeninfo => &["ya29."],
            Self::GithubCheckToken => &["gho_", "ghu_"],
        }
    }

    /// Whether answers of this kind can say `iss`, or anything of a tenant.
    pub fn says_issuer(self) -> bool {
        self == Self::Rfc7662
    }

    /// Whether an issuer of this kind makes signed access tokens too, which its keys verify.
    pub fn has_keys(self) -> bool {
        self == Self::Rfc7662
    }
}

impl IntrospectionRules {
    /// An issuer that is asked by RFC 7662 at the place its metadata names, with every other rule at its default.
    pub fn new(issuer: IssuerIdentifier, audiences: Vec<String>, client: ClientAuth) -> Self {
        Self {
            accepted: vec![Accepted::plain(issuer.as_str())],
            also_called: Vec::new(),
            issuer,
            kind: IntrospectionKind::default(),
            endpoint: None,
            allow_http: None,
            client,
            reach: Reach::default(),
            prefixes: Vec::new(),
            username_as_subject: false,
            beside_keys: false,
            negative_ttl: bounds::NEGATIVE_TTL.default,
            timeout: bounds::INTROSPECTION_TIMEOUT.default,
            tokens: TokenRules {
                token_cache_ttl: bounds::INTROSPECTION_CACHE_TTL.default,
                ..TokenRules::new(audiences)
            },
        }
    }

    /// Where it is asked, as far as that is known without the issuer's metadata.
    pub(super) fn stated_endpoint(&self) -> Option<Url> {
        let known = || match self.kind {
            IntrospectionKind::Rfc7662 => None,
            IntrospectionKind::GoogleTokeninfo => Url::parse(GOOGLE).ok(),
            IntrospectionKind::GithubCheckToken => {
                let mut url = Url::parse(GITHUB).ok()?;
                url.path_segments_mut().ok()?.pop_if_empty().push(self.client.client_id()?).push("token");
                Some(url)
            }
        };
        self.endpoint.clone().or_else(known)
    }

    /// Refuses rules under which asking would be unsafe, or mean little.
    ///
    /// # Errors
    /// The first [`RulesError`] found.
    pub(super) fn check(&self) -> Result<(), RulesError> {
        let plain = self.allow_http.as_ref();
        match self.stated_endpoint() {
            Some(endpoint) if !may_ask(&endpoint, plain) => return Err(RulesError::Endpoint),
            None if !may_ask(self.issuer.url(), plain) => return Err(RulesError::Issuer),
            Some(_) | None => {}
        }
        if self.accepted.is_empty() {
            return Err(RulesError::NoName);
        }
        if !self.kind.says_issuer() && Accepted::of_answer(&self.accepted, &Map::new()).is_err() {
            return Err(RulesError::UnsaidIssuer);
        }
        let tokens = &self.tokens;
        if tokens.audiences.is_empty() || tokens.audiences.iter().any(|a| a.is_empty() || a == "*") {
            return Err(RulesError::Audience);
        }
        let names_no_client = tokens.allowed_clients.as_ref().is_none_or(Vec::is_empty);
        match self.kind {
            IntrospectionKind::GoogleTokeninfo if names_no_client => return Err(RulesError::Clients),
            IntrospectionKind::GithubCheckToken if !matches!(self.client, ClientAuth::Basic { .. }) => {
                return Err(RulesError::GithubClient);
            }
            _ => {}
        }
        if self.prefixes.iter().any(String::is_empty) {
            return Err(RulesError::Prefix);
        }
        if self.timeout.is_zero() || self.timeout > bounds::INTROSPECTION_TIMEOUT.max {
            return Err(RulesError::Timeout);
        }
        Ok(())
    }
}

/// Invalid rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// Its metadata would be read in the clear.
    #[error("an issuer is an https URL (http on loopback only)")]
    Issuer,
    /// Tokens would travel in the clear.
    #[error("an introspection endpoint is an https URL (http on loopback only)")]
    Endpoint,
    /// No answer would be of this issuer.
    #[error("an issuer needs at least one `iss`")]
    NoName,
    /// Whose a token is would not be known.
    #[error(
        "answers of this kind do not name their issuer, so it has one name, or all of them stand for one"
    )]
    UnsaidIssuer,
    /// RFC 8707 §2.
    #[error("an issuer needs at least one audience, and none may be empty or `*`")]
    Audience,
    /// Google's `aud` is a client, and tokens of every client of every Google user are active there.
    #[error("google-tokeninfo needs allowed_clients")]
    Clients,
    /// GitHub asks for the OAuth app's identifier and secret.
    #[error("github-check-token needs client_id and client_secret")]
    GithubClient,
    /// A prefix of everything.
    #[error("an empty prefix stands for every token; leave it out")]
    Prefix,
    /// The wait for an answer is zero or too long.
    #[error("the time for an introspection is zero or above {}s", bounds::INTROSPECTION_TIMEOUT.max.as_secs())]
    Timeout,
}

/// Whether two issuers could be asked about one token: it could begin as both lists say. An empty list means every token.
pub(crate) fn both_could_be_asked(one: &[String], other: &[String]) -> bool {
    let both = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
    one.is_empty() || other.is_empty() || one.iter().any(|a| other.iter().any(|b| both(a, b)))
}
