//! The challenge we send (RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1). Its values come from configuration and the
//! declared operations, never from the request.

use http::HeaderValue;

use crate::{Acr, LoginTerms, ScopeSet};

/// The error codes of RFC 6750 §3.1, and of proofs (RFC 9449 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BearerError {
    /// The request is malformed: 400.
    InvalidRequest,
    /// The token is expired, revoked, malformed or not for us: 401.
    InvalidToken,
    /// The token lacks a required scope: 403.
    InsufficientScope,
    /// The login behind the token is too old, or not of the kind that is needed: 401 (RFC 9470 §3).
    InsufficientUserAuthentication,
    /// The proof beside the token is not good: 401.
    InvalidDpopProof,
    /// The proof beside the token needs a nonce of this server: 401.
    UseDpopNonce,
}

impl BearerError {
    /// The code as RFC 6750, RFC 9449 or RFC 9470 spells it, such as `invalid_token`.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InsufficientUserAuthentication => "insufficient_user_authentication",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }

    /// Whether it is about a proof, which only the DPoP scheme has.
    pub fn is_of_proofs(self) -> bool {
        matches!(self, Self::InvalidDpopProof | Self::UseDpopNonce)
    }
}

/// How the client has to present the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// As a bearer token (RFC 6750).
    Bearer,
    /// With a proof that the sender holds the key (DPoP, RFC 9449).
    Dpop {
        /// The signature algorithms accepted for proofs, separated by spaces (RFC 9449 §7.1).
        algs: String,
    },
}

impl Scheme {
    /// The scheme name in the header: `Bearer` or `DPoP`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop { .. } => "DPoP",
        }
    }
}

/// One challenge that we send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The authentication scheme.
    pub scheme: Scheme,
    /// The error and its description; absent when the request carried no credentials (RFC 6750 §3.1).
    pub error: Option<(BearerError, String)>,
    /// The scopes to ask for; left out of the header when the set is empty.
    pub scopes: ScopeSet,
    /// How the person has to log in (RFC 9470 §3); left out where nothing is said.
    pub login: LoginTerms,
}

impl Challenge {
    /// Writes `Bearer error="…", error_description="…", scope="…", resource_metadata="…"`, each at most once; for
    /// DPoP also `algs="…"`. Without metadata (there is no issuer to send a client to) and anything else to say it is
    /// `Bearer realm="mcp"`: some parameter has to follow (RFC 6750 §3).
    pub fn header(&self, resource_metadata: Option<&str>) -> HeaderValue {
        let mut text = String::with_capacity(256);
        text.push_str(self.scheme.name());
        let mut written = 0;
        let mut parameter = |text: &mut String, name: &str| {
            text.push_str(if written == 0 { " " } else { ", " });
            written += 1;
            text.push_str(name);
            text.push_str("=\"");
        };
        if let Some((error, description)) = &self.error {
            parameter(&mut text, "error");
            text.push_str(error.code());
            text.push('"');
            parameter(&mut text, "error_description");
            push_quotable(&mut text, description);
            text.push('"');
        }
        if !self.scopes.is_empty() {
            parameter(&mut text, "scope");
            for (index, scope) in self.scopes.iter().enumerate() {
                if index > 0 {
                    text.push(' ');
                }
                text.push_str(scope.as_str());
            }
            text.push('"');
        }
        if let Some(max_age) = self.login.max_age() {
            parameter(&mut text, "max_age");
            text.push_str(&max_age.as_secs().to_string());
            text.push('"');
        }
        if !self.login.acr_values().is_empty() {
            parameter(&mut text, "acr_values");
            text.push_str(&acr_values(&self.login));
            text.push('"');
        }
        if let Scheme::Dpop { algs } = &self.scheme {
            parameter(&mut text, "algs");
            push_quotable(&mut text, algs);
            text.push('"');
        }
        if let Some(resource_metadata) = resource_metadata {
            parameter(&mut text, "resource_metadata");
            push_quotable(&mut text, resource_metadata);
            text.push('"');
        }
        if written == 0 {
            text.push_str(" realm=\"mcp\"");
        }
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(self.scheme.name()))
    }
}

/// The ways of logging in that are taken, separated by spaces (RFC 9470 §3).
pub fn acr_values(terms: &LoginTerms) -> String {
    terms.acr_values().iter().map(Acr::as_str).collect::<Vec<_>>().join(" ")
}

