//! What an answer must say, and what stands for what it does not. Its holes are filled here, by rules; then its claims are
//! judged as those of every other credential.

use mcp_auth_core::seen::Excerpt;
use serde_json::{Map, Value};

use super::bounds::WITHOUT_EXPIRY_SECS;
use super::rules::{IntrospectionKind, IntrospectionRules};
use crate::authn::binding_mode::JKT;
use crate::authn::error::TokenError;
use crate::authn::principal::Facts;
use crate::authn::verifier::claims::{Accepted, TokenRules};

/// What an answer comes to.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) facts: Facts,
    /// Unix seconds; from then on the issuer is asked again.
    pub(super) believed_until: u64,
}

/// The rules that a claims set of this issuer is held against. What an answer leaves out is allowed for by another check:
///
/// - no `iss`: it is of the only issuer that it can be of, or refused ([`Accepted::of_answer`]);
/// - no `exp`: the issuer says itself that the token is active, so it is only remembered for a shorter time;
/// - no `sub`: `username` where that is asked for; the client, where `client_when` says that this is a program's token;
/// - no `aud`: the client must be one of `allowed_clients`, where there are some;
/// - Google: `aud` is a client, and is compared with `allowed_clients`;
/// - GitHub: it answers about tokens of our own app alone, which the answer must name.
pub(super) fn rules_of(rules: &IntrospectionRules) -> TokenRules {
    let mut tokens = TokenRules { expiry_optional: true, ..rules.tokens.clone() };
    if rules.username_as_subject {
        tokens.subject_claims.push("username".to_owned());
    }
    match rules.kind {
        IntrospectionKind::Rfc7662 => {
            tokens.audience_optional = tokens.allowed_clients.as_ref().is_some_and(|some| !some.is_empty());
        }
        IntrospectionKind::GoogleTokeninfo => {
            tokens.audience_optional = false;
            tokens.audiences = tokens.allowed_clients.clone().unwrap_or_default();
        }
        IntrospectionKind::GithubCheckToken => {
            tokens.audience_optional = true;
            tokens.allowed_clients = Some(rules.client.client_id().map(str::to_owned).into_iter().collect());
        }
    }
    tokens
}

/// Judges what the issuer says of an active token. `tokens` is [`rules_of`] its issuer, and `accepted` are the `iss` that
/// are this issuer's.
///
/// - Units: `now` in Unix seconds.
/// - Source: RFC 7662 §2.2 and §4; RFC 9068 §4 for what the claims mean.
///
/// # Errors
/// [`TokenError`]: what it says is not a token for this server.
pub(super) fn judge(
    tokens: &TokenRules,
    accepted: &[Accepted],
    mut claims: Map<String, Value>,
    now: u64,
) -> Result<Judged, TokenError> {
    check_kind(tokens, &claims)?;
    let named = Accepted::of_answer(accepted, &claims)?;
    let is_program = stands_for_itself(tokens, &mut claims);
    let mut facts = named.check(tokens, claims, now)?;
    if is_program {
        facts.is_client = true;
        facts.held.login = None;
    }
    let longest = tokens.token_cache_ttl.as_secs();
    let believed_until = match facts.expires_at {
        Some(expires_at) => expires_at.min(now.saturating_add(longest)),
        None => now.saturating_add(longest.min(WITHOUT_EXPIRY_SECS)),
    };
    Ok(Judged { facts, believed_until })
}

/// Whether no subject is named and the issuer's rules say that this is a program's token: it is then for its client, as with
/// client credentials (RFC 9068 §2.2 has `sub` say so, RFC 7662 does not).
fn stands_for_itself(tokens: &TokenRules, claims: &mut Map<String, Value>) -> bool {
    let names_subject = tokens.subject_claims.iter().any(|name| claims.contains_key(name));
    if names_subject || !tokens.client_when.any_passes(claims) {
        return false;
    }
    let client = tokens.client_claims.iter().find_map(|name| claims.get(name)).cloned();
    let is_named = client.is_some();
    claims.extend(client.map(|client| ("sub".to_owned(), client)));
    is_named
}

/// Whether this is an access token: endpoints call refresh tokens and ID tokens active too.
fn check_kind(tokens: &TokenRules, claims: &Map<String, Value>) -> Result<(), TokenError> {
    let is_one_of = |text: &str, words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    let odd = |value: &Value| TokenError::Type(Excerpt::of(value.as_str().unwrap_or_default()));
    match claims.get("token_type") {
        // Accepted where `cnf` says the key, by which it is then judged. Without one the key is not known, and it is refused below.
        Some(Value::String(kind))
            if is_one_of(kind, &["dpop"]) && tokens.bindings.dpop.is_on() && names_key(claims) => {}
        Some(Value::String(kind)) if is_one_of(kind, &["dpop", "pop"]) => {
            return Err(TokenError::SenderConstrained);
        }
        Some(Value::String(kind)) if !is_one_of(kind, NOT_ACCESS) => {}
        Some(value) => return Err(odd(value)),
        None => {}
    }
    match claims.get("token_use") {
        Some(Value::String(usage)) if is_one_of(usage, &["access", "access_token"]) => {}
        Some(value) => return Err(odd(value)),
        None => {}
    }
    // Keycloak's, of a token's own payload.
    match claims.get("typ") {
        Some(Value::String(kind)) if is_one_of(kind, NOT_ACCESS) => Err(TokenError::Type(Excerpt::of(kind))),
        _ => Ok(()),
    }
}

/// Whether the answer says to which key the token is bound (RFC 9449 §6.2).
fn names_key(claims: &Map<String, Value>) -> bool {
    claims.get("cnf").is_some_and(|cnf| cnf.get(JKT).is_some())
}

/// What servers call tokens that are not access tokens: WSO2 `Refresh`, Keycloak `Refresh`, `Offline` and `ID`, others
/// by the hints of RFC 7009 §2.1.
const NOT_ACCESS: &[&str] =
    &["refresh", "refresh_token", "offline", "id", "id_token", "authorization_code", "n_a"];

#[cfg(test)]
mod tests;
