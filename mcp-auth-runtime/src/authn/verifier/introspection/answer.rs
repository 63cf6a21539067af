//! What an endpoint answered: that a token is active, and what it is; that it is not; or nothing that says either, which is
//! never taken for the one or the other.

use http::StatusCode;
use mcp_auth_core::strict_json;
use serde_json::{Map, Value};

use super::error::IntrospectionError;
use super::rules::IntrospectionKind;
use super::{github, google};
use crate::authn::fetch::Fetched;

/// The largest answer, in bytes.
pub(super) const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// What an endpoint said of a token.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// It is active, and this is what it is, in the words of RFC 7662 §2.2.
    Active(Map<String, Value>),
    /// It is not: expired, revoked, of somebody else, or never made.
    Inactive,
}

impl Said {
    /// Without what repeats `token`: claims reach tools, templates and logs, and the token is a secret.
    pub(super) fn without(self, token: &str) -> Self {
        match self {
            Self::Active(mut claims) => {
                scrub(&mut claims, token);
                Self::Active(claims)
            }
            Self::Inactive => Self::Inactive,
        }
    }
}

fn scrub(members: &mut Map<String, Value>, token: &str) {
    members.retain(|name, value| name != token && is_kept(value, token));
}

/// Whether a value is not the token. What is in it is scrubbed.
fn is_kept(value: &mut Value, token: &str) -> bool {
    match value {
        Value::String(text) => text != token,
        Value::Array(values) => {
            values.retain_mut(|value| is_kept(value, token));
            true
        }
        Value::Object(members) => {
            scrub(members, token);
            true
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Reads an answer of `url`.
///
/// # Errors
/// [`IntrospectionError`] where it says nothing of the token.
pub(super) fn read(kind: IntrospectionKind, url: &str, answer: &Fetched) -> Result<Said, IntrospectionError> {
    match (kind, answer.status) {
        // It answers 422 to what cannot be a token of its own.
        (IntrospectionKind::GithubCheckToken, StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY) => {
            return Ok(Said::Inactive);
        }
        (IntrospectionKind::GoogleTokeninfo, StatusCode::BAD_REQUEST) => {
            return google::refusal(&object(url, &answer.body)?).ok_or_else(|| unlike(url, google::EXPECTED));
        }
        (_, StatusCode::OK) => {}
        (_, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            return Err(IntrospectionError::NotOurs { url: url.to_owned(), status: answer.status.as_u16() });
        }
        (_, other) => {
            return Err(IntrospectionError::Status { url: url.to_owned(), status: other.as_u16() });
        }
    }
    let answer = object(url, &answer.body)?;
    match kind {
        IntrospectionKind::Rfc7662 => match answer.get("active") {
            Some(Value::Bool(true)) => Ok(Said::Active(answer)),
            Some(Value::Bool(false)) => Ok(Said::Inactive),
            _ => Err(unlike(
                url,
                "an introspection response, whose `active` is true or false (RFC 7662 section 2.2)",
            )),
        },
        IntrospectionKind::GoogleTokeninfo => Ok(Said::Active(google::claims(answer))),
        IntrospectionKind::GithubCheckToken => {
            github::claims(&answer).map(Said::Active).ok_or_else(|| unlike(url, github::EXPECTED))
        }
    }
}

fn object(url: &str, body: &[u8]) -> Result<Map<String, Value>, IntrospectionError> {
    strict_json::object(body).map_err(|_| unlike(url, "one strict JSON object"))
}

fn unlike(url: &str, expected: &'static str) -> IntrospectionError {
    IntrospectionError::Answer { url: url.to_owned(), expected }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(kind: IntrospectionKind, status: u16, body: &str) -> Result<Said, IntrospectionError> {
        let status = StatusCode::from_u16(status).unwrap();
        let headers = http::HeaderMap::new();
        read(kind, "https://as.example/i", &Fetched { status, headers, body: body.to_owned().into() })
    }

    #[test]
    fn active_is_the_boolean_true_and_nothing_that_resembles_it() {
        let said = |body: &str| said(IntrospectionKind::Rfc7662, 200, body);
        assert!(
            matches!(said(r#"{"active":true,"sub":"alice"}"#), Ok(Said::Active(claims)) if claims["sub"] == "alice")
        );
        assert!(matches!(said(r#"{"active":false,"sub":"alice"}"#), Ok(Said::Inactive)));
        for neither in [
            r#"{"active":"true"}"#,
            r#"{"active":1}"#,
            r#"{"active":null}"#,
            r#"{"active":[true]}"#,
            r#"{"Active":true}"#,
            r#"{"active":true,"active":false}"#,
            r#"{"sub":"alice"}"#,
            r#"{"error":"invalid_client"}"#,
            r#"[{"active":true}]"#,
            "true",
            "null",
            "",
            "<html>active</html>",
        ] {
            assert!(matches!(said(neither), Err(IntrospectionError::Answer { .. })), "{neither}");
        }
    }

    #[test]
    fn t57_a_status_that_says_nothing_of_the_token_is_no_answer() {
        for kind in [
            IntrospectionKind::Rfc7662,
            IntrospectionKind::GoogleTokeninfo,
            IntrospectionKind::GithubCheckToken,
        ] {
            let body = r#"{"active":true,"sub":"a","app":{"client_id":"x"},"user":{"id":1},"error":"x"}"#;
            for status in [201, 204, 302, 307, 401, 403, 429, 500, 502, 503] {
                assert!(said(kind, status, body).is_err(), "{kind:?} {status}");
            }
            let is_github = kind == IntrospectionKind::GithubCheckToken;
            assert_eq!(said(kind, 422, body).is_ok(), is_github, "{kind:?}");
        }
        for status in [400, 404] {
            assert!(said(IntrospectionKind::Rfc7662, status, r#"{"active":false}"#).is_err());
        }
    }

    #[test]
    fn an_answer_that_repeats_the_token_does_not_make_it_a_claim() {
        let body = json!({
            "active": true, "sub": "alice", "token": "s3cret", "s3cret": 1, "scope": ["a", "s3cret"],
            "ext": { "access_token": "s3cret", "of": [{ "raw": "s3cret", "x": "y" }] }, "jti": "s3cret-1",
        });
        let said = said(IntrospectionKind::Rfc7662, 200, &body.to_string()).unwrap().without("s3cret");
        let Said::Active(claims) = said else { panic!("it is active") };
        let kept = json!({
            "active": true, "sub": "alice", "scope": ["a"], "ext": { "of": [{ "x": "y" }] }, "jti": "s3cret-1",
        });
        assert_eq!(Value::Object(claims), kept);
        assert_eq!(Said::Inactive.without("x"), Said::Inactive);
    }

    #[test]
    fn of_google_numbers_are_strings_and_a_bad_token_is_400() {
        let said = |status, body: &str| said(IntrospectionKind::GoogleTokeninfo, status, body);
        let body = json!({
            "aud": "app", "azp": "app", "sub": "1", "scope": "openid", "exp": "1800000600", "expires_in": "600",
            "email_verified": "true",
        });
        let Ok(Said::Active(claims)) = said(200, &body.to_string()) else { panic!("it is active") };
        assert_eq!(claims["exp"], 1_800_000_600);
        assert_eq!(claims["email_verified"], "true", "only dates are read");
        for odd in ["1e9", "", "-1", " 1800000600", "x", "99999999999999999999"] {
            let body = json!({ "exp": odd }).to_string();
            let Ok(Said::Active(claims)) = said(200, &body) else { panic!("it is active") };
            assert_eq!(claims["exp"], odd, "it stays, to be refused");
        }
        assert_eq!(said(400, r#"{"error":"invalid_token"}"#).unwrap(), Said::Inactive);
        assert!(said(400, "{}").is_err() && said(400, "<html>").is_err());
        assert!(said(404, r#"{"error":"invalid_token"}"#).is_err());
    }

    #[test]
    fn of_github_the_app_the_user_and_the_scopes_are_read_and_404_is_a_bad_token() {
        let said = |status, body: Value| said(IntrospectionKind::GithubCheckToken, status, &body.to_string());
        let claims = |body: Value| match said(200, body) {
            Ok(Said::Active(claims)) => Value::Object(claims),
            other => panic!("{other:?}"),
        };
        let token = json!({
            "id": 1, "token": "gho_secret", "hashed_token": "x", "scopes": ["repo", "read:user"],
            "app": { "client_id": "Iv1.abc" }, "user": { "id": 583_231, "login": "octocat" }, "expires_at": null,
        });
        assert_eq!(
            claims(token.clone()),
            json!({ "sub": "583231", "login": "octocat", "client_id": "Iv1.abc", "scope": ["repo", "read:user"] })
        );
        let mut other = token.clone();
        other["scopes"] = Value::Null;
        other["expires_at"] = "2027-01-15T08:10:00Z".into();
        let other = claims(other);
        assert_eq!((&other["scope"], &other["exp"]), (&json!([]), &json!(1_800_000_600)));
        for (member, odd) in [
            ("app", Value::Null),
            ("app", json!({ "client_id": 5 })),
            ("expires_at", json!("soon")),
            ("expires_at", json!(5)),
            ("scopes", json!("repo")),
        ] {
            let mut body = token.clone();
            body[member] = odd;
            assert!(said(200, body).is_err(), "{member}");
        }
        let mut nobody = token;
        nobody["user"] = Value::Null;
        assert_eq!(claims(nobody).get("sub"), None, "it has no subject, which is refused later");
        for status in [404, 422] {
            assert_eq!(said(status, json!({ "message": "Not Found" })).unwrap(), Said::Inactive);
        }
    }
}
