//! Whether an answer proves who logged in: signed by the application, for this issuer, this login and this minute.

use mcp_auth_core::seen::{deceives, plain};
use mcp_auth_runtime::facade::SignedText;
use serde_json::{Map, Value};

use super::key::AnswerKey;
use crate::person::User;
use crate::person::login::CLOCK_SKEW;

/// The `typ` of an answer, without `application/`.
pub(super) const TYPE: &str = "mcp-auth-login+jwt";
/// The longest that an answer may be good for, in seconds.
pub(super) const LONGEST_LIFETIME: u64 = 60;
/// The longest answer, in bytes.
const LONGEST: usize = 8 * 1024;
/// The most characters of `sub` and of `acr`.
const MOST_OF_SUBJECT: usize = 255;
/// The most characters of `name` that are kept.
const MOST_OF_NAME: usize = 200;
/// The most characters of each of `amr`, and the most of these.
const MOST_OF_METHOD: usize = 64;
const MOST_METHODS: usize = 16;

/// What an answer must say.
pub(super) struct Expected<'a> {
    /// The application.
    pub(super) iss: &'a str,
    /// The issuer.
    pub(super) aud: &'a str,
    /// The login that it answers.
    pub(super) txn: &'a str,
    /// Unix seconds.
    pub(super) now: u64,
}

/// Why an answer does not count. Never shows any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum AnswerError {
    #[error("it is longer than {LONGEST} bytes")]
    Long,
    #[error("it is not a signed JWT: {0}")]
    Shape(&'static str),
    #[error("its typ is not {TYPE}")]
    Type,
    #[error("the key of the application did not sign it")]
    Signature,
    #[error("its {0} is missing, or not what it should be")]
    Claim(&'static str),
    #[error("its {0} names another one")]
    Other(&'static str),
    #[error("it is good for longer than {LONGEST_LIFETIME} seconds")]
    Lifetime,
    #[error("it has expired")]
    Expired,
    #[error("its {0} is in the future")]
    Early(&'static str),
}

/// Reads `text` as an answer.
///
/// # Errors
/// The first of the checks that it fails. The signature comes before every claim.
pub(super) fn verify(text: &str, key: &AnswerKey, expected: &Expected<'_>) -> Result<User, AnswerError> {
    if text.len() > LONGEST {
        return Err(AnswerError::Long);
    }
    let text = SignedText::read(text).map_err(AnswerError::Shape)?;
    if !text.is_of_type(TYPE) {
        return Err(AnswerError::Type);
    }
    if !key.signed(&text) {
        return Err(AnswerError::Signature);
    }
    let claims = text.claims().map_err(AnswerError::Shape)?;
    is_for(&claims, expected)?;
    times(&claims, expected.now)?;
    let subject = word(&claims, "sub", MOST_OF_SUBJECT)?.ok_or(AnswerError::Claim("sub"))?;
    let name = match claims.get("name") {
        None => None,
        // It is only shown.
        Some(Value::String(name)) => Some(plain(name, MOST_OF_NAME)).filter(|name| !name.is_empty()),
        Some(_) => return Err(AnswerError::Claim("name")),
    };
    Ok(User {
        name,
        acr: word(&claims, "acr", MOST_OF_SUBJECT)?,
        amr: methods(&claims)?,
        auth_time: Some(number(&claims, "auth_time")?),
        ..User::new(subject)
    })
}

/// From this application, for this issuer alone and this login alone.
fn is_for(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), AnswerError> {
    let aud = match claims.get("aud") {
        Some(Value::Array(all)) if all.len() == 1 => all.first(),
        aud => aud,
    };
    for (claim, said, wanted) in [
        ("iss", claims.get("iss"), expected.iss),
        ("aud", aud, expected.aud),
        ("txn", claims.get("txn"), expected.txn),
    ] {
        match said {
            Some(Value::String(said)) if said == wanted => {}
            Some(Value::String(_)) => return Err(AnswerError::Other(claim)),
            Some(_) | None => return Err(AnswerError::Claim(claim)),
        }
    }
    Ok(())
}

fn times(claims: &Map<String, Value>, now: u64) -> Result<(), AnswerError> {
    let (iat, exp) = (number(claims, "iat")?, number(claims, "exp")?);
    if exp <= iat || exp - iat > LONGEST_LIFETIME {
        return Err(AnswerError::Lifetime);
    }
    if exp <= now {
        return Err(AnswerError::Expired);
    }
    // The application's clock may be ahead of ours; one that is behind only shortens the minute.
    let latest = now.saturating_add(CLOCK_SKEW);
    for claim in ["iat", "auth_time", "nbf"] {
        if claims.contains_key(claim) && number(claims, claim)? > latest {
            return Err(AnswerError::Early(claim));
        }
    }
    Ok(())
}

fn number(claims: &Map<String, Value>, claim: &'static str) -> Result<u64, AnswerError> {
    claims.get(claim).and_then(Value::as_u64).ok_or(AnswerError::Claim(claim))
}

/// Text that tokens will say: none, or some visible characters, without spaces at its ends.
fn word(
    claims: &Map<String, Value>,
    claim: &'static str,
    most: usize,
) -> Result<Option<String>, AnswerError> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) if is_word(text, most) => Ok(Some(text.clone())),
        Some(_) => Err(AnswerError::Claim(claim)),
    }
}

fn is_word(text: &str, most: usize) -> bool {
    !text.is_empty() && text.trim() == text && text.chars().count() <= most && !deceives(text)
}

fn methods(claims: &Map<String, Value>) -> Result<Vec<String>, AnswerError> {
    let text = |method: &Value| match method {
        Value::String(method) if is_word(method, MOST_OF_METHOD) => Ok(method.clone()),
        _ => Err(AnswerError::Claim("amr")),
    };
    match claims.get("amr") {
        None => Ok(Vec::new()),
        Some(Value::Array(methods)) if methods.len() <= MOST_METHODS => methods.iter().map(text).collect(),
        Some(_) => Err(AnswerError::Claim("amr")),
    }
}
