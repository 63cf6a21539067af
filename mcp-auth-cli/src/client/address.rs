//! Which URLs a token, a code or a person may be sent to: https, or http on this machine.

use std::fmt;

use mcp_auth_core::net::{is_loopback, is_secure};
use url::Url;

use crate::outbound::PlainHttp;

/// How far the client reaches.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct Reach {
    /// Also use http:// with other machines: everyone on the network between can read the tokens.
    #[arg(long)]
    pub(crate) plain_http: bool,
    /// Also follow metadata to private addresses (10.0.0.0/8 and the like): for an issuer inside your network.
    #[arg(long)]
    pub(crate) private_addresses: bool,
}

/// Why a URL is not used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    #[error("{0:?} is not a URL; give the server's whole URL, such as https://todos.example.com/mcp")]
    NotAUrl(String),
    #[error("{0} has a user name or password in it; a login is kept for the URL without")]
    Credentials(String),
    #[error(transparent)]
    PlainHttp(#[from] PlainHttp),
    #[error(
        "the issuer's {name} is {text:?}: neither https nor on the same machine as the server, so it is not used"
    )]
    Endpoint { name: &'static str, text: String },
}

/// The URL of an MCP server that a token may be sent to, without fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerUrl {
    url: Url,
    plain_http: bool,
}

impl ServerUrl {
    /// # Errors
    /// [`AddressError`]: not an http(s) URL, or with credentials in it, or http to another machine.
    pub(crate) fn parse(text: &str, reach: Reach) -> Result<Self, AddressError> {
        let not_a_url = || AddressError::NotAUrl(text.to_owned());
        let mut url = Url::parse(text).map_err(|_| not_a_url())?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(not_a_url());
        }
        if !url.username().is_empty() || url.password().is_some() {
            let (_, _) = (url.set_username(""), url.set_password(None));
            return Err(AddressError::Credentials(url.to_string()));
        }
        if !is_secure(&url) && !reach.plain_http {
            return Err(PlainHttp(url).into());
        }
        url.set_fragment(None);
        Ok(Self { url, plain_http: reach.plain_http })
    }

    pub(crate) fn as_str(&self) -> &str {
        self.url.as_str()
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// An endpoint that metadata names. It must be https (MCP authorization, communication security). http on this
    /// machine is allowed too, but only for a server on this machine: a server elsewhere has no reason to name it.
    pub(super) fn endpoint(&self, name: &'static str, text: &str) -> Result<Url, AddressError> {
        let refused = || AddressError::Endpoint { name, text: text.chars().take(200).collect() };
        let url = Url::parse(text).map_err(|_| refused())?;
        let allowed = match url.scheme() {
            "https" => !is_loopback(&url) || is_loopback(&self.url),
            "http" if is_loopback(&url) => is_loopback(&self.url),
            "http" => self.plain_http,
            _ => false,
        };
        if allowed && url.host().is_some() { Ok(url) } else { Err(refused()) }
    }
}

/// Whether two URLs have the same scheme, host and port.
pub(super) fn is_same_origin(one: &str, other: &str) -> bool {
    let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
    origin(one).is_some_and(|one| origin(other) == Some(one))
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Result<ServerUrl, AddressError> {
        ServerUrl::parse(text, Reach::default())
    }

    #[test]
    fn https_and_this_machine_are_servers_and_nothing_else_is() {
        for good in
            ["https://a.example/mcp", "http://127.0.0.1:8080/mcp", "http://localhost/mcp", "http://[::1]/mcp"]
        {
            assert_eq!(server(good).unwrap().as_str(), good);
        }
        for bad in ["http://a.example/mcp", "http://localhost.evil/mcp", "http://10.0.0.1/mcp"] {
            assert!(matches!(server(bad), Err(AddressError::PlainHttp(_))), "{bad}");
            let reach = Reach { plain_http: true, ..Reach::default() };
            assert!(ServerUrl::parse(bad, reach).is_ok(), "{bad}");
        }
        for bad in ["todos", "file:///etc/passwd", "a.example:443/mcp", ""] {
            assert!(matches!(server(bad), Err(AddressError::NotAUrl(_))), "{bad}");
        }
        assert_eq!(server("https://a.example/mcp#x").unwrap().as_str(), "https://a.example/mcp");
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_shown() {
        let error = server("https://alice:hunter2@a.example/mcp").unwrap_err().to_string();
        assert!(error.contains("a.example") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn endpoints_are_https_or_on_the_machine_of_the_server() {
        let far = server("https://a.example/mcp").unwrap();
        let near = server("http://127.0.0.1:8080/mcp").unwrap();
        assert!(far.endpoint("token_endpoint", "https://issuer.example/token").is_ok());
        assert!(near.endpoint("token_endpoint", "https://issuer.example/token").is_ok());
        assert!(near.endpoint("token_endpoint", "http://localhost:4000/token").is_ok());
        for bad in [
            "http://issuer.example/token",
            "http://127.0.0.1:4000/token",
            "https://localhost/token",
            "https://[::ffff:127.0.0.1]/token",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "/token",
            "",
        ] {
            let refused = far.endpoint("token_endpoint", bad);
            assert!(matches!(refused, Err(AddressError::Endpoint { .. })), "{bad}");
        }
        assert!(near.endpoint("authorization_endpoint", "x-app://run").is_err());
    }

    #[test]
    fn an_authorization_endpoint_inside_the_network_is_not_where_its_issuer_is() {
        let issuer = "https://issuer.example";
        assert!(is_same_origin("https://issuer.example:443/authorize?client_id=x", issuer));
        for other in [
            "https://10.0.0.5/authorize",
            "https://issuer.example:8443/authorize",
            "http://issuer.example/authorize",
            "https://issuer.example@10.0.0.5/",
            "https://issuer.example.internal/",
            "data:x",
            "",
        ] {
            assert!(!is_same_origin(other, issuer), "{other}");
        }
    }
}
