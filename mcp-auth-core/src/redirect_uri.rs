//! Redirect URIs: which ones may be registered, and which ones a registration accepts (OAuth 2.1 §2.3, RFC 8252 §7).

use url::Url;

use crate::net::{Host, LOOPBACK_NAMES};

/// Private-use schemes without a dot that known MCP clients register. RFC 8252 §7.1 asks for reverse domain names,
/// which are recognised by their dot; these are the known exceptions.
const APP_SCHEMES: [&str; 14] = [
    "antigravity",
    "claude",
    "code-oss",
    "cursor",
    "goose",
    "kiro",
    "lmstudio",
    "raycast",
    "trae",
    "vscode",
    "vscode-insiders",
    "vscodium",
    "windsurf",
    "zed",
];

/// The parameters of an authorization response. A redirect URI that already has one of them would have it twice.
const RESPONSE_PARAMS: [&str; 5] = ["code", "state", "iss", "error", "error_description"];

/// The longest redirect URI, in bytes.
const MAX_LENGTH: usize = 2048;

/// A redirect URI, byte for byte as a client registered it.
///
/// # Example
/// ```
/// use mcp_auth_core::redirect_uri::RedirectUri;
/// let registered: RedirectUri = "http://127.0.0.1/callback".parse().unwrap();
/// assert!(registered.admits("http://127.0.0.1:33418/callback"), "the port of a loopback URI is free");
/// assert!(!registered.admits("http://127.0.0.1:33418/callback/"), "nothing else is");
/// assert!("http://example.com/callback".parse::<RedirectUri>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

/// Why a redirect URI cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRedirectUri {
    /// It is longer than 2048 bytes.
    #[error("a redirect URI has at most {MAX_LENGTH} bytes")]
    TooLong,
    /// It is not an absolute URI, or has characters that URIs do not allow.
    #[error("a redirect URI is an absolute URI (RFC 3986 section 4.3)")]
    NotAbsolute,
    /// It has a fragment, which OAuth 2.1 §2.3 forbids.
    #[error("a redirect URI has no fragment")]
    Fragment,
    /// It has a user name or password before the host, which can hide which host is meant.
    #[error("a redirect URI has no user information")]
    UserInfo,
    /// It is plain http to another computer (OAuth 2.1 §2.3.1; MCP: localhost or https).
    #[error("an http redirect URI points to 127.0.0.1, [::1] or localhost; elsewhere use https")]
    HttpOffLoopback,
    /// Its scheme is `javascript:`, `data:`, `file:` or another one that does not belong to an app.
    #[error(
        "a redirect URI is https, http on loopback, or an app's private-use scheme such as com.example.app:"
    )]
    Scheme,
    /// It has a parameter that would appear twice in the response.
    #[error("a redirect URI has no code, state, iss or error parameter")]
    ResponseParam,
}

/// Where a redirect URI leads, shown to the person who decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// An app that listens on this computer, under this host name.
    ThisComputer(String),
    /// A web site, by its host in ASCII, so that look-alike letters show as `xn--`.
    Web(String),
    /// The app that this computer opens for this scheme.
    App(String),
}

impl std::str::FromStr for RedirectUri {
    type Err = InvalidRedirectUri;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidRedirectUri::TooLong);
        }
        // The URL parser accepts spaces, tabs, backslashes and more, which a URI (RFC 3986 §2) cannot contain.
        if !text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b)) {
            return Err(InvalidRedirectUri::NotAbsolute);
        }
        if text.contains('#') {
            return Err(InvalidRedirectUri::Fragment);
        }
        let url = Url::parse(text).map_err(|_| InvalidRedirectUri::NotAbsolute)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidRedirectUri::UserInfo);
        }
        match url.scheme() {
            "https" => {}
            "http" if split_loopback(text).is_some() => {}
            "http" => return Err(InvalidRedirectUri::HttpOffLoopback),
            app if app.contains('.') || APP_SCHEMES.contains(&app) => {}
            _ => return Err(InvalidRedirectUri::Scheme),
        }
        if url.query_pairs().any(|(name, _)| RESPONSE_PARAMS.contains(&&*name)) {
            return Err(InvalidRedirectUri::ResponseParam);
        }
        Ok(Self(text.to_owned()))
    }
}

impl RedirectUri {
    /// Whether an authorization request may name `presented`: the same bytes, except that the port of an http
    /// loopback URI may differ (RFC 8252 §7.3).
    pub fn admits(&self, presented: &str) -> bool {
        admits(&self.0, presented)
    }

    /// The URI without the port, if it is http on loopback: equal for all that [admit](Self::admits) each other.
    pub fn without_port(&self) -> String {
        match split_loopback(&self.0) {
            Some((host, rest)) => format!("http://{host}{rest}"),
            None => self.0.clone(),
        }
    }

