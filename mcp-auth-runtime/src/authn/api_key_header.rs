//! The `X-API-Key` header, where the configuration lets a key come in it.

use http::{HeaderMap, Uri};

use super::credential::{Credential, query_names_token};
use super::error::CredentialError;

const X_API_KEY: &str = "x-api-key";

/// The key in the `X-API-Key` header, or else what the request presents elsewhere.
///
/// - Shape: one word of ASCII. What it is, a verifier of API keys says, and no other one sees it.
///
/// # Errors
/// [`CredentialError`] when the header occurs twice, is empty, or holds anything but one word; and when there is another
/// credential beside it.
pub(crate) fn or_key<'r>(
    headers: &'r HeaderMap,
    uri: &Uri,
    elsewhere: Result<Credential<'r>, CredentialError>,
) -> Result<Credential<'r>, CredentialError> {
    let elsewhere = elsewhere?;
    match (key_in(headers)?, elsewhere) {
        (None, elsewhere) => Ok(elsewhere),
        (Some(_), Credential::Bearer(_) | Credential::Dpop(_) | Credential::ApiKey(_)) => {
            Err(CredentialError::Repeated)
        }
        (Some(_), Credential::None) if query_names_token(uri) => Err(CredentialError::Repeated),
        (Some(key), Credential::None) => Ok(Credential::ApiKey(key)),
    }
}

fn key_in(headers: &HeaderMap) -> Result<Option<&str>, CredentialError> {
    let mut values = headers.get_all(X_API_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(CredentialError::Repeated);
    }
    let is_word = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b',');
    value.to_str().ok().filter(is_word).map(Some).ok_or(CredentialError::NotOneKey)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read<'r>(headers: &'r HeaderMap, uri: &'static str) -> Result<Credential<'r>, CredentialError> {
        let uri = Uri::from_static(uri);
        or_key(headers, &uri, Credential::read(headers, &uri))
    }

    fn headers(all: &[(&'static str, &[u8])]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_key_in_its_header_is_a_key_and_never_a_token() {
        for text in ["mcpk_abc", "eyJhbGciOiJFUzI1NiJ9.e30.AA"] {
            let headers = headers(&[("x-api-key", text.as_bytes())]);
            assert_eq!(read(&headers, "/mcp"), Ok(Credential::ApiKey(text)));
        }
        let basic = headers(&[("authorization", b"Basic dXNlcjpwYXNz"), ("x-api-key", b"k")]);
        assert_eq!(
            read(&basic, "/mcp"),
            Ok(Credential::ApiKey("k")),
            "another scheme presents nothing to us"
        );
    }

    #[test]
    fn without_the_header_the_other_credential_counts() {
        assert_eq!(read(&headers(&[]), "/mcp"), Ok(Credential::None));
        assert_eq!(read(&headers(&[("authorization", b"Bearer a")]), "/mcp"), Ok(Credential::Bearer("a")));
        let other = headers(&[("x-api-keys", b"k"), ("api-key", b"k")]);
        assert_eq!(read(&other, "/mcp"), Ok(Credential::None));
    }

    #[test]
    fn a_key_beside_another_credential_is_refused() {
        let key = ("x-api-key", &b"k"[..]);
        for (beside, uri, error) in [
            (("authorization", &b"Bearer a"[..]), "/mcp", CredentialError::Repeated),
            (("authorization", b"Bearer"), "/mcp", CredentialError::NotOneToken),
            (("authorization", b"Bearer "), "/mcp", CredentialError::NotOneToken),
            (("authorization", b"Basic c, Bearer a"), "/mcp", CredentialError::Repeated),
            (("x-api-key", b"k"), "/mcp", CredentialError::Repeated),
            (("accept", b"*/*"), "/mcp?access_token=x", CredentialError::Repeated),
        ] {
            assert_eq!(read(&headers(&[key, beside]), uri), Err(error), "{beside:?}");
        }
        assert_eq!(read(&headers(&[key, ("accept", b"*/*")]), "/mcp?token=x"), Ok(Credential::ApiKey("k")));
    }

    #[test]
    fn a_header_without_one_word_is_malformed() {
        for bad in [&b""[..], b"a b", b"a,b", b"a\tb", "caf\u{e9}".as_bytes(), b"\xff"] {
            assert_eq!(
                read(&headers(&[("x-api-key", bad)]), "/mcp"),
                Err(CredentialError::NotOneKey),
                "{bad:?}"
            );
        }
    }
}
