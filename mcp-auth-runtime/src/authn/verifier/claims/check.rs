//! The checks on the claims of a token whose signature was found good (RFC 7519 §4.1, RFC 9068 §4).

use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::seen::{Excerpt, deceives};
use mcp_auth_core::strict_json;
use serde_json::{Map, Value};

use super::claim_test::ClaimAt;
use super::rules::{SUBJECT_CLAIM, TokenRules};
use crate::authn::actor::Actor;
use crate::authn::confirmation::Confirmation;
use crate::authn::error::TokenError;
use crate::authn::login::Login;
use crate::authn::principal::{Facts, Held};
use crate::authn::scope_prefix::is_of_openid;
use mcp_auth_core::ScopeSet;

/// The last second of the year 9999: a NumericDate beyond it is a mistake or a trick.
pub(super) const LAST_DATE: u64 = 253_402_300_799;
/// The longest `sub` (OpenID Connect Core §2), in bytes.
pub(in crate::authn) const MAX_SUBJECT_BYTES: usize = 255;
/// The longest client identifier, in bytes; with Client ID Metadata Documents it is a URL.
pub(in crate::authn) const MAX_CLIENT_BYTES: usize = 2048;
/// The most scope tokens one token may hold.
const MAX_SCOPES: usize = 1024;

/// Reads a payload as a claims set, strictly.
pub(in crate::authn::verifier) fn read(payload: &[u8]) -> Result<Map<String, Value>, TokenError> {
    strict_json::object(payload).map_err(|_| TokenError::Malformed("payload is not one strict JSON object"))
}

/// The `iss` claim, to choose the issuer by: one string (an array would let a token name two).
pub(in crate::authn::verifier) fn issuer(claims: &Map<String, Value>) -> Result<&str, TokenError> {
    match claims.get("iss") {
        None => Err(TokenError::MissingClaim("iss")),
        Some(Value::String(iss)) => Ok(iss),
        Some(_) => Err(TokenError::Claim { claim: "iss", fault: "is not a string" }),
    }
}

/// Everything that [`check`] would find wrong with `claims`, in its order.
pub(in crate::authn::verifier) fn faults(
    rules: &TokenRules,
    claims: &Map<String, Value>,
    now: u64,
) -> Vec<TokenError> {
    let checks = [
        check_kind(rules, claims),
        rules.bindings.check(claims),
        check_audience(rules, claims),
        check_times(rules, claims, now).map(drop),
        subject(rules, claims).map(drop),
        client(rules, claims).map(drop),
        scopes(rules, claims).map(drop),
        Actor::of(claims).map(drop),
    ];
    checks.into_iter().filter_map(Result::err).collect()
}

/// Checks `claims`, whose `iss` is that of `rules`, and says what they say.
///
/// - Units: `now` in Unix seconds.
/// - Source: RFC 9068 §4, RFC 7519 §4.1.
pub(in crate::authn::verifier) fn check(
    rules: &TokenRules,
    issuer: Arc<str>,
    claims: Map<String, Value>,
    now: u64,
) -> Result<Facts, TokenError> {
    check_kind(rules, &claims)?;
    rules.bindings.check(&claims)?;
    check_audience(rules, &claims)?;
    let expires_at = check_times(rules, &claims, now)?;
    let (subject, subject_claim) = subject(rules, &claims)?;
    let client_id = client(rules, &claims)?;
    // RFC 9068 §2.2 says it of `sub` alone: another claim may be a name that people choose.
    let is_client = (subject_claim.is_none() && client_id.as_ref() == Some(&subject))
        || rules.client_when.any_passes(&claims);
    let login = (!is_client).then(|| {
        let names = (&*rules.auth_time_claims, &*rules.acr_claims);
        Login::of(&claims, names, rules.clock_skew.as_secs(), now)
    });
    let held = Held { login, ..held(rules, &issuer, &claims)? };
    Ok(Facts {
        issuer,
        actor: Actor::of(&claims)?,
        is_client,
        subject,
        subject_claim,
        tenant: None,
        client_id,
        held,
        expires_at,
        confirmation: Confirmation::of(&claims, rules.bindings),
        api_key: None,
        claims: claims.into(),
    })
}

/// Checks `claims` as those of an ID token: for us, of this time, about somebody (OpenID Connect Core §3.1.3.7, checks 3 to 5 and 9).
/// What else a login needs (`nonce`, `auth_time`, `acr`) only the one who asked for it can compare.
pub(in crate::authn::verifier) fn check_id_token(
    rules: &TokenRules,
    claims: &Map<String, Value>,
    now: u64,
) -> Result<(), TokenError> {
    check_audience(rules, claims)?;
    let is_ours = |azp: &Value| rules.audiences.iter().any(|ours| azp == ours);
    let several = claims.get("aud").and_then(Value::as_array).is_some_and(|aud| aud.len() > 1);
    match claims.get("azp") {
        Some(azp) if is_ours(azp) => {}
        None if !several => {}
        Some(_) | None => return Err(TokenError::Claim { claim: "azp", fault: "is not this client" }),
    }
    if !claims.contains_key("iat") {
        return Err(TokenError::MissingClaim("iat"));
    }
    check_times(rules, claims, now)?;
    subject(rules, claims).map(drop)
}

