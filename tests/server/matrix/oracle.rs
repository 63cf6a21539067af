//! What should come of a case, written as simply as can be: it shares no code with the server.

use mcp_auth::serde_json::{Map, Value};

use super::credential::{Credential, TokenShape};
use super::opaque::{Looks, Said};
use super::operation::{Needs, Operation, Outcome};
use super::rules::{Names, Rules};

/// Who presents the credential.
pub enum Who {
    Nobody,
    /// The credential is bad.
    Refused,
    /// Its issuer does not say.
    CannotTell,
    Holds(Vec<String>),
}

pub fn who(credential: &Credential, rules: &Rules, issuer: &str, audience: &str, now: u64) -> Who {
    let judged = |is_good: bool, claims: &Map<String, Value>| match is_good {
        true => Who::Holds(scopes(claims, rules)),
        false => Who::Refused,
    };
    if may_be_asked(credential, rules, issuer) {
        return match credential.said() {
            Said::Active(claims) => judged(answer_is_good(&claims, rules, issuer, audience, now), &claims),
            Said::Inactive => Who::Refused,
            Said::Nothing(..) => Who::CannotTell,
        };
    }
    match credential {
        Credential::None => Who::Nobody,
        Credential::Key(scopes) => Who::Holds(words(scopes)),
        Credential::ForeignKey | Credential::Garbage(_) | Credential::Opaque(_) => Who::Refused,
        Credential::Token(_) if rules.asked.is_some_and(|asked| asked.all) => Who::Refused,
        Credential::Token(token) => judged(token_is_good(token, rules, issuer, audience, now), &token.claims),
    }
}

/// Whether the issuer may be asked about it: nothing goes to an issuer that it was not made for.
pub fn may_be_asked(credential: &Credential, rules: &Rules, issuer: &str) -> bool {
    let Some(asked) = rules.asked else { return false };
    match credential {
        Credential::None | Credential::Key(_) | Credential::ForeignKey => false,
        Credential::Garbage(text) => !asked.prefix && !text.starts_with("mcpk_") && !text.starts_with("eyJ"),
        Credential::Opaque(token) => match token.looks {
            Looks::Ours => true,
            Looks::Other => !asked.prefix,
            Looks::ApiKey | Looks::Unsigned | Looks::Encrypted => false,
        },
        Credential::Token(token) => {
            let iss = token.claims.get("iss").and_then(Value::as_str);
            asked.all && iss.is_some_and(|iss| names(rules, issuer).contains(&iss.to_owned()))
        }
    }
}

