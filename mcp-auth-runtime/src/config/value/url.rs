//! URLs, origins and hosts. What they are is the core's; here is how the configuration reads them, and what a mistake
//! is answered.

use std::net::SocketAddr;
use std::str::FromStr;

use mcp_auth_core::net::{self, Authority, Host, InvalidHost, InvalidUrl, Origin};
use mcp_auth_core::{IssuerIdentifier, Resource};
use serde::Serialize;

use super::{ValueError, nearest, schema, text_value};

/// Declares a value that is one of the core's types, read as the configuration reads text.
macro_rules! core_value {
    ($(#[$doc:meta])* $name:ident($core:ty), $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $name($core);

        impl std::ops::Deref for $name {
            type Target = $core;
            fn deref(&self) -> &$core {
                &self.0
            }
        }

        text_value!($name, $expected);
    };
}

core_value! {
    /// An absolute `https` or `http` URL.
    HttpUrl(net::HttpUrl), "a URL such as \"https://example.com/path\""
}

core_value! {
    /// An absolute `https` URL.
    HttpsUrl(net::HttpUrl), "a URL such as \"https://example.com/path\""
}

core_value! {
    /// The server's resource identifier (RFC 8707 §2, RFC 9728 §1.2), published byte for byte: `https`, or `http`
    /// on loopback; no query, no fragment.
    PublicUrl(Resource), "a URL such as \"https://example.com/mcp\""
}

core_value! {
    /// An issuer identifier (RFC 8414 §2), compared byte for byte with `iss`: `https`, or `http` on loopback;
    /// no query, no fragment.
    IssuerUrl(IssuerIdentifier), "a URL such as \"https://issuer.example.com\""
}

core_value! {
    /// An origin as browsers and programs with web pages send it (RFC 6454 §6.2): scheme, host, and port unless it is the
    /// scheme's own.
    WebOrigin(Origin), "an origin such as \"https://app.example.com\""
}

core_value! {
    /// A host a request may name, in lower case, IPv6 in brackets: `example.com`, `127.0.0.1`, `[::1]` for every port,
    /// `example.com:8443` for that one.
    HostName(Authority), "a host such as \"example.com\""
}

core_value! {
    /// A host inside a network of one's own, without a port: `keycloak`, `idp.internal`, `10.0.0.7`.
    PrivateHost(Authority), "a host such as \"keycloak\""
}

impl FromStr for HttpUrl {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text.contains(['{', '}']) {
            let why = "a URL holds no { or }; {tenant} may stand in issuer and authorization_server alone";
            return Err(ValueError::refused(text, why));
        }
        text.parse().map(Self).map_err(|invalid| refused_url(text, invalid))
    }
}

impl FromStr for HttpsUrl {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let HttpUrl(url) = text.parse()?;
        match url.url().scheme() {
            "https" => Ok(Self(url)),
            _ => Err(ValueError::refused(text, "it must start with https://")),
        }
    }
}

impl FromStr for PublicUrl {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let resource: Resource = text.parse().map_err(|invalid| refused_url(text, invalid))?;
        if resource.has_query() {
            return Err(refused_url(text, InvalidUrl::Query));
        }
        Ok(Self(resource))
    }
}

impl FromStr for IssuerUrl {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        text.parse().map(Self).map_err(|invalid| refused_url(text, invalid))
    }
}

fn refused_url(text: &str, invalid: InvalidUrl) -> ValueError {
    match invalid {
        InvalidUrl::NotAbsolute => ValueError::malformed(text, expected_url(text)),
        InvalidUrl::UserInfo => ValueError::refused("…", invalid.to_string()), // it may hold a password
        _ => ValueError::refused(text, invalid.to_string()),
    }
}

/// What an absolute URL is, and the one that a bare host was most likely meant as.
fn expected_url(text: &str) -> String {
    let meant = format!("https://{text}");
    let is_host =
        text.contains('.') && text.chars().all(|c| c.is_ascii_alphanumeric() || "-.:/_".contains(c));
    match is_host && !text.starts_with(['/', '.', ':']) && meant.parse::<net::HttpUrl>().is_ok() {
        true => format!("{}; did you mean {meant:?}?", InvalidUrl::EXPECTED),
        false => InvalidUrl::EXPECTED.to_owned(),
    }
}