/// Whether this is an access token at all, and of the kind that the issuer is trusted with.
fn check_kind(rules: &TokenRules, claims: &Map<String, Value>) -> Result<(), TokenError> {
    // Only ID tokens hash what came beside them (OpenID Connect Core §3.1.3.6, §3.3.2.11). `nonce` is not such
    // a sign: some issuers put it into access tokens.
    if claims.contains_key("at_hash") || claims.contains_key("c_hash") {
        return Err(TokenError::IdToken);
    }
    let written = |at: &ClaimAt| at.written.clone();
    if let Some(claim) = rules.require_claims.failing(claims).map(written) {
        return Err(TokenError::RequiredClaim { claim });
    }
    if let Some(claim) = rules.refuse_claims.touching(claims).map(written) {
        return Err(TokenError::RefusedClaim { claim });
    }
    Ok(())
}

fn check_audience(rules: &TokenRules, claims: &Map<String, Value>) -> Result<(), TokenError> {
    const FAULT: TokenError = TokenError::Claim { claim: "aud", fault: "is neither a string nor strings" };
    let found: Vec<&str> = match claims.get("aud") {
        None if rules.audience_optional => return Ok(()),
        Some(Value::Array(none)) if none.is_empty() && rules.audience_optional => return Ok(()),
        None => return Err(TokenError::MissingClaim("aud")),
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => {
            several.iter().map(Value::as_str).collect::<Option<_>>().ok_or(FAULT)?
        }
        Some(_) => return Err(FAULT),
    };
    if !found.iter().any(|aud| rules.audiences.iter().any(|ours| ours == aud)) {
        return Err(TokenError::Audience(Excerpt::of(&found.join(" "))));
    }
    if rules.single_audience && found.len() > 1 {
        return Err(TokenError::SeveralAudiences);
    }
    Ok(())
}

/// Checks `exp`, `nbf` and `iat` and the lifetime they span; returns `exp`. Without `exp` it ends when its issuer says.
fn check_times(rules: &TokenRules, claims: &Map<String, Value>, now: u64) -> Result<Option<u64>, TokenError> {
    let skew = rules.clock_skew.as_secs();
    let exp = date(claims, "exp", f64::floor)?;
    if exp.is_none() && !rules.expiry_optional {
        return Err(TokenError::MissingClaim("exp"));
    }
    let nbf = date(claims, "nbf", f64::ceil)?;
    let iat = date(claims, "iat", f64::ceil)?;
    if iat.is_some_and(|iat| exp.is_some_and(|exp| exp < iat)) {
        return Err(TokenError::Claim { claim: "exp", fault: "is before iat" });
    }
    if nbf.is_some_and(|nbf| exp.is_some_and(|exp| nbf > exp)) {
        return Err(TokenError::Claim { claim: "nbf", fault: "is after exp" });
    }
    if let Some(exp) = exp.filter(|exp| now >= exp.saturating_add(skew)) {
        return Err(TokenError::Expired { ago_secs: now - exp });
    }
    if let Some(nbf) = nbf.filter(|nbf| *nbf > now.saturating_add(skew)) {
        return Err(TokenError::NotYetValid { claim: "nbf", in_secs: nbf - now });
    }
    if let Some(iat) = iat.filter(|iat| *iat > now.saturating_add(skew)) {
        return Err(TokenError::NotYetValid { claim: "iat", in_secs: iat - now });
    }
    let max = rules.max_token_lifetime;
    let with_skew = max.saturating_add(rules.clock_skew);
    let (lifetime, allowed) = match (iat, exp) {
        (Some(iat), Some(exp)) => (exp - iat, max),
        (None, Some(exp)) => (exp.saturating_sub(now), with_skew),
        // It has lived that long already.
        (Some(iat), None) => (now.saturating_sub(iat), with_skew),
        (None, None) => return Ok(None),
    };
    if Duration::from_secs(lifetime) > allowed {
        return Err(TokenError::LivesTooLong { lifetime_secs: lifetime, max_secs: max.as_secs() });
    }
    Ok(exp)
}

/// A NumericDate (RFC 7519 §2) as whole seconds, a fraction rounded by `round` to the stricter side.
fn date(
    claims: &Map<String, Value>,
    claim: &'static str,
    round: fn(f64) -> f64,
) -> Result<Option<u64>, TokenError> {
    let Some(value) = claims.get(claim) else {
        return Ok(None);
    };
    let fault = TokenError::Claim { claim, fault: "is not a date in seconds between 1970 and 9999" };
    let Value::Number(number) = value else {
        return Err(fault);
    };
    let seconds = match (number.as_u64(), number.as_f64()) {
        (Some(whole), _) => whole,
        #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "checked to be in range")]
        (None, Some(real)) if (0.0..=LAST_DATE as f64).contains(&real) => round(real) as u64,
        _ => return Err(fault),
    };
    if seconds > LAST_DATE { Err(fault) } else { Ok(Some(seconds)) }
}

