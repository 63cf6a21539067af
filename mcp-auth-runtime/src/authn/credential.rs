//! What a request presents: the token of its `Authorization` header (RFC 6750 §2.1, RFC 9449 §7.1), and nothing else in it. A
//! second credential beside it makes the request invalid.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::dpop::PresentedProof;
use super::error::CredentialError;

/// The longest credential that is looked at, in bytes.
pub(crate) const MAX_CREDENTIAL_BYTES: usize = 16 * 1024;

/// What a request presents.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credential<'r> {
    /// Nothing: no `Authorization` header, or one of another scheme.
    None,
    /// This bearer token, a well-formed `b64token` and otherwise unread.
    Bearer(&'r str),
    /// A token of the DPoP scheme, with its proof.
    Dpop(PresentedProof<'r>),
    /// This word of the `X-API-Key` header: an API key or nothing, never a token.
    ApiKey(&'r str),
}

/// Says of which kind it is, never more.
impl std::fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Bearer(_) => "Bearer(***)",
            Self::Dpop(_) => "Dpop(***)",
            Self::ApiKey(_) => "ApiKey(***)",
        })
    }
}

impl<'r> Credential<'r> {
    /// Reads the credential of a request from its head.
    ///
    /// - Shape: `Bearer`, in any case (RFC 9110 §11.1), one or more spaces, one `b64token` (RFC 6750 §2.1).
    /// - Source: RFC 6750 §2.1 and §3.1; RFC 9110 §11.4 for another scheme, which presents nothing to us.
    ///
    /// # Errors
    /// [`CredentialError`] when the header occurs twice, holds bytes outside ASCII, lists several credentials, or names
    /// the Bearer scheme without exactly one well-formed token; and when the query names a token too.
    ///
    /// # Example
    /// ```
    /// use mcp_auth_runtime::facade::Credential;
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("authorization", "Bearer mF_9.B5f-4.1JqM".parse().expect("ASCII"));
    /// let credential = Credential::read(&headers, &http::Uri::from_static("/mcp"));
    /// assert_eq!(credential, Ok(Credential::Bearer("mF_9.B5f-4.1JqM")));
    /// ```
    pub fn read(headers: &'r HeaderMap, uri: &Uri) -> Result<Self, CredentialError> {
        Ok(match read_header(headers, uri, &["bearer"])? {
            Some((_, token)) => Self::Bearer(token),
            None => Self::None,
        })
    }

    /// The same where tokens that are bound to a key are accepted: in the DPoP scheme, beside their proof for `method`.
    ///
    /// - Source: RFC 9449 §7.1.
    ///
    /// # Errors
    /// As [`Credential::read`]; what is wrong with the proof is said once the token is verified.
    pub fn read_with_proof(
        headers: &'r HeaderMap,
        uri: &Uri,
        method: &'r Method,
    ) -> Result<Self, CredentialError> {
        Ok(match read_header(headers, uri, &["bearer", "dpop"])? {
            Some(("dpop", token)) => Self::Dpop(PresentedProof::of(token, headers, method)),
            Some((_, token)) => Self::Bearer(token),
            None => Self::None,
        })
    }
}

impl<'r> Credential<'r> {
    /// Reads the credential of a request from this one header, by which a proxy in front hands on the token: nothing that
    /// stands in `Authorization` counts.
    ///
    /// - Shape: one `b64token` (RFC 6750 §2.1) and nothing else, no scheme.
    ///
    /// # Errors
    /// [`CredentialError`] when the header occurs twice or holds anything but one token; and when the
    /// query names a token too.
    pub(crate) fn read_from(
        header: &HeaderName,
        headers: &'r HeaderMap,
        uri: &Uri,
    ) -> Result<Self, CredentialError> {
        let mut values = headers.get_all(header).iter();
        let Some(value) = values.next() else {
            return Ok(Self::None);
        };
        if values.next().is_some() || query_names_token(uri) {
            return Err(CredentialError::Repeated);
        }
        match value.to_str() {
            Ok(token) if is_b64token(token) => Ok(Self::Bearer(token)),
            Ok(_) | Err(_) => Err(CredentialError::NotTokenAlone),
        }
    }
}

/// Refuses a body that presents a token beside the one in the head: a form that names `access_token` (RFC 6750 §2.2
/// and §3.1). Such a token is never used.
///
/// # Errors
/// [`CredentialError::Repeated`].
pub(crate) fn refuse_second_in_form(headers: &HeaderMap, body: &[u8]) -> Result<(), CredentialError> {
    let is_form = |value: &HeaderValue| {
        let media_type = value.as_bytes().split(|b| *b == b';').next().unwrap_or_default();
        media_type.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
    };
    match headers.get(CONTENT_TYPE).is_some_and(is_form) && names_token(body) {
        true => Err(CredentialError::Repeated),
        false => Ok(()),
    }
}