    /// The URI as registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a client that registered `registered` may name `presented` in an authorization request: the same bytes,
/// except that the port of an http loopback URI may differ (RFC 8252 §7.3). An accepted URI could also have been
/// registered itself.
pub fn admits(registered: &str, presented: &str) -> bool {
    if registered == presented {
        return true;
    }
    match (split_loopback(registered), split_loopback(presented)) {
        (Some(registered), Some(presented)) => registered == presented,
        _ => false,
    }
}

/// Where `uri` leads, which must be accepted by a registration.
pub fn destination(uri: &str) -> Destination {
    if let Some((host, _)) = split_loopback(uri) {
        return Destination::ThisComputer(host.to_owned());
    }
    match Url::parse(uri) {
        Ok(url) if url.scheme() == "https" => {
            let host = url.host_str().unwrap_or_default().to_owned();
            match Host::of(&url).is_some_and(|host| host.is_loopback()) {
                true => Destination::ThisComputer(host),
                false => Destination::Web(host),
            }
        }
        Ok(url) => Destination::App(url.scheme().to_owned()),
        Err(_) => Destination::App(String::new()),
    }
}

/// Splits an http loopback URI into its host and the text after the port. It works on the bytes, so that no lenient
/// parser changes what was registered, what is compared, or where the browser goes.
fn split_loopback(uri: &str) -> Option<(&str, &str)> {
    let after_scheme = uri.strip_prefix("http://")?;
    let host = LOOPBACK_NAMES.into_iter().find(|host| after_scheme.starts_with(host))?;
    let after_host = &after_scheme[host.len()..];
    let rest = match after_host.strip_prefix(':') {
        None => after_host,
        Some(port_and_rest) => {
            let end = port_and_rest.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(port_and_rest.len());
            let (port, rest) = port_and_rest.split_at(end);
            port.parse::<u16>().ok()?;
            rest
        }
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_of_real_clients_can_be_registered() {
        for uri in [
            "http://127.0.0.1:33617/callback",
            "http://localhost:4455/oauth/callback",
            "http://[::1]:9/cb",
            "http://127.0.0.1:33418",
            "http://127.0.0.1:33418/",
            "https://vscode.dev/redirect",
            "https://claude.ai/api/mcp/auth_callback",
            "https://app.example.com/cb?tenant=1",
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "vscode://dynamicauthprovider/redirect",
            "com.example.app:/oauth",
        ] {
            assert!(uri.parse::<RedirectUri>().is_ok(), "{uri}");
        }
    }

    #[test]
    fn p04_uris_that_run_leak_or_disguise_cannot_be_registered() {
        use InvalidRedirectUri::*;
        for (uri, why) in [
            ("javascript:alert(1)", Scheme),
            ("JavaScript://x/%0aalert(1)", Scheme),
            ("data:text/html,x", Scheme),
            ("file:///etc/passwd", Scheme),
            ("blob:https://x/1", Scheme),
            ("ws://127.0.0.1/", Scheme),
            ("mailto:a@example.com", Scheme),
            ("about:blank", Scheme),
            ("http://evil.example/cb", HttpOffLoopback),
            ("http://localhost.evil/cb", HttpOffLoopback),
            ("http://127.0.0.1.evil/cb", HttpOffLoopback),
            ("http://0.0.0.0/cb", HttpOffLoopback),
            ("http://127.1/cb", HttpOffLoopback),
            ("http://2130706433/cb", HttpOffLoopback),
            ("http://[::ffff:127.0.0.1]/cb", HttpOffLoopback),
            ("http://localhost:80:80/cb", NotAbsolute),
            ("http://localhost@evil/cb", UserInfo),
            ("https://user:pw@example.com/cb", UserInfo),
            ("https://example.com/cb#f", Fragment),
            ("https://example.com/cb#", Fragment),
            ("https://example.com/a b", NotAbsolute),
            ("https://example.com/\tb", NotAbsolute),
            ("https:\\\\example.com", NotAbsolute),
            ("https://exämple.com/", NotAbsolute),
            ("/callback", NotAbsolute),
            ("", NotAbsolute),
            ("https://", NotAbsolute),
            ("https://example.com/cb?code=1", ResponseParam),
            ("https://example.com/cb?iss=https://evil", ResponseParam),
        ] {
            assert_eq!(uri.parse::<RedirectUri>(), Err(why), "{uri}");
        }
        let long = format!("https://example.com/{}", "a".repeat(2048));
        assert_eq!(long.parse::<RedirectUri>(), Err(TooLong));
    }

    #[test]
    fn p03_only_the_port_of_a_loopback_uri_is_free() {
        let registered: RedirectUri = "http://localhost:4455/cb?x=1".parse().unwrap();
        for ok in ["http://localhost:4455/cb?x=1", "http://localhost/cb?x=1", "http://localhost:65535/cb?x=1"]
        {
            assert!(registered.admits(ok), "{ok}");
        }
        for bad in [
            "http://127.0.0.1:4455/cb?x=1",
            "http://[::1]:4455/cb?x=1",
            "http://localhost.evil:4455/cb?x=1",
            "http://0.0.0.0:4455/cb?x=1",
            "https://localhost:4455/cb?x=1",
            "http://localhost:4455/cb",
            "http://localhost:4455/cb?x=1&y",
            "http://localhost:4455/cb/../cb?x=1",
            "http://localhost:4455/CB?x=1",
            "http://LOCALHOST:4455/cb?x=1",
            "http://localhost:4455@evil/cb?x=1",
            "http://localhost:65536/cb?x=1",
            "http://localhost:-1/cb?x=1",
            "http://localhost:4455\\@evil/cb?x=1",
            "http://localhost:4455/cb?x=1#f",
        ] {
            assert!(!registered.admits(bad), "{bad}");
        }
        let web: RedirectUri = "https://app.example.com/cb".parse().unwrap();
        assert!(web.admits("https://app.example.com/cb"));
        assert!(!web.admits("https://app.example.com:8443/cb"), "a port off loopback is not free");
        let app: RedirectUri = "cursor://host:1/cb".parse().unwrap();
        assert!(!app.admits("cursor://host:2/cb"));
    }

    #[test]
    fn b16_destination_is_what_a_person_must_judge() {
        assert_eq!(destination("http://[::1]:9/cb"), Destination::ThisComputer("[::1]".into()));
        assert_eq!(destination("https://xn--pple-43d.com/cb"), Destination::Web("xn--pple-43d.com".into()));
        assert_eq!(destination("cursor://anysphere/cb"), Destination::App("cursor".into()));
    }
}
