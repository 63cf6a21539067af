//! Access tokens: JWTs in the profile of RFC 9068.

use mcp_auth_core::ScopeSet;
use mcp_auth_store::{Authentication, KnownRevocations};
use serde::Serialize;
use serde_json::{Map, Value};

/// The claims of an access token (RFC 9068 §2.2). Times in Unix seconds.
///
/// # Example
/// ```
/// use mcp_auth_issuer::{AccessTokenClaims, Authentication, SigningKey};
/// let claims = AccessTokenClaims {
///     iss: "http://localhost:8080", sub: "alice", aud: "http://localhost:8080/mcp", client_id: "test",
///     scope: Default::default(), iat: 1_000, exp: 1_900, jti: "1", authentication: Some(&Authentication::at(990)),
///     grant_id: None, granted_to: None, known_revocations: Default::default(), cnf: None, act: None, more: None,
/// };
/// let token = SigningKey::generate().unwrap().mint(&claims).unwrap();
/// assert!(token.starts_with("ey"));
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct AccessTokenClaims<'a> {
    /// The issuer identifier, byte for byte.
    pub iss: &'a str,
    /// The person who allowed it; for client credentials, the client itself.
    pub sub: &'a str,
    /// The resource indicator, byte for byte (RFC 8707 §2).
    pub aud: &'a str,
    /// The client it was issued to.
    pub client_id: &'a str,
    /// The scopes it allows; left out if there are none.
    #[serde(serialize_with = "space_separated", skip_serializing_if = "ScopeSet::is_empty")]
    pub scope: ScopeSet,
    /// When it was issued, in Unix seconds.
    pub iat: u64,
    /// The time, in Unix seconds, from which it is no longer valid.
    pub exp: u64,
    /// The identifier of this token.
    pub jti: &'a str,
    /// When and how the person logged in (`auth_time`, `acr`, `amr`; RFC 9068 §2.2.1); left out where no person did.
    #[serde(flatten, serialize_with = "said_of_login")]
    pub authentication: Option<&'a Authentication>,
    /// The grant that it came of, which can be revoked; left out where no person allowed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<&'a str>,
    /// The client that the person allowed it, where another one got it in exchange (RFC 8693); with what that one may do it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granted_to: Option<&'a str>,
    /// The newest revocations that the issuer knew of, of this person or client; left out where there was none for an hour. The clocks of servers
    /// differ, so `iat` alone does not tell whether a token was issued after a revocation.
    #[serde(skip_serializing_if = "KnownRevocations::is_empty")]
    pub known_revocations: KnownRevocations,
    /// The key that it is bound to (RFC 9449 §6.1); left out of bearer tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<BoundKey<'a>>,
    /// Who acts for the subject (RFC 8693 §4.1); left out where nobody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<&'a Map<String, Value>>,
    /// What it says besides; none of the names above.
    #[serde(flatten)]
    pub more: Option<&'a Map<String, Value>>,
}

/// The confirmation method of a token that is bound to a key by DPoP.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct BoundKey<'a> {
    /// The thumbprint of the key (RFC 7638, SHA-256), in base64url.
    pub jkt: &'a str,
}

fn space_separated<S: serde::Serializer>(scope: &ScopeSet, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(scope)
}

/// Of what is kept of a login, the three claims that others may read; what else is kept of it is for the issuer alone.
fn said_of_login<S: serde::Serializer>(
    authentication: &Option<&Authentication>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Said<'a> {
        auth_time: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        acr: Option<&'a str>,
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        amr: &'a [String],
    }
    let said = authentication.map(|login| Said {
        auth_time: login.auth_time,
        acr: login.acr.as_deref(),
        amr: &login.amr,
    });
    said.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_of_a_login_when_and_how_and_nothing_that_is_kept_beside_it() {
        let login = Authentication {
            acr: Some("urn:mcp-auth:pwd".to_owned()),
            amr: vec!["pwd".to_owned()],
            version: 7,
            ..Authentication::at(990)
        };
        let said = |authentication: Option<&Authentication>| {
            let claims = AccessTokenClaims {
                iss: "https://as.example",
                sub: "ann",
                aud: "https://as.example/mcp",
                client_id: "app",
                scope: ScopeSet::default(),
                iat: 1_000,
                exp: 1_900,
                jti: "1",
                authentication,
                grant_id: None,
                granted_to: None,
                known_revocations: KnownRevocations::default(),
                cnf: None,
                act: None,
                more: None,
            };
            let said = serde_json::to_value(&claims).unwrap();
            let standard = ["iss", "sub", "aud", "client_id", "iat", "exp", "jti"];
            let mut said = said.as_object().unwrap().clone();
            said.retain(|claim, _| !standard.contains(&&**claim));
            Value::Object(said)
        };
        let whole = serde_json::json!({ "auth_time": 990, "acr": "urn:mcp-auth:pwd", "amr": ["pwd"] });
        assert_eq!(said(Some(&login)), whole);
        assert_eq!(said(Some(&Authentication::at(990))), serde_json::json!({ "auth_time": 990 }));
        assert_eq!(said(None), serde_json::json!({}));
    }
}
