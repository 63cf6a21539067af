//! The bearer token of a request (RFC 6750 §2.1): the Authorization header, and nowhere else. Whether a token
//! also came in a query or form is for the one who read those.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::error::{HeaderFault, TokenError};

/// What a request presents.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Presented<'h> {
    /// No bearer token: no Authorization header, or one of another scheme.
    None,
    /// This token, well-formed as token68 and otherwise unread.
    Token(&'h str),
}

/// Says whether there is a token, never which.
impl std::fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Token(_) => "Token(***)",
        })
    }
}

/// Reads the bearer token of a request.
///
/// - Shape: `Bearer`, in any case (RFC 9110 §11.1), one or more spaces, one `b64token` (RFC 6750 §2.1).
/// - Source: RFC 6750 §2.1 and §3.1; RFC 9110 §11.4 for another scheme, which presents nothing to us.
///
/// # Errors
/// [`TokenError::Header`] when the header occurs twice, holds bytes outside ASCII, lists several credentials, or
/// names the Bearer scheme without exactly one well-formed token.
///
/// # Example
/// ```
/// use mcp_auth_runtime::authn::bearer::{self, Presented};
/// let mut headers = http::HeaderMap::new();
/// headers.insert("authorization", "Bearer mF_9.B5f-4.1JqM".parse().expect("ASCII"));
/// assert_eq!(bearer::read(&headers).expect("well-formed"), Presented::Token("mF_9.B5f-4.1JqM"));
/// ```
pub fn read(headers: &HeaderMap) -> Result<Presented<'_>, TokenError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(Presented::None);
    };
    if values.next().is_some() {
        return Err(TokenError::Header(HeaderFault::Repeated));
    }
    let text = value.to_str().map_err(|_| TokenError::Header(HeaderFault::NotAscii))?;
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        // `Basic …, Bearer …`: two credentials in one line, of which we would silently take neither.
        return match names_bearer_too(rest) {
            true => Err(TokenError::Header(HeaderFault::Repeated)),
            false => Ok(Presented::None),
        };
    }
    let token = rest.trim_start_matches(' ');
    match is_b64token(token) {
        true => Ok(Presented::Token(token)),
        false => Err(TokenError::Header(HeaderFault::NotOneToken)),
    }
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    !body.is_empty()
        && body
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/'))
}

fn names_bearer_too(credentials: &str) -> bool {
    credentials
        .split(',')
        .skip(1)
        .any(|part| part.trim_start().get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, http::HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    fn fault(values: &[&[u8]]) -> HeaderFault {
        match read(&headers(values)) {
            Err(TokenError::Header(fault)) => fault,
            other => panic!("{values:?} gave {other:?}"),
        }
    }

    #[test]
    fn h01_no_authorization_header_presents_nothing() {
        assert_eq!(read(&headers(&[])).unwrap(), Presented::None);
    }

    #[test]
    fn h03_another_scheme_presents_nothing() {
        for other in
            ["Basic dXNlcjpwYXNz", "Digest username=\"bearer\", uri=\"/x\"", "DPoP abc", "Bearers a", "x", ""]
        {
            assert_eq!(read(&headers(&[other.as_bytes()])).unwrap(), Presented::None, "{other}");
        }
    }

    #[test]
    fn h04_the_scheme_is_read_in_any_case() {
        for any in ["Bearer a.b-c_~+/==", "bearer a.b-c_~+/==", "BEARER a.b-c_~+/==", "bEaReR   a.b-c_~+/=="]
        {
            assert_eq!(read(&headers(&[any.as_bytes()])).unwrap(), Presented::Token("a.b-c_~+/=="), "{any}");
        }
    }

    #[test]
    fn h06_anything_but_one_token_is_malformed() {
        for bad in [
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Bearer a,b",
            "Bearer a, Basic c",
            "Bearer a,",
            "Bearer =",
            "Bearer a=b",
            "Bearer \"a\"",
            "Bearer a;b",
            "Bearer a\tb",
            "Bearer token=\"a\"",
        ] {
            assert_eq!(fault(&[bad.as_bytes()]), HeaderFault::NotOneToken, "{bad}");
        }
        assert_eq!(fault(&[b"Basic c, Bearer a"]), HeaderFault::Repeated);
        assert_eq!(fault(&[b"Bearer a", b"Bearer a"]), HeaderFault::Repeated);
        assert_eq!(fault(&[b"Bearer a", b"Basic c"]), HeaderFault::Repeated);
    }

    #[test]
    fn h07_bytes_outside_ascii_are_malformed() {
        assert_eq!(fault(&["Bearer t\u{e9}".as_bytes()]), HeaderFault::NotAscii);
        assert_eq!(fault(&[b"Bearer \xff"]), HeaderFault::NotAscii);
    }

    #[test]
    fn h10_a_token_elsewhere_presents_nothing() {
        let mut elsewhere = HeaderMap::new();
        for name in ["cookie", "x-forwarded-access-token", "proxy-authorization", "x-authorization"] {
            elsewhere.insert(name, "Bearer a".parse().unwrap());
        }
        assert_eq!(read(&elsewhere).unwrap(), Presented::None);
    }

    #[test]
    fn debug_of_what_is_presented_shows_no_token() {
        assert!(!format!("{:?}", Presented::Token("secret")).contains("secret"));
    }
}