/// Appends the characters of `text` that a challenge value may hold: `%x20-21 / %x23-5B / %x5D-7E` (RFC 6750 §3).
fn push_quotable(to: &mut String, text: &str) {
    let may_stand = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
    if text.chars().all(may_stand) {
        return to.push_str(text);
    }
    to.extend(text.chars().map(|c| if may_stand(c) { c } else { '?' }));
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = "https://todos.example.com/.well-known/oauth-protected-resource/mcp";

    fn scopes(text: &str) -> ScopeSet {
        ScopeSet::parse_lossy(text)
    }

    #[test]
    fn a06_no_error_without_credentials() {
        let challenge = Challenge {
            scheme: Scheme::Bearer,
            error: None,
            scopes: scopes("todos.read"),
            login: LoginTerms::NONE,
        };
        assert_eq!(
            challenge.header(Some(METADATA)),
            format!("Bearer scope=\"todos.read\", resource_metadata=\"{METADATA}\"")
        );
    }

    #[test]
    fn without_metadata_the_challenge_names_none_and_is_still_well_formed() {
        let challenge =
            |error, scopes| Challenge { scheme: Scheme::Bearer, error, scopes, login: LoginTerms::NONE };
        let invalid = || Some((BearerError::InvalidToken, "no".to_owned()));
        for (challenge, written) in [
            (challenge(None, ScopeSet::new()), "Bearer realm=\"mcp\""),
            (challenge(None, scopes("a b")), "Bearer scope=\"a b\""),
            (
                challenge(invalid(), ScopeSet::new()),
                "Bearer error=\"invalid_token\", error_description=\"no\"",
            ),
        ] {
            assert_eq!(challenge.header(None), written);
        }
    }

    #[test]
    fn insufficient_scope_names_every_scope_once() {
        let challenge = Challenge {
            scheme: Scheme::Bearer,
            error: Some((BearerError::InsufficientScope, "this needs todos.write".to_owned())),
            scopes: scopes("todos.write todos.read"),
            login: LoginTerms::NONE,
        };
        assert_eq!(
            challenge.header(Some(METADATA)),
            format!(
                "Bearer error=\"insufficient_scope\", error_description=\"this needs todos.write\", \
                 scope=\"todos.read todos.write\", resource_metadata=\"{METADATA}\""
            )
        );
    }

    #[test]
    fn dpop_challenge_says_which_algorithms_sign_proofs() {
        let challenge = Challenge {
            scheme: Scheme::Dpop { algs: "ES256".to_owned() },
            error: Some((BearerError::InvalidToken, "no proof".to_owned())),
            scopes: scopes("todos.read"),
            login: LoginTerms::NONE,
        };
        assert_eq!(
            challenge.header(Some(METADATA)),
            format!(
                "DPoP error=\"invalid_token\", error_description=\"no proof\", scope=\"todos.read\", algs=\"ES256\", \
                 resource_metadata=\"{METADATA}\""
            )
        );
    }

    #[test]
    fn a_login_that_is_needed_is_said_as_rfc_9470_does() {
        let acr = |value: &str| value.parse().unwrap();
        let challenge = Challenge {
            scheme: Scheme::Bearer,
            error: Some((BearerError::InsufficientUserAuthentication, "too old".to_owned())),
            scopes: ScopeSet::new(),
            login: LoginTerms::NONE
                .within(std::time::Duration::from_secs(300))
                .by_any(vec![acr("phr"), acr("urn:mfa")])
                .unwrap(),
        };
        assert_eq!(
            challenge.header(None),
            "Bearer error=\"insufficient_user_authentication\", error_description=\"too old\", max_age=\"300\", \
             acr_values=\"phr urn:mfa\""
        );
    }

    #[test]
    fn a17_description_cannot_leave_its_quotes() {
        let challenge = Challenge {
            scheme: Scheme::Bearer,
            error: Some((BearerError::InvalidToken, "a\" , scope=\"admin\r\nX: y\\é".to_owned())),
            scopes: ScopeSet::new(),
            login: LoginTerms::NONE,
        };
        let header = challenge.header(Some(METADATA));
        let text = header.to_str().unwrap_or_default();
        assert!(text.contains("error_description=\"a? , scope=?admin??X: y??\""), "{text}");
    }
}
