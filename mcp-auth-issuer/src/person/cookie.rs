//! The cookie by which a browser is recognised, and what every cookie of the issuer has in common.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::request::origin::IssuerOrigin;

/// A cookie of the issuer: its name, and what browsers are told of it.
///
/// `HttpOnly`; `SameSite=Lax`, because a client's link must find it and another site's form must not. Over https it is `__Host-` and `Secure`.
/// Plain http on loopback has neither; there the port is in the name, because cookies do not depend on the port (RFC 6265 §8.5) and two servers
/// on one computer would overwrite each other's.
pub(super) struct IssuerCookie {
    name: String,
    attributes: &'static str,
}

impl IssuerCookie {
    /// One that is called `over_https`, or `on_loopback` in plain http.
    pub(super) fn new(origin: &IssuerOrigin, (over_https, on_loopback): (&str, &str)) -> Self {
        if origin.is_https() {
            let attributes = "Path=/; Secure; HttpOnly; SameSite=Lax";
            return Self { name: format!("__Host-mcp-auth-{over_https}"), attributes };
        }
        let name = match origin.port() {
            Some(port) => format!("mcp-auth-{on_loopback}-{port}"),
            None => format!("mcp-auth-{on_loopback}"),
        };
        Self { name, attributes: "Path=/; HttpOnly; SameSite=Lax" }
    }

    /// What the browser sent under this name.
    pub(super) fn values<'h>(&self, headers: &'h HeaderMap) -> impl Iterator<Item = &'h str> {
        let pairs = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        pairs.flat_map(|pairs| pairs.split(';')).filter_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == self.name).then_some(value)
        })
    }

    /// The `Set-Cookie` header for `value`, kept for so many seconds; else until the browser closes.
    pub(super) fn set(&self, value: &str, seconds: Option<u64>) -> Option<HeaderValue> {
        let kept = seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
        HeaderValue::try_from(format!("{}={value}; {}{kept}", self.name, self.attributes)).ok()
    }
}

/// The cookie that holds a session identifier, whether or not a person is logged in. The name is not that of releases whose cookie was for
/// `/authorize` alone: a browser would send that one first.
pub(crate) struct SessionCookie(IssuerCookie);

impl SessionCookie {
    pub(crate) fn new(origin: &IssuerOrigin) -> Self {
        Self(IssuerCookie::new(origin, ("session", "browser")))
    }

    /// The identifier that the browser sent, if it has the form of an identifier that the issuer makes.
    pub(crate) fn read<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let is_identifier =
            |value: &&str| BASE64_URL_SAFE_NO_PAD.decode(value).is_ok_and(|bytes| bytes.len() == 32);
        self.0.values(headers).find(is_identifier)
    }

    /// The `Set-Cookie` header for `id`, valid until the browser closes.
    pub(crate) fn set(&self, id: &str) -> Option<HeaderValue> {
        self.0.set(id, None)
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ambient::SystemRandom;
    use mcp_auth_runtime::config::IssuerReach;

    use super::*;
    use crate::secret::secret;

    fn cookie(origin: &str) -> SessionCookie {
        SessionCookie::new(&IssuerOrigin::new(origin.parse().unwrap(), IssuerReach::ThisComputer).unwrap())
    }

    #[test]
    fn b13_cookie_is_host_bound_over_https_and_plain_on_http_loopback() {
        let set = |origin: &str| cookie(origin).set("x").unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            set("https://localhost:8443"),
            "__Host-mcp-auth-session=x; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
        assert_eq!(set("http://localhost:8080"), "mcp-auth-browser-8080=x; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn only_our_cookie_in_our_shape_is_read() {
        let id = secret(&SystemRandom);
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_str(text).unwrap());
            cookie("http://localhost:8080").read(&headers).map(str::to_owned)
        };
        assert_eq!(read(&format!("a=b; mcp-auth-browser-8080={id}; c=d")), Some(id.clone()));
        assert_eq!(read(&format!("mcp-auth-browser-8081={id}")), None);
        assert_eq!(read("mcp-auth-browser-8080=short"), None);
        assert_eq!(read(&format!("mcp-auth-browser-8080=\"{id}\"")), None);
    }
}
