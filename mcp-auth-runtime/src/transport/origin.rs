//! Which web pages may talk to this server (MCP transports, security: a present and invalid `Origin` is 403).
//!
//! A request without `Origin` does not come from a page's script and passes. Allowed origins are:
//! - the server's own: the origin of `public_url`, and of the address the listener is bound to;
//! - what the operator added;
//! - where the listener is bound to a loopback address: every `http` or `https` origin on `localhost`,
//!   `127.0.0.1` or `[::1]`, with any port. Such a page is already a program of this machine's user, and
//!   browser clients such as the MCP Inspector (`http://localhost:6274`) are exactly that. The origin gives
//!   such a page no credentials: it needs a token like every other client.
//!
//! `null` is never allowed: sandboxed frames and `data:` pages of any site send it.

use std::collections::HashSet;
use std::net::SocketAddr;

use axum::extract::Request;
use http::{HeaderMap, HeaderValue, Method, header};
use mcp_auth_core::Resource;
use mcp_auth_core::net::{Host, LOOPBACK_NAMES, Origin};

use crate::answer::Rejection;

/// What the check is built from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OriginSettings<'a> {
    /// The resource identifier.
    pub resource: &'a Resource,
    /// The address the listener is bound to: its `local_addr`, so that port 0 has become a real one.
    pub listen: SocketAddr,
    /// Further origins.
    pub extra: &'a [Origin],
    /// Where an operator adds one, for the message: `cors.allowed_origins in mcp.toml`.
    pub setting: &'a str,
}

/// The origins whose pages may talk to this server.
#[derive(Debug, Clone)]
pub(crate) struct AllowedOrigins {
    allowed: HashSet<Origin>,
    /// Those of pages on this machine, where they are allowed: empty, or [`LOOPBACK_NAMES`].
    local: Vec<Host>,
    setting: String,
}

impl AllowedOrigins {
    /// The origins that follow from the settings; see the module's text.
    pub(crate) fn new(settings: &OriginSettings<'_>) -> Self {
        let listen = settings.listen;
        let mut allowed = HashSet::from([settings.resource.origin().clone()]);
        if !listen.ip().is_unspecified() {
            allowed.insert(Origin::of_listener(listen));
        }
        allowed.extend(settings.extra.iter().cloned());
        let local = match Host::from(listen.ip()).is_loopback() {
            true => LOOPBACK_NAMES.into_iter().filter_map(|name| name.parse().ok()).collect(),
            false => Vec::new(),
        };
        Self { allowed, local, setting: settings.setting.to_owned() }
    }

    /// The request's origin, if it has exactly one and it is allowed.
    pub(super) fn allowed_one<'r>(&self, headers: &'r HeaderMap) -> Option<&'r HeaderValue> {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else {
            return None;
        };
        let parsed: Origin = origin.to_str().ok()?.parse().ok()?;
        let is_local = || matches!(parsed.scheme(), "http" | "https") && self.local.contains(parsed.host());
        (self.allowed.contains(&parsed) || is_local()).then_some(origin)
    }

    /// Checks the `Origin` header: absent, or one that is allowed.
    ///
    /// # Errors
    /// 403 for any other, and for two of them.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Rejection> {
        if !headers.contains_key(header::ORIGIN) || self.allowed_one(headers).is_some() {
            return Ok(());
        }
        tracing::warn!(origin = ?headers.get(header::ORIGIN), "refused a request from an origin that is not allowed");
        Err(Rejection::OriginNotAllowed { setting: self.setting.clone() })
    }
}

/// [`AllowedOrigins::check`] on every method, for the MCP endpoint.
pub(crate) fn check(origins: &AllowedOrigins, request: &Request) -> Result<(), Rejection> {
    origins.check(request.headers())
}

