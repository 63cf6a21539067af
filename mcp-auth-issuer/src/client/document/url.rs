//! A `client_id` that is a URL (draft-ietf-oauth-client-id-metadata-document-02 §3).

use mcp_auth_core::net::{Host, HttpUrl, InvalidUrl};
use url::Url;

/// The longest one, in bytes: people read it, and it stands in tokens.
const MAX_LENGTH: usize = 1024;

/// The URL of a client metadata document, byte for byte as the client wrote it, and as it is fetched.
///
/// - Source: draft-02 §3. Stricter than that: the host is a name, and the URL is written as URL parsers write it. Otherwise two
///   texts would name one document, and the text that is compared would not be the one that is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientIdUrl {
    url: Url,
    host: String,
}

/// Why a text is not the URL of a client metadata document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidClientId {
    #[error("client_id is longer than {MAX_LENGTH} bytes")]
    TooLong,
    #[error("client_id is a URL that does not start with https://")]
    Scheme,
    #[error("client_id has a user name or password")]
    UserInfo,
    #[error("client_id has a fragment, the part from #")]
    Fragment,
    #[error("client_id is not an absolute URL")]
    Malformed,
    #[error("client_id has no path")]
    NoPath,
    #[error("client_id has a . or .. segment in its path")]
    DotSegment,
    #[error("the host of client_id is an address, and not a name")]
    Address,
    #[error("the host of client_id is not the name of a host")]
    HostName,
    #[error(
        "client_id is not written as a URL parser writes it: lower case host, no default port, no needless escapes"
    )]
    Spelling,
}

/// Whether `client_id` is meant as a URL. Those that the issuer makes never are.
pub(crate) fn is_url(client_id: &str) -> bool {
    client_id.contains("://")
}

/// The host of `client_id`, if that is the URL of a document.
pub(crate) fn host_of(client_id: &str) -> Option<String> {
    client_id.parse().ok().map(|url: ClientIdUrl| url.host)
}

impl std::str::FromStr for ClientIdUrl {
    type Err = InvalidClientId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidClientId::TooLong);
        }
        let after_scheme = text.strip_prefix("https://").ok_or(InvalidClientId::Scheme)?;
        if text.contains('#') {
            return Err(InvalidClientId::Fragment);
        }
        let parsed: HttpUrl = text.parse().map_err(|error| match error {
            InvalidUrl::UserInfo => InvalidClientId::UserInfo,
            _ => InvalidClientId::Malformed,
        })?;
        let end = after_scheme.find(['/', '?']).unwrap_or(after_scheme.len());
        let path = after_scheme[end..].split('?').next().unwrap_or_default();
        if path.is_empty() {
            return Err(InvalidClientId::NoPath);
        }
        // Before the spelling, which the parser's own reading of these segments would change.
        if path.split('/').any(is_dots) {
            return Err(InvalidClientId::DotSegment);
        }
        let url = parsed.url();
        let host = match Host::of(url).ok_or(InvalidClientId::Malformed)? {
            Host::Ip(_) => return Err(InvalidClientId::Address),
            Host::Name(name) => name,
        };
        if host.ends_with('.') || host.parse::<Host>().is_err() {
            return Err(InvalidClientId::HostName);
        }
        if url.as_str() != text {
            return Err(InvalidClientId::Spelling);
        }
        Ok(Self { url: url.clone(), host })
    }
}

/// Whether a segment is `.` or `..`, percent-encoded or not (RFC 3986 §5.2.4, §6.2.2.2).
fn is_dots(segment: &str) -> bool {
    matches!(&*segment.to_ascii_lowercase().replace("%2e", "."), "." | "..")
}

impl ClientIdUrl {
    /// The text, which is also what is fetched.
    pub(crate) fn as_str(&self) -> &str {
        self.url.as_str()
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The name of the host.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The port, unless it is that of https.
    pub(crate) fn port(&self) -> Option<u16> {
        self.url.port()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_real_clients_are_client_ids() {
        for text in [
            "https://vscode.dev/oauth/client-metadata.json",
            "https://claude.ai/oauth/claude-code-client-metadata",
            "https://example.com/",
            "https://example.com/a?version=2",
            "https://example.com:8443/client.json",
            "https://example.com/a..b/.well-known/...",
        ] {
            assert_eq!(text.parse::<ClientIdUrl>().map(|url| url.as_str().to_owned()), Ok(text.to_owned()));
        }
        assert_eq!(host_of("https://a.example.com:8443/x").as_deref(), Some("a.example.com"));
        assert_eq!(host_of("client_AAAAAAAAAAAAAAAAAAAAAA"), None);
    }

    #[test]
    fn urls_that_break_a_rule_of_the_draft_or_have_two_readings_are_not_client_ids() {
        use InvalidClientId::*;
        for (text, why) in [
            ("http://example.com/c", Scheme),
            ("HTTPS://example.com/c", Scheme),
            ("ftp://example.com/c", Scheme),
            ("https://example.com", NoPath),
            ("https://example.com?x=/c", NoPath),
            ("https://example.com/a/../c", DotSegment),
            ("https://example.com/./c", DotSegment),
            ("https://example.com/a/..", DotSegment),
            ("https://example.com/a/.", DotSegment),
            ("https://example.com/%2e%2e/c", DotSegment),
            ("https://example.com/.%2E/c", DotSegment),
            ("https://example.com/%2e/c", DotSegment),
            ("https://example.com/c#f", Fragment),
            ("https://example.com/c#", Fragment),
            ("https://user@example.com/c", UserInfo),
            ("https://user:pw@example.com/c", UserInfo),
            ("https://@example.com/c", UserInfo),
            ("https://127.0.0.1/c", Address),
            ("https://192.0.2.7/c", Address),
            ("https://2130706433/c", Address),
            ("https://0x7f.1/c", Address),
            ("https://[::1]/c", Address),
            ("https://[::ffff:7f00:1]/c", Address),
            ("https://example.com./c", HostName),
            ("https://ex*mple.com/c", HostName),
            ("https:///c", Malformed),
            ("https://", Malformed),
            ("https://example.com/a b", Malformed),
            ("https://example.com\\@evil/c", UserInfo),
            ("https://ex\u{e4}mple.com/c", Malformed),
            ("https://EXAMPLE.com/c", Spelling),
            ("https://example.com:443/c", Spelling),
            ("https://example.com:08443/c", Spelling),
            ("https://example.com/c'?'", Spelling),
        ] {
            assert_eq!(text.parse::<ClientIdUrl>(), Err(why), "{text}");
        }
        let long = format!("https://example.com/{}", "a".repeat(3 * 1024));
        assert_eq!(long.parse::<ClientIdUrl>(), Err(TooLong));
    }
}