/// The token of one of these schemes, in lower case, and which one it is.
fn read_header<'r>(
    headers: &'r HeaderMap,
    uri: &Uri,
    schemes: &[&'static str],
) -> Result<Option<(&'static str, &'r str)>, CredentialError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(CredentialError::Repeated);
    }
    let text = value.to_str().map_err(|_| CredentialError::NotAscii)?;
    let (scheme, rest) = text.split_at(scheme_length(text));
    let Some(scheme) = schemes.iter().copied().find(|known| scheme.eq_ignore_ascii_case(known)) else {
        // `Basic …, Bearer …`: two credentials in one line, of which we would silently take neither.
        return match names_too(rest, schemes) {
            true => Err(CredentialError::Repeated),
            false => Ok(None),
        };
    };
    // `Bearer<TAB>token` or `Bearer: token` is meant as one, and another reader may take it as one.
    let token = rest.trim_start_matches(' ');
    match token.len() < rest.len() && is_b64token(token) {
        true if query_names_token(uri) => Err(CredentialError::Repeated),
        true => Ok(Some((scheme, token))),
        false => Err(CredentialError::NotOneToken),
    }
}

/// How much of a header's value is the name of a scheme: a `token` of RFC 9110 §5.6.2.
fn scheme_length(credentials: &str) -> usize {
    let is_tchar = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    credentials.find(|c| !is_tchar(c)).unwrap_or(credentials.len())
}

/// Whether the query names an `access_token` (RFC 6750 §2.3). It is never used as one.
pub(super) fn query_names_token(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| names_token(query.as_bytes()))
}

fn names_token(encoded: &[u8]) -> bool {
    url::form_urlencoded::parse(encoded).any(|(name, _)| name == "access_token")
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
pub(crate) fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    let is_of_it =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-'..=b'/' | b'_' | b'~');
    // No `all`: it looks at one byte after the other, and this is asked of every token.
    !body.is_empty() && body.bytes().fold(true, |so_far, byte| so_far & is_of_it(byte))
}

