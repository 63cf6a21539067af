//! What of an answer of the token endpoint is kept (RFC 6749 §5.1).

use mcp_auth_core::{ScopeSet, SecretText};
use mcp_auth_store::UpstreamGrant;
use serde_json::{Map, Value};

/// What a login gave, at `now`. `asked`: the scopes that were asked for, which it has where the answer says none.
pub(super) fn given(answer: &Map<String, Value>, asked: &ScopeSet, now: u64) -> UpstreamGrant {
    UpstreamGrant {
        access_token: secret(answer, "access_token"),
        access_expires_at: expires_in(answer).map(|seconds| now.saturating_add(seconds)),
        refresh_token: secret(answer, "refresh_token"),
        scopes: scopes(answer).unwrap_or_else(|| asked.clone()),
        seen_at: now,
        ..UpstreamGrant::default()
    }
}

/// What becomes of `before` by this answer to its refresh token, which stays valid where no other one came (RFC 6749 §6). What the provider
/// says of the person is as before, and so is why they are let in.
pub(super) fn renewed(answer: &Map<String, Value>, before: &UpstreamGrant, now: u64) -> UpstreamGrant {
    UpstreamGrant {
        refresh_token: secret(answer, "refresh_token").or_else(|| before.refresh_token.clone()),
        nonce: before.nonce.clone(),
        claims: before.claims.clone(),
        let_in_by: before.let_in_by.clone(),
        account: before.account.clone(),
        provider: before.provider.clone(),
        seen_at: before.seen_at,
        ..given(answer, &before.scopes, now)
    }
}

fn secret(answer: &Map<String, Value>, member: &str) -> Option<SecretText> {
    let text = answer.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.map(SecretText::new)
}

/// A number; some providers write it as text.
fn expires_in(answer: &Map<String, Value>) -> Option<u64> {
    let value = answer.get("expires_in")?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// GitHub separates them by commas.
fn scopes(answer: &Map<String, Value>) -> Option<ScopeSet> {
    let text = answer.get("scope").and_then(Value::as_str).filter(|text| !text.is_empty())?;
    Some(ScopeSet::parse_lossy(&text.replace(',', " ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(answer: Value) -> UpstreamGrant {
        given(answer.as_object().unwrap(), &ScopeSet::parse_lossy("openid"), 100)
    }

    #[test]
    fn a_login_is_kept_with_the_time_at_which_its_access_token_ends() {
        let kept = of(
            json!({ "access_token": "a", "refresh_token": "r", "expires_in": 50, "scope": "openid email" }),
        );
        assert_eq!(kept.access_token, Some(SecretText::new("a")));
        assert_eq!(kept.refresh_token, Some(SecretText::new("r")));
        assert_eq!((kept.access_expires_at, kept.seen_at), (Some(150), 100));
        assert_eq!(kept.scopes.to_string(), "email openid");
        assert_eq!(of(json!({ "expires_in": "50" })).access_expires_at, Some(150));
        assert_eq!(of(json!({ "scope": "repo,read:org" })).scopes, ScopeSet::parse_lossy("repo read:org"));
        for nothing in [json!({}), json!({ "expires_in": -1, "access_token": 5, "refresh_token": "" })] {
            let kept = of(nothing);
            assert_eq!((kept.access_token, kept.refresh_token, kept.access_expires_at), (None, None, None));
            assert_eq!(kept.scopes.to_string(), "openid");
        }
    }

    #[test]
    fn a_refresh_token_stays_until_another_one_comes() {
        let before = of(json!({ "access_token": "a", "refresh_token": "r", "expires_in": 50, "scope": "s" }));
        let answer = json!({ "access_token": "b" });
        let after = renewed(answer.as_object().unwrap(), &before, 200);
        assert_eq!(after.access_token, Some(SecretText::new("b")));
        assert_eq!((after.access_expires_at, after.seen_at), (None, 100));
        assert_eq!(
            (after.refresh_token, after.scopes),
            (before.refresh_token.clone(), before.scopes.clone())
        );
        let answer = json!({ "access_token": "b", "refresh_token": "q", "scope": "t" });
        let after = renewed(answer.as_object().unwrap(), &before, 200);
        assert_eq!(after.refresh_token, Some(SecretText::new("q")));
        assert_eq!(after.scopes.to_string(), "t");
    }
}
