//! What should come of a case, written as simply as can be: it shares no code with the server.

use mcp_auth::serde_json::{Map, Value};

use super::credential::{Credential, TokenShape};
use super::operation::{Needs, Operation, Outcome};
use super::rules::Rules;

/// Who presents the credential.
pub enum Who {
    Nobody,
    /// The credential is bad.
    Refused,
    Holds(Vec<String>),
}

pub fn who(credential: &Credential, rules: &Rules, issuer: &str, audience: &str, now: u64) -> Who {
    match credential {
        Credential::None => Who::Nobody,
        Credential::Key(scopes) => Who::Holds(words(scopes)),
        Credential::ForeignKey | Credential::Garbage(_) => Who::Refused,
        Credential::Token(token) => match is_good(token, rules, issuer, audience, now) {
            true => Who::Holds(scopes(&token.claims, rules)),
            false => Who::Refused,
        },
    }
}

/// `connects` says whether the client has to open a session first, which needs a caller.
pub fn outcome(who: &Who, operation: Operation, connects: bool) -> Outcome {
    let held = match who {
        Who::Refused => return Outcome::BadToken,
        Who::Nobody => {
            return match operation.needs {
                Needs::Nothing if !connects => Outcome::Ran,
                _ => Outcome::LogIn,
            };
        }
        Who::Holds(held) => held,
    };
    let has = |scope: &&str| held.iter().any(|held| implied(held).contains(scope));
    let may = match operation.needs {
        Needs::Unknown => return Outcome::Unknown,
        Needs::Nothing | Needs::Anyone => true,
        Needs::All(all) => all.iter().all(has),
        Needs::One(any) => any.iter().any(has),
    };
    if may { Outcome::Ran } else { Outcome::Forbidden }
}

/// What a scope counts for, by the configuration of `everything`.
fn implied(scope: &str) -> Vec<&str> {
    match scope {
        "admin" => vec!["admin", "write", "read"],
        "write" => vec!["write", "read"],
        other => vec![other],
    }
}

fn is_good(token: &TokenShape, rules: &Rules, issuer: &str, audience: &str, now: u64) -> bool {
    let claims = &token.claims;
    if token.by_a_stranger {
        return false;
    }
    if let Some((name, _)) = &token.header
        && *name != "jku"
    {
        return false;
    }
    let typ = token.typ.map(str::to_lowercase);
    let is_at = matches!(typ.as_deref(), Some("at+jwt" | "application/at+jwt"));
    let is_plain = matches!(typ.as_deref(), None | Some("jwt"));
    if !is_at && (rules.require_at_jwt || !is_plain) {
        return false;
    }
    claims.get("iss").and_then(Value::as_str) == Some(issuer)
        && !claims.contains_key("at_hash")
        && !claims.contains_key("c_hash")
        && !claims.contains_key("cnf")
        && (!rules.require_use || claims.get("token_use").and_then(Value::as_str) == Some("access"))
        && !(rules.refuse_anonymous && claims.get("anonymous") == Some(&Value::Bool(true)))
        && audience_is_good(claims, rules, audience)
        && times_are_good(claims, rules, now)
        && subject_is_good(claims, rules)
        && client_is_good(claims, rules)
        && claims.get("act").is_none_or(|act| act.get("sub").is_some_and(Value::is_string))
}

fn audience_is_good(claims: &Map<String, Value>, rules: &Rules, audience: &str) -> bool {
    let all: Vec<&str> = match claims.get("aud") {
        None => return rules.audience_optional,
        Some(Value::Array(all)) if all.is_empty() => return rules.audience_optional,
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) if all.iter().all(Value::is_string) => {
            all.iter().filter_map(Value::as_str).collect()
        }
        Some(_) => return false,
    };
    all.contains(&audience) && (all.len() == 1 || !rules.single_audience)
}

fn times_are_good(claims: &Map<String, Value>, rules: &Rules, now: u64) -> bool {
    let Some(exp) = claims.get("exp").and_then(Value::as_u64) else { return false };
    let number = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or(()),
    };
    let (Ok(nbf), Ok(iat)) = (number("nbf"), number("iat")) else { return false };
    let longest = if rules.short_lives { 3_600 } else { 86_400 };
    exp > now
        && nbf.is_none_or(|nbf| nbf <= now && nbf <= exp)
        && iat.is_none_or(|iat| iat <= now && iat <= exp)
        && exp - iat.unwrap_or(now) <= longest
}

fn is_name(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty() && !text.contains('\n'))
}

fn subject_is_good(claims: &Map<String, Value>, rules: &Rules) -> bool {
    for claim in &rules.subject_claims {
        match claims.get(*claim) {
            None => {}
            Some(Value::String(text)) if text.is_empty() && rules.subject_claims.len() > 1 => {}
            Some(value) => return is_name(value),
        }
    }
    false
}

fn client_is_good(claims: &Map<String, Value>, rules: &Rules) -> bool {
    let named = rules.client_claims.iter().find_map(|claim| claims.get(*claim));
    if named.is_some_and(|value| !is_name(value)) {
        return false;
    }
    let named = named.and_then(Value::as_str);
    rules.allowed_clients.as_ref().is_none_or(|allowed| named.is_some_and(|named| allowed.contains(&named)))
}

fn scopes(claims: &Map<String, Value>, rules: &Rules) -> Vec<String> {
    let claim = rules.scope_claims.iter().find_map(|claim| claims.get(*claim));
    let held = match claim {
        Some(Value::String(text)) => words(text),
        Some(Value::Array(all)) if all.iter().all(Value::is_string) => {
            all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    match rules.scope_prefix {
        Some(prefix) => {
            held.iter().filter_map(|scope| scope.strip_prefix(prefix)).map(str::to_owned).collect()
        }
        None => held,
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