/// Whether one of these schemes stands in a list behind another one.
fn names_too(credentials: &str, schemes: &[&str]) -> bool {
    credentials.split(',').skip(1).any(|part| {
        let part = part.trim_start();
        let (scheme, rest) = part.split_at(scheme_length(part));
        let is_ours = schemes.iter().any(|known| scheme.eq_ignore_ascii_case(known));
        is_ours && !rest.is_empty() && !rest.starts_with('=')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, http::HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    fn read(headers: &HeaderMap) -> Result<Credential<'_>, CredentialError> {
        Credential::read(headers, &Uri::from_static("/mcp"))
    }

    fn fault(values: &[&[u8]]) -> CredentialError {
        read(&headers(values)).expect_err("malformed")
    }

    #[test]
    fn h01_no_authorization_header_presents_nothing() {
        assert_eq!(read(&headers(&[])).unwrap(), Credential::None);
    }

    #[test]
    fn h03_another_scheme_presents_nothing() {
        for other in
            ["Basic dXNlcjpwYXNz", "Digest username=\"bearer\", uri=\"/x\"", "DPoP abc", "Bearers a", "x", ""]
        {
            assert_eq!(read(&headers(&[other.as_bytes()])).unwrap(), Credential::None, "{other}");
        }
    }

    #[test]
    fn h04_the_scheme_is_read_in_any_case() {
        for any in ["Bearer a.b-c_~+/==", "bearer a.b-c_~+/==", "BEARER a.b-c_~+/==", "bEaReR   a.b-c_~+/=="]
        {
            assert_eq!(
                read(&headers(&[any.as_bytes()])).unwrap(),
                Credential::Bearer("a.b-c_~+/=="),
                "{any}"
            );
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
            "Bearer\ta",
            "bearer\t a",
            "Bearer \ta",
            "Bearer:a",
            "Bearer: a",
            "Bearer,a",
            "Bearer=a",
            "Bearer\"a\"",
            "Bearer/a",
        ] {
            assert_eq!(fault(&[bad.as_bytes()]), CredentialError::NotOneToken, "{bad}");
        }
        assert_eq!(fault(&[b"Basic c, Bearer a"]), CredentialError::Repeated);
        assert_eq!(fault(&[b"Basic c,\tbearer\ta"]), CredentialError::Repeated);
        assert_eq!(fault(&[b"Bearer a", b"Bearer a"]), CredentialError::Repeated);
        assert_eq!(fault(&[b"Bearer a", b"Basic c"]), CredentialError::Repeated);
    }

    #[test]
    fn h07_bytes_outside_ascii_are_malformed() {
        assert_eq!(fault(&["Bearer t\u{e9}".as_bytes()]), CredentialError::NotAscii);
        assert_eq!(fault(&[b"Bearer \xff"]), CredentialError::NotAscii);
    }

    #[test]
    fn h38_where_another_header_carries_the_token_it_is_one_token_there_and_authorization_says_nothing() {
        const ASSERTION: HeaderName = HeaderName::from_static("cf-access-jwt-assertion");
        let sent = |values: &[&[u8]]| {
            let mut headers = headers(&[b"Bearer a"]);
            for value in values {
                headers.append(ASSERTION, HeaderValue::from_bytes(value).unwrap());
            }
            headers
        };
        let uri = Uri::from_static("/mcp");
        let read = |headers: &HeaderMap| {
            Credential::read_from(&ASSERTION, headers, &uri).map(|c| c == Credential::Bearer("x.y-z=="))
        };
        assert_eq!(read(&sent(&[b"x.y-z=="])), Ok(true));
        assert_eq!(Credential::read_from(&ASSERTION, &sent(&[]), &uri), Ok(Credential::None));
        for bad in
            [&b"Bearer x"[..], b"bearer x", b"", b"x y", b"x,y", b"x, Bearer y", b"\"x\"", b"x=y", b"="]
        {
            assert_eq!(read(&sent(&[bad])), Err(CredentialError::NotTokenAlone), "{bad:?}");
        }
        assert_eq!(read(&sent(&[b"x", b"x"])), Err(CredentialError::Repeated));
        assert_eq!(read(&sent(&[b"", b"x"])), Err(CredentialError::Repeated));
        assert_eq!(read(&sent(&[b"\xff"])), Err(CredentialError::NotTokenAlone));
        let query = Uri::from_static("/mcp?access_token=x");
        let both = sent(&[b"x"]);
        assert_eq!(Credential::read_from(&ASSERTION, &both, &query), Err(CredentialError::Repeated));
    }

    #[test]
    fn h10_a_token_elsewhere_presents_nothing() {
        let mut elsewhere = HeaderMap::new();
        for name in ["cookie", "x-forwarded-access-token", "proxy-authorization", "x-authorization"] {
            elsewhere.insert(name, "Bearer a".parse().unwrap());
        }
        assert_eq!(read(&elsewhere).unwrap(), Credential::None);
    }

    #[test]
    fn debug_of_what_is_presented_shows_no_token() {
        assert!(!format!("{:?}", Credential::Bearer("secret")).contains("secret"));
    }

    #[test]
    fn h09_a_token_in_the_query_beside_one_in_the_header_is_refused_and_alone_presents_nothing() {
        let uri = Uri::from_static("/mcp?access_token=x");
        assert_eq!(Credential::read(&headers(&[b"Bearer a"]), &uri), Err(CredentialError::Repeated));
        assert_eq!(Credential::read(&headers(&[]), &uri), Ok(Credential::None));
        let other = Uri::from_static("/mcp?token=x");
        assert_eq!(Credential::read(&headers(&[b"Bearer a"]), &other), Ok(Credential::Bearer("a")));
    }

    #[test]
    fn h09_a_token_in_the_query_is_seen_however_it_is_spelled() {
        for named in ["/mcp?access_token=x", "/mcp?a=1&access_token", "/mcp?acc%65ss_token=x"] {
            assert!(query_names_token(&Uri::from_static(named)), "{named}");
        }
        for not_named in ["/mcp", "/mcp?", "/mcp?token=x", "/mcp?a=access_token", "/access_token"] {
            assert!(!query_names_token(&Uri::from_static(not_named)), "{not_named}");
        }
    }

    #[test]
    fn h09_a_token_in_a_form_is_seen_and_the_same_bytes_as_json_are_not_a_form() {
        let headers = |media| HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media))]);
        let form = headers("Application/x-www-form-urlencoded; charset=utf-8");
        assert!(refuse_second_in_form(&form, b"a=1&access_token=x").is_err());
        assert!(refuse_second_in_form(&form, b"a=1").is_ok());
        assert!(refuse_second_in_form(&headers("application/json"), b"access_token=x").is_ok());
        assert!(refuse_second_in_form(&HeaderMap::new(), b"access_token=x").is_ok());
    }
}
