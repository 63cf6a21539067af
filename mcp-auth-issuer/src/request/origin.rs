//! The origin of the issuer, and whether a request was sent to that origin and by its own pages.
//!
//! A page of another site, or one whose DNS name was rebound to this computer, must not be able to use the one-click
//! login.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};
use mcp_auth_core::IssuerIdentifier;
use mcp_auth_core::net::Origin;
use mcp_auth_runtime::config::IssuerReach;

/// The issuer identifier: an origin. On this computer, or elsewhere one of https.
#[derive(Debug, Clone)]
pub(crate) struct IssuerOrigin {
    identifier: IssuerIdentifier,
    /// The value that a browser sends in `Host` for this origin.
    host: String,
    origin: Origin,
    reach: IssuerReach,
}

/// Why an issuer identifier is not possible for the built-in issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidIssuer {
    /// It has a path, or is not written as browsers write an origin.
    #[error("issuer {0:?} is not an origin such as http://localhost:8080")]
    NotAnOrigin(String),
    /// It is not on loopback, and nobody else is to reach it.
    #[error("issuer {0:?} is not on loopback, and the built-in issuer is for this computer alone")]
    OffLoopback(String),
    /// Passwords and tokens would be readable on the way.
    #[error("issuer {0:?} is reached by other computers, and does not start with https://")]
    NotHttps(String),
}

impl IssuerOrigin {
    pub(crate) fn new(identifier: IssuerIdentifier, reach: IssuerReach) -> Result<Self, InvalidIssuer> {
        // It must be equal byte for byte: RFC 8414 §3.3 and RFC 9207 §2.4 compare issuers as strings.
        let Some(origin) = Origin::of(identifier.url()).filter(|origin| identifier == *origin.to_string())
        else {
            return Err(InvalidIssuer::NotAnOrigin(identifier.to_string()));
        };
        match reach {
            IssuerReach::ThisComputer if !origin.host().is_loopback() => {
                return Err(InvalidIssuer::OffLoopback(identifier.to_string()));
            }
            IssuerReach::Network if origin.scheme() != "https" => {
                return Err(InvalidIssuer::NotHttps(identifier.to_string()));
            }
            IssuerReach::ThisComputer | IssuerReach::Network => {}
        }
        Ok(Self { identifier, host: origin.authority().to_string(), origin, reach })
    }

    pub(crate) fn as_str(&self) -> &str {
        self.identifier.as_str()
    }

    /// Whether other computers reach it.
    pub(crate) fn is_for_others(&self) -> bool {
        self.reach == IssuerReach::Network
    }

    pub(crate) fn is_https(&self) -> bool {
        self.origin.scheme() == "https"
    }

    /// The port, unless it is the default port of the scheme.
    pub(crate) fn port(&self) -> Option<u16> {
        self.origin.authority().port()
    }

    /// Whether `Host` names this origin. The server checks hosts too; the issuer checks it itself because a rebound
    /// page that reads the login form can submit it. HTTP/1.0 and HTTP/2 requests may lack the header, a browser's
    /// HTTP/1.1 request never does.
    pub(crate) fn is_host_of(&self, headers: &HeaderMap) -> bool {
        let own = self.host.as_bytes();
        headers.get_all(HOST).iter().all(|host| host.as_bytes().eq_ignore_ascii_case(own))
    }

    /// Whether a form was sent by one of our own pages: `Origin`, if a browser sends it, is this origin. `null` is
    /// not.
    pub(crate) fn is_sender_of(&self, headers: &HeaderMap) -> bool {
        headers.get_all(ORIGIN).iter().all(|origin| origin.as_bytes() == self.as_str().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Result<IssuerOrigin, InvalidIssuer> {
        IssuerOrigin::new(text.parse().unwrap(), IssuerReach::ThisComputer)
    }

    #[test]
    fn issuer_is_a_loopback_origin_byte_for_byte() {
        for ok in ["http://localhost:8080", "http://127.0.0.1", "http://127.1.2.3:1", "https://[::1]:8443"] {
            assert!(origin(ok).is_ok(), "{ok}");
        }
        for bad in ["http://localhost:8080/", "http://localhost/x", "http://LOCALHOST", "http://localhost:80"]
        {
            assert_eq!(origin(bad).err(), Some(InvalidIssuer::NotAnOrigin(bad.into())), "{bad}");
        }
        for bad in ["localhost", "ftp://[::1]"] {
            assert!(bad.parse::<IssuerIdentifier>().is_err(), "{bad}");
        }
        for off in [
            "https://example.com",
            "http://localhost.evil",
            "http://a.localhost",
            "http://0.0.0.0:8080",
            "http://192.168.0.1",
        ] {
            assert_eq!(origin(off).err(), Some(InvalidIssuer::OffLoopback(off.into())), "{off}");
        }
    }

    #[test]
    fn issuer_that_others_reach_is_an_https_origin() {
        let origin = |text: &str| IssuerOrigin::new(text.parse().unwrap(), IssuerReach::Network);
        for ok in ["https://example.com", "https://example.com:8443", "https://localhost:8443"] {
            assert!(origin(ok).is_ok_and(|origin| origin.is_https()), "{ok}");
        }
        let clear = "http://localhost:8080";
        assert_eq!(origin(clear).err(), Some(InvalidIssuer::NotHttps(clear.into())));
        let path = "https://example.com/tenant";
        assert_eq!(origin(path).err(), Some(InvalidIssuer::NotAnOrigin(path.into())));
    }

    #[test]
    fn host_and_origin_must_be_ours_where_they_are_sent() {
        let own = origin("http://localhost:8080").unwrap();
        let with = |name, values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(&name, http::HeaderValue::from_static(value));
            }
            headers
        };
        assert!(own.is_host_of(&with(HOST, &["localhost:8080"])));
        assert!(own.is_host_of(&with(HOST, &[])));
        for bad in ["localhost", "localhost:80801", "localhost.evil:8080", "127.0.0.1:8080", ""] {
            assert!(!own.is_host_of(&with(HOST, &[bad])), "{bad}");
        }
        assert!(!own.is_host_of(&with(HOST, &["localhost:8080", "evil"])));
        assert!(own.is_sender_of(&with(ORIGIN, &["http://localhost:8080"])));
        assert!(own.is_sender_of(&with(ORIGIN, &[])));
        for bad in
            ["null", "http://localhost", "http://localhost:8080/", "https://localhost:8080", "http://evil"]
        {
            assert!(!own.is_sender_of(&with(ORIGIN, &[bad])), "{bad}");
        }
    }
}
