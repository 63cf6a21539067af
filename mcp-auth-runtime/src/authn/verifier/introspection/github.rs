//! GitHub's answer about a token of an OAuth app, in the words of RFC 7662.

use std::time::UNIX_EPOCH;

use serde_json::{Map, Value};

pub(super) const EXPECTED: &str =
    "a token of a GitHub OAuth app (`app.client_id`, `user`, `scopes`, `expires_at`)";

/// Who it is for, of which app, and what it may; `None` where one of them is not as GitHub documents it. The token itself
/// and its hash, which the answer repeats, are left out.
pub(super) fn claims(answer: &Map<String, Value>) -> Option<Map<String, Value>> {
    let mut claims = Map::new();
    let app = answer.get("app")?.get("client_id")?.as_str()?;
    claims.insert("client_id".to_owned(), app.into());
    if let Some(user) = answer.get("user").filter(|user| !user.is_null()) {
        claims.insert("sub".to_owned(), user.get("id")?.as_u64()?.to_string().into());
        if let Some(login) = user.get("login") {
            claims.insert("login".to_owned(), login.clone());
        }
    }
    let scopes = match answer.get("scopes") {
        None | Some(Value::Null) => Value::Array(Vec::new()), // a GitHub App: it has permissions, and no scopes
        Some(scopes @ Value::Array(_)) => scopes.clone(),
        Some(_) => return None,
    };
    claims.insert("scope".to_owned(), scopes);
    match answer.get("expires_at") {
        None | Some(Value::Null) => {} // a token that does not expire
        Some(at) => {
            let at = humantime::parse_rfc3339(at.as_str()?).ok()?;
            let seconds = at.duration_since(UNIX_EPOCH).ok()?.as_secs();
            claims.insert("exp".to_owned(), seconds.into());
        }
    }
    Some(claims)
}
