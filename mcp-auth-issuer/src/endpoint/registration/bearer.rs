//! The token in `Authorization: Bearer` (RFC 6750 §2.1).

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::refusal::Refusal;

/// The token that a request shows, if it shows one.
///
/// # Errors
/// [`Refusal::Token`] for credentials of another kind: they are not taken for none.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let shown = value.to_str().ok().and_then(|value| value.split_once(' '));
            let token = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"));
            let token = token.map(|(_, token)| token.trim()).filter(|token| !token.is_empty());
            token.map(Some).ok_or(Refusal::Token("the Authorization header is not a Bearer token"))
        }
        (Some(_), Some(_)) => Err(Refusal::Token("two Authorization headers")),
    }
}
