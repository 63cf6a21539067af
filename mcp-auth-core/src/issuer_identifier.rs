//! The issuer identifier (RFC 8414 §2): the URL that names who issued a token.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::net::{HttpUrl, InvalidUrl, Origin};

/// An issuer identifier: an absolute `https` or `http` URL without user information, query and fragment.
///
/// Compared byte for byte with `iss` and with the `issuer` of metadata (RFC 8414 §3.3, RFC 9207 §2.4).
///
/// # Example
/// ```
/// use mcp_auth_core::IssuerIdentifier;
/// let issuer: IssuerIdentifier = "https://login.example.com/".parse().unwrap();
/// assert_eq!(issuer.as_str(), "https://login.example.com/");
/// assert!("https://login.example.com?tenant=1".parse::<IssuerIdentifier>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerIdentifier(HttpUrl);

impl IssuerIdentifier {
    /// The text, byte for byte as it was given.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The parsed form; its text may differ from [`IssuerIdentifier::as_str`].
    pub fn url(&self) -> &Url {
        self.0.url()
    }

    /// Whether it is `https`, or `http` on this machine.
    pub fn is_secure(&self) -> bool {
        self.0.is_secure()
    }
}

impl FromStr for IssuerIdentifier {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let url = text.parse()?;
        if text.contains('#') {
            return Err(InvalidUrl::Fragment);
        }
        if text.contains('?') {
            return Err(InvalidUrl::Query);
        }
        Ok(Self(url))
    }
}

impl TryFrom<&Origin> for IssuerIdentifier {
    type Error = InvalidUrl;

    fn try_from(origin: &Origin) -> Result<Self, InvalidUrl> {
        origin.to_string().parse()
    }
}

impl fmt::Display for IssuerIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq<str> for IssuerIdentifier {
    fn eq(&self, text: &str) -> bool {
        self.as_str() == text
    }
}

impl PartialEq<&str> for IssuerIdentifier {
    fn eq(&self, text: &&str) -> bool {
        self.as_str() == *text
    }
}

impl serde::Serialize for IssuerIdentifier {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c03_an_issuer_is_a_plain_url_kept_byte_for_byte() {
        for text in
            ["https://as.example", "https://AS.example/", "https://as.example/t/1", "http://[::1]:9000/x"]
        {
            assert_eq!(text.parse::<IssuerIdentifier>().unwrap(), text);
        }
        for (text, expected) in [
            ("", InvalidUrl::NotAbsolute),
            ("as.example", InvalidUrl::NotAbsolute),
            ("https://as.example?x", InvalidUrl::Query),
            ("https://as.example?", InvalidUrl::Query),
            ("https://as.example#x", InvalidUrl::Fragment),
            ("https://as.example#", InvalidUrl::Fragment),
            ("https://u@as.example", InvalidUrl::UserInfo),
            ("https://u:p@as.example", InvalidUrl::UserInfo),
            ("file:///etc/passwd", InvalidUrl::Scheme),
            ("ftp://127.0.0.1", InvalidUrl::Scheme),
        ] {
            assert_eq!(text.parse::<IssuerIdentifier>(), Err(expected), "{text}");
        }
    }

    #[test]
    fn issuers_differ_by_a_slash_and_by_case() {
        let issuer: IssuerIdentifier = "https://as.example".parse().unwrap();
        for other in ["https://as.example/", "https://AS.example", "https://as.example:443"] {
            assert_ne!(issuer, other);
            assert_ne!(issuer, other.parse::<IssuerIdentifier>().unwrap());
        }
    }
}