impl FromStr for WebOrigin {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if matches!(text, "*" | "null") {
            let why =
                "it stands for pages of any site; name each origin, such as \"https://app.example.com\"";
            return Err(ValueError::refused(text, why));
        }
        if let Some((scheme, host)) = text.split_once("://")
            && !is_of_the_web(scheme)
        {
            return of_a_program(text, scheme, host);
        }
        let url: HttpUrl = text.parse()?;
        let origin = Origin::of(url.url()).ok_or_else(|| refused_url(text, InvalidUrl::Host))?;
        let written = origin.to_string();
        if written == text {
            return Ok(Self(origin));
        }
        Err(ValueError::refused(text, format!("an origin is written as browsers send it: {written:?}")))
    }
}

/// Schemes of web pages, and those that no program can have for its own: pages with them have no origin, or name no
/// place of their own.
const WEB_SCHEMES: [&str; 13] = [
    "http",
    "https",
    "ws",
    "wss",
    "ftp",
    "file",
    "filesystem",
    "data",
    "blob",
    "about",
    "javascript",
    "view-source",
    "content",
];

fn is_of_the_web(scheme: &str) -> bool {
    WEB_SCHEMES.iter().any(|web| scheme.eq_ignore_ascii_case(web))
}

/// The origin of one installed program's pages, such as `tauri://localhost` or `chrome-extension://` and the
/// extension's id. Hosts are read without case: Safari writes those of its extensions in capitals.
fn of_a_program(text: &str, scheme: &str, host: &str) -> Result<WebOrigin, ValueError> {
    if let Some(meant) = nearest(scheme, ["https", "http"]) {
        let why = format!("an origin of this scheme is not known; did you mean \"{meant}://{host}\"?");
        return Err(ValueError::refused(text, why));
    }
    if matches!(host, "" | "*") {
        let why =
            "it stands for every program with this scheme; name the host too, such as \"tauri://localhost\"";
        return Err(ValueError::refused(text, why));
    }
    let expected = "an origin: scheme and host without a path, such as \"tauri://localhost\"";
    let origin: Origin = text.parse().map_err(|_| ValueError::malformed(text, expected))?;
    match origin.scheme() == scheme {
        true => Ok(WebOrigin(origin)),
        false => {
            let why = format!("an origin is written as programs send it: {:?}", origin.to_string());
            Err(ValueError::refused(text, why))
        }
    }
}

impl FromStr for HostName {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let authority: Authority = text.parse().map_err(|invalid| match invalid {
            InvalidHost::Character | InvalidHost::Spelling(_) => {
                ValueError::refused(text, invalid.to_string())
            }
            _ => ValueError::malformed(
                text,
                "a host, or a host and a port, such as \"example.com\", \"example.com:8443\" or \"[::1]\"",
            ),
        })?;
        let written = authority.to_string();
        if written != text {
            return Err(ValueError::refused(text, InvalidHost::Spelling(written).to_string()));
        }
        Ok(Self(authority))
    }
}

impl FromStr for PrivateHost {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let HostName(authority) = text.parse()?;
        if authority.port().is_some() {
            let why = format!("it stands for every port; write {:?}", authority.host().to_string());
            return Err(ValueError::refused(text, why));
        }
        if authority.host().is_loopback() {
            return Err(ValueError::refused(
                text,
                "http to this machine needs no permission; remove the key",
            ));
        }
        if !authority.host().is_private() {
            let why = "over the internet, everyone on the way could put keys of their own in place of the issuer's; plain \
                       http is for a private address, a name without a dot, or one below .internal, .local, .lan, .svc or \
                       .home.arpa";
            return Err(ValueError::refused(text, why));
        }
        Ok(Self(authority))
    }
}

/// Where the server listens: an IP address and a port. Port 0 takes any free one (for tests).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen(SocketAddr);

impl Listen {
    /// The address to bind.
    pub fn get(self) -> SocketAddr {
        self.0
    }

    /// Whether only this machine can connect.
    pub fn is_loopback(self) -> bool {
        Host::from(self.0.ip()).is_loopback()
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self(SocketAddr::from(([127, 0, 0, 1], 8080)))
    }
}

impl FromStr for Listen {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        text.parse().map(Self).map_err(|_| {
            ValueError::malformed(
                text,
                "an IP address and a port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"",
            )
        })
    }
}

impl Serialize for Listen {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.to_string())
    }
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> serde::Deserialize<'de> for Listen {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = crate::config::value::read_text(from, "an address such as \"127.0.0.1:8080\"")?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

schema!(Listen, { "type": "string", "$comment": "An IP address and a port; port 0 takes any free one." });

#[cfg(test)]
mod tests;