/// [`AllowedOrigins::check`] on POST only, for the issuer's endpoints: people reach its pages by links from anywhere.
pub(crate) fn check_posts(origins: &AllowedOrigins, request: &Request) -> Result<(), Rejection> {
    match *request.method() == Method::POST {
        true => check(origins, request),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(public_url: &str, listen: &str, extra: &[&str]) -> AllowedOrigins {
        let extra: Vec<Origin> = extra.iter().map(|entry| entry.parse().unwrap()).collect();
        let setting = "cors.allowed_origins in mcp.toml";
        let (resource, listen) = (&public_url.parse().unwrap(), listen.parse().unwrap());
        AllowedOrigins::new(&OriginSettings { resource, listen, extra: &extra, setting })
    }

    fn local() -> AllowedOrigins {
        origins("http://localhost:8080/mcp", "127.0.0.1:8080", &[])
    }

    fn remote() -> AllowedOrigins {
        let extra = ["https://app.example", "http://dev.example:3000", "vscode-webview://abc"];
        origins("https://todos.example.com/mcp", "0.0.0.0:8080", &extra)
    }

    fn is_allowed(origins: &AllowedOrigins, values: &[&[u8]]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::ORIGIN, HeaderValue::from_bytes(value).unwrap());
        }
        let allowed = origins.check(&headers);
        assert!(allowed.as_ref().err().is_none_or(|refusal| refusal.respond_early().status() == 403));
        allowed.is_ok()
    }

    #[test]
    fn a_request_without_origin_passes() {
        assert!(is_allowed(&local(), &[]) && is_allowed(&remote(), &[]));
    }

    #[test]
    fn h18_every_other_origin_is_refused() {
        let others = [
            "http://evil.example",
            "null",
            "http://localhost.evil",
            "http://localhost.evil:8080",
            "http://localhost.",
            "http://127.1:8080",
            "http://127.0.0.2:8080",
            "http://[::1%25eth0]",
            "http://localhost:8080/",
            "http://u@localhost:8080",
            "http://localhost:8080 http://evil.example",
            "http://localhost:8080, http://evil.example",
            "file://",
            "ftp://localhost",
            "chrome-extension://localhost",
            "localhost:8080",
            "://localhost",
            "*",
            "",
        ];
        for origin in others {
            assert!(!is_allowed(&local(), &[origin.as_bytes()]), "{origin}");
        }
        assert!(!is_allowed(&local(), &[b"http://localhost\xff"]));
    }

    #[test]
    fn h18_two_origin_headers_are_refused_even_if_both_are_allowed() {
        assert!(!is_allowed(&local(), &[b"http://localhost:8080", b"http://localhost:8080"]));
        assert!(!is_allowed(&local(), &[b"http://localhost:8080", b"http://evil.example"]));
    }

    #[test]
    fn on_loopback_pages_of_this_machine_are_allowed_on_any_port() {
        for origin in
            ["http://localhost:6274", "http://LOCALHOST", "https://127.0.0.1:3000", "http://[::1]:5173"]
        {
            assert!(is_allowed(&local(), &[origin.as_bytes()]), "{origin}");
        }
    }

    #[test]
    fn off_loopback_only_the_own_and_the_added_origins_are_allowed() {
        for origin in [
            "https://todos.example.com",
            "https://todos.example.com:443",
            "https://app.example",
            "http://dev.example:3000",
            "vscode-webview://abc",
        ] {
            assert!(is_allowed(&remote(), &[origin.as_bytes()]), "{origin}");
        }
        for origin in [
            "http://todos.example.com",
            "https://todos.example.com:8443",
            "http://app.example",
            "https://app.example:8443",
            "http://dev.example",
            "vscode-webview://abd",
            "http://localhost:6274",
            "http://0.0.0.0:8080",
        ] {
            assert!(!is_allowed(&remote(), &[origin.as_bytes()]), "{origin}");
        }
    }

    #[test]
    fn a_refusal_says_where_to_allow_the_origin_and_repeats_nothing() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static("http://evil.example"));
        let refusal = local().check(&headers).unwrap_err();
        assert!(refusal.message().contains("cors.allowed_origins in mcp.toml"));
        assert!(!refusal.message().contains("evil"));
    }
}
