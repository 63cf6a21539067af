//! A bearer token that a person gave.

use mcp_auth_core::SecretText;

use super::SecretPlace;
use crate::Failure;

/// The bearer token in `place`, which `option` of the command names; `Bearer ` before it is removed.
///
/// # Errors
/// The place cannot be read, is empty, or does not hold a token (RFC 6750 §2.1). The error never shows what was there.
pub(crate) fn bearer_token(place: &SecretPlace, option: &str) -> Result<SecretText, Failure> {
    let secret = place.read()?;
    let text = secret.expose();
    let text = text.strip_prefix("Bearer ").unwrap_or(text).trim();
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if text.is_empty() || !text.bytes().all(fits) {
        return Err(format!(
            "what {option} names, {place}, is not a bearer token: expected one word of letters, digits and -._~+/= \
             (RFC 6750 §2.1)"
        )
        .into());
    }
    Ok(SecretText::new(text))
}