/// The subject, by the first of the issuer's `subject_claims` that is present; and which claim it was, unless it is `sub`.
fn subject(
    rules: &TokenRules,
    claims: &Map<String, Value>,
) -> Result<(String, Option<Arc<str>>), TokenError> {
    let names = &rules.subject_claims;
    // Where an issuer leaves one claim empty, it means another one. The only claim must not be empty.
    let is_there = |value: &&Value| names.len() == 1 || value.as_str() != Some("");
    let found = names.iter().find_map(|name| Some((name, claims.get(name).filter(is_there)?)));
    match found {
        Some((name, value)) => match identifier(value, MAX_SUBJECT_BYTES) {
            Ok(subject) if name == SUBJECT_CLAIM => Ok((subject.to_owned(), None)),
            Ok(subject) => Ok((subject.to_owned(), Some(Arc::from(name.as_str())))),
            Err(fault) if name == SUBJECT_CLAIM => Err(TokenError::Claim { claim: "sub", fault }),
            Err(fault) => Err(TokenError::Subject { claim: name.clone(), fault }),
        },
        None if names.iter().eq([SUBJECT_CLAIM]) => Err(TokenError::MissingClaim("sub")),
        None => Err(TokenError::Subject { claim: names.join("`, `"), fault: "is absent" }),
    }
}

/// The client, by the first of the issuer's `client_claims` that is present.
fn client(rules: &TokenRules, claims: &Map<String, Value>) -> Result<Option<String>, TokenError> {
    let named = rules.client_claims.iter().find_map(|name| claims.get(name));
    let client = named
        .map(|value| identifier(value, MAX_CLIENT_BYTES))
        .transpose()
        .map_err(|fault| TokenError::Claim { claim: "client_id", fault })?;
    if let Some(allowed) = &rules.allowed_clients
        && !client.is_some_and(|client| allowed.iter().any(|a| a == client))
    {
        return Err(TokenError::Client);
    }
    Ok(client.map(str::to_owned))
}

/// An identifier: a string, not empty, not too long, nothing in it that a log or page would act on.
pub(in crate::authn) fn identifier(value: &Value, max_bytes: usize) -> Result<&str, &'static str> {
    let Value::String(text) = value else {
        return Err("is not a string");
    };
    if text.is_empty() {
        return Err("is empty");
    }
    if text.len() > max_bytes {
        return Err("is too long");
    }
    if deceives(text) {
        return Err("holds control characters");
    }
    Ok(text)
}

/// What the caller may do: the token's scopes and its roles, or what its roles give.
fn held(rules: &TokenRules, issuer: &str, claims: &Map<String, Value>) -> Result<Held, TokenError> {
    let (mut scopes, roles) = (scopes(rules, claims)?, rules.roles.held(issuer, claims));
    if let Some(grants) = rules.grants.as_ref().filter(|_| names_no_scope_of_ours(rules, claims)) {
        scopes.extend(grants.of(&roles));
    }
    Ok(Held { scopes, roles, is_fixed: rules.grants.is_some(), login: None })
}

/// Whether no scope claim says more than scopes of OpenID Connect. Where one does, the person allowed the client so much and
/// no more.
fn names_no_scope_of_ours(rules: &TokenRules, claims: &Map<String, Value>) -> bool {
    // Those that issuers write too, wherever the configuration looks.
    let names = rules.scope_claims.iter().map(String::as_str).chain(["scope", "scp"]);
    names.filter_map(|name| claims.get(name)).all(|said| match said {
        Value::Null => true,
        Value::String(text) => text.split(' ').all(|token| token.is_empty() || is_of_openid(token)),
        Value::Array(tokens) => tokens.iter().all(|token| token.as_str().is_some_and(is_of_openid)),
        _ => false,
    })
}

/// The scopes, from the first of the issuer's `scope_claims` that is present, and from no other. A claim of
/// another shape grants nothing; the token stays valid (its caller is known, and may do little).
pub(in crate::authn::verifier) fn scopes(
    rules: &TokenRules,
    claims: &Map<String, Value>,
) -> Result<ScopeSet, TokenError> {
    const FAULT: TokenError = TokenError::Claim { claim: "scope", fault: "holds too many scopes" };
    let granted = |token: &str| match &rules.scope_prefix {
        Some(prefix) => prefix.granted(token)?.parse().ok(),
        None => token.parse().ok(),
    };
    match rules.scope_claims.iter().find_map(|name| claims.get(name)) {
        Some(Value::String(text)) => {
            let several = text.split(' ').filter(|token| !token.is_empty()).count();
            match several > MAX_SCOPES {
                true => Err(FAULT),
                false => Ok(text.split(' ').filter_map(granted).collect()),
            }
        }
        Some(Value::Array(tokens)) if tokens.len() > MAX_SCOPES => Err(FAULT),
        Some(Value::Array(tokens)) if tokens.iter().all(Value::is_string) => {
            Ok(tokens.iter().filter_map(Value::as_str).filter_map(granted).collect())
        }
        Some(_) | None => Ok(ScopeSet::new()),
    }
}