/// `connects` says whether the client has to open a session first, which needs a caller.
pub fn outcome(who: &Who, operation: Operation, connects: bool) -> Outcome {
    let held = match who {
        Who::Refused => return Outcome::BadToken,
        Who::CannotTell => return Outcome::Unavailable,
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

/// What an answer or a token may leave out.
struct Holes {
    audience: bool,
    expiry: bool,
    username: bool,
    /// The client may stand for the subject.
    client: bool,
}

fn token_is_good(token: &TokenShape, rules: &Rules, issuer: &str, audience: &str, now: u64) -> bool {
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
    let holes = Holes { audience: rules.audience_optional, expiry: false, username: false, client: false };
    token.claims.contains_key("iss")
        && issuer_is_good(&token.claims, rules, issuer)
        && claims_are_good(&token.claims, rules, &holes, audience, now)
}

/// What an issuer says of a token that is active.
fn answer_is_good(
    claims: &Map<String, Value>,
    rules: &Rules,
    issuer: &str,
    audience: &str,
    now: u64,
) -> bool {
    let holes = Holes {
        audience: rules.allowed_clients.is_some(),
        expiry: true,
        username: rules.asked.is_some_and(|asked| asked.username),
        client: rules.programs,
    };
    let one_of = |name: &str, words: &[&str]| match claims.get(name) {
        Some(Value::String(text)) => Some(words.contains(&text.as_str())),
        Some(_) => Some(false),
        None => None,
    };
    one_of("token_type", &["Bearer"]) != Some(false)
        && one_of("token_use", &["access", "access_token"]) != Some(false)
        && one_of("typ", &["Offline"]) != Some(true)
        && issuer_is_good(claims, rules, issuer)
        && claims_are_good(claims, rules, &holes, audience, now)
}

/// Every `iss` that is accepted.
fn names(rules: &Rules, issuer: &str) -> Vec<String> {
    match rules.names {
        Names::One => vec![issuer.to_owned()],
        Names::Several | Names::Shared => vec![issuer.to_owned(), format!("{issuer}/old")],
        Names::Tenants { .. } => vec![format!("{issuer}/t1"), format!("{issuer}/t2")],
    }
}

fn issuer_is_good(claims: &Map<String, Value>, rules: &Rules, issuer: &str) -> bool {
    let tid = claims.get("tid").and_then(Value::as_str);
    match (claims.get("iss"), rules.names) {
        (None, Names::One | Names::Shared) => true,
        (None, Names::Several | Names::Tenants { claim: false }) => false,
        (None, Names::Tenants { claim: true }) => matches!(tid, Some("t1" | "t2")),
        (Some(Value::String(iss)), Names::Tenants { claim: true }) => {
            names(rules, issuer).contains(iss) && tid == iss.rsplit('/').next()
        }
        (Some(Value::String(iss)), _) => names(rules, issuer).contains(iss),
        (Some(_), _) => false,
    }
}

fn claims_are_good(
    claims: &Map<String, Value>,
    rules: &Rules,
    holes: &Holes,
    audience: &str,
    now: u64,
) -> bool {
    let is_other_kind = ["at_hash", "c_hash", "cnf"].iter().any(|claim| claims.contains_key(*claim));
    let lacks_use = rules.require_use && claims.get("token_use").and_then(Value::as_str) != Some("access");
    let is_anonymous = rules.refuse_anonymous && claims.get("anonymous") == Some(&Value::Bool(true));
    !(is_other_kind || lacks_use || is_anonymous)
        && audience_is_good(claims, rules, holes, audience)
        && times_are_good(claims, rules, holes, now)
        && subject_is_good(claims, rules, holes)
        && client_is_good(claims, rules)
        && claims.get("act").is_none_or(|act| act.get("sub").is_some_and(Value::is_string))
}

fn audience_is_good(claims: &Map<String, Value>, rules: &Rules, holes: &Holes, audience: &str) -> bool {
    let all: Vec<&str> = match claims.get("aud") {
        None => return holes.audience,
        Some(Value::Array(all)) if all.is_empty() => return holes.audience,
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) if all.iter().all(Value::is_string) => {
            all.iter().filter_map(Value::as_str).collect()
        }
        Some(_) => return false,
    };
    all.contains(&audience) && (all.len() == 1 || !rules.single_audience)
}

fn times_are_good(claims: &Map<String, Value>, rules: &Rules, holes: &Holes, now: u64) -> bool {
    let number = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or(()),
    };
    let (Ok(exp), Ok(nbf), Ok(iat)) = (number("exp"), number("nbf"), number("iat")) else { return false };
    let longest = if rules.short_lives { 3_600 } else { 86_400 };
    let is_early =
        |date: Option<u64>| date.is_some_and(|date| date > now || exp.is_some_and(|exp| date > exp));
    if is_early(nbf) || is_early(iat) {
        return false;
    }
    match exp {
        Some(exp) => exp > now && exp - iat.unwrap_or(now) <= longest,
        None => holes.expiry && now - iat.unwrap_or(now) <= longest,
    }
}

fn is_name(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty() && !text.contains('\n'))
}

fn subject_is_good(claims: &Map<String, Value>, rules: &Rules, holes: &Holes) -> bool {
    let mut named = rules.subject_claims.clone();
    if holes.username {
        named.push("username");
    }
    if holes.client && !named.iter().any(|claim| claims.contains_key(*claim)) {
        return rules.client_claims.iter().find_map(|claim| claims.get(*claim)).is_some_and(is_name);
    }
    for claim in &named {
        match claims.get(*claim) {
            None => {}
            Some(Value::String(text)) if text.is_empty() && named.len() > 1 => {}
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
