//! Compares two URLs that should be the same byte for byte: how they differ, and the usual cause. Also tells which
//! hosts can be reached only from inside a network.

use std::net::IpAddr;

use mcp_auth_core::net::{Host, is_loopback};
use url::Url;

/// The first difference that matters, from left to right in the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    /// `other` is not a URL.
    NotAUrl,
    /// `other` says http where the URL is https.
    HttpForHttps,
    /// `other` says https where the URL is http.
    HttpsForHttp,
    /// One is `localhost` and the other is `127.0.0.1`: the same machine, but two identifiers.
    LoopbackName,
    /// `other` names a host that can be reached only from inside a network.
    InternalHost,
    Host,
    Port,
    /// Only the case of the scheme or host differs.
    HostCase,
    /// `https://host` and `https://host/`, which URL parsers do not tell apart.
    EmptyPath,
    /// `other` has one more slash at its end.
    SlashMore,
    /// `other` has one slash less at its end.
    SlashLess,
    PathCase,
    /// `other` ends where the path begins.
    PathMissing,
    Path,
    QueryOrFragment,
    /// A URL parser treats them as equal: percent-encoding, a default port, dot segments.
    Spelling,
}

/// How `other` differs from `url`; `None` if they are identical byte for byte (RFC 3986 §6.2.1).
pub(crate) fn difference(url: &str, other: &str) -> Option<Difference> {
    if url == other {
        return None;
    }
    let (Ok(left), Ok(right)) = (Url::parse(url), Url::parse(other)) else {
        return Some(Difference::NotAUrl);
    };
    let (left_host, right_host) = (left.host_str().unwrap_or_default(), right.host_str().unwrap_or_default());
    Some(if (left.scheme(), right.scheme()) == ("https", "http") {
        if left_host != right_host && is_internal(&right) {
            Difference::InternalHost
        } else {
            Difference::HttpForHttps
        }
    } else if (left.scheme(), right.scheme()) == ("http", "https") {
        Difference::HttpsForHttp
    } else if left_host != right_host {
        if is_loopback(&left) && is_loopback(&right) {
            Difference::LoopbackName
        } else if is_internal(&right) && !is_internal(&left) {
            Difference::InternalHost
        } else {
            Difference::Host
        }
    } else if left.port_or_known_default() != right.port_or_known_default() {
        Difference::Port
    } else {
        tail(url, other, &left, &right)
    })
}

fn tail(url: &str, other: &str, left: &Url, right: &Url) -> Difference {
    let (a, b) = (left.path(), right.path());
    if left.query() != right.query() || left.fragment() != right.fragment() {
        Difference::QueryOrFragment
    } else if a == b {
        let bare = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
        if a == "/" && bare(url) == bare(other) {
            Difference::EmptyPath
        } else if url.eq_ignore_ascii_case(other) {
            Difference::HostCase
        } else {
            Difference::Spelling
        }
    } else if b.strip_suffix('/') == Some(a) {
        Difference::SlashMore
    } else if a.strip_suffix('/') == Some(b) {
        Difference::SlashLess
    } else if b == "/" {
        Difference::PathMissing
    } else if a.eq_ignore_ascii_case(b) {
        Difference::PathCase
    } else {
        Difference::Path
    }
}

impl Difference {
    /// The difference and its usual cause, as a statement about the document that contains `other`.
    pub(crate) fn cause(self) -> &'static str {
        match self {
            Self::NotAUrl => "it is not an absolute URL",
            Self::HttpForHttps => {
                "it says http where clients use https: TLS ends at a proxy and the server builds the URL from \
                 the request it gets, without X-Forwarded-Proto"
            }
            Self::HttpsForHttp => {
                "it says https where this URL is http: clients have to be given the https URL"
            }
            Self::LoopbackName => {
                "it names this machine differently: localhost, 127.0.0.1 and [::1] are different identifiers"
            }
            Self::InternalHost => {
                "it names a host that only the inside of a network knows: a proxy does not hand on the Host that \
                 clients used, or the server says where it listens"
            }
            Self::Host => "it names another host: a proxy changes Host, or it is set for another deployment",
            Self::Port => "it has another port: the server says where it listens, not where clients connect",
            Self::HostCase => "only upper and lower case of the scheme or host differ",
            Self::EmptyPath => "only the slash after the host differs, which most clients do not see",
            Self::SlashMore => "it has a trailing slash more",
            Self::SlashLess => "it has no trailing slash, and this URL has one",
            Self::PathCase => "upper and lower case of the path differ",
            Self::PathMissing => "the path is missing: it names the whole host, not the MCP endpoint",
            Self::Path => {
                "the path differs: a proxy adds or removes a prefix, or it is set for another endpoint"
            }
            Self::QueryOrFragment => "the query or fragment differs",
            Self::Spelling => {
                "the same address is written differently (percent-encoding, default port, dots)"
            }
        }
    }

    /// Whether the two URLs were probably meant to be the same, so that the difference is worth reporting.
    pub(crate) fn is_near(self) -> bool {
        !matches!(self, Self::Host | Self::NotAUrl)
    }

    /// Whether most clients ignore this difference.
    pub(crate) fn is_mild(self) -> bool {
        matches!(self, Self::HostCase | Self::EmptyPath)
    }
}

/// Whether the host is a loopback or private address, or a name that is not in public DNS.
pub(crate) fn is_internal(url: &Url) -> bool {
    let Some(host) = Host::of(url) else { return false };
    let special = |address: IpAddr| match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_unspecified(),
    };
    host.is_loopback()
        || host.is_private()
        || match host {
            Host::Name(name) => name.ends_with(".localhost"),
            Host::Ip(address) => special(address),
        }
}

#[cfg(test)]
mod tests {
    use super::Difference::*;
    use super::*;

    #[test]
    fn identical_urls_do_not_differ() {
        assert_eq!(difference("https://a.example/mcp", "https://a.example/mcp"), None);
    }

    #[test]
    fn every_difference_has_its_name() {
        for (url, other, expected) in [
            ("https://a.example/mcp", "http://a.example/mcp", HttpForHttps),
            ("https://a.example/mcp", "http://10.0.0.7:8080/mcp", InternalHost),
            ("http://a.example/mcp", "https://a.example/mcp", HttpsForHttp),
            ("http://localhost:1/mcp", "http://127.0.0.1:1/mcp", LoopbackName),
            ("https://a.example/mcp", "https://app:8080/mcp", InternalHost),
            ("https://a.example/mcp", "https://b.example/mcp", Host),
            ("https://a.example/mcp", "https://a.example:8443/mcp", Port),
            ("https://a.example/mcp", "https://A.example/mcp", HostCase),
            ("https://a.example", "https://a.example/", EmptyPath),
            ("https://a.example/mcp", "https://a.example/mcp/", SlashMore),
            ("https://a.example/mcp/", "https://a.example/mcp", SlashLess),
            ("https://a.example/mcp", "https://a.example/MCP", PathCase),
            ("https://a.example/mcp", "https://a.example", PathMissing),
            ("https://a.example/mcp", "https://a.example/api/mcp", Path),
            ("https://a.example/mcp", "https://a.example/mcp?x=1", QueryOrFragment),
            ("https://a.example/mcp", "https://a.example:443/mcp", Spelling),
            ("https://a.example/mcp", "https://a.example/x/../mcp", Spelling),
            ("https://a.example/mcp", "mcp", NotAUrl),
        ] {
            assert_eq!(difference(url, other), Some(expected), "{url} {other}");
        }
    }

    #[test]
    fn what_only_the_inside_reaches_is_internal_however_it_is_written() {
        for (host, internal) in [
            ("localhost", true),
            ("127.9.9.9", true),
            ("[::1]", true),
            ("[::ffff:127.0.0.1]", true),
            ("[::ffff:10.0.0.7]", true),
            ("10.0.0.7", true),
            ("0.0.0.0", true),
            ("[fd00::1]", true),
            ("app", true),
            ("a.localhost", true),
            ("a.svc.cluster.local", true),
            ("a.example", false),
            ("192.0.2.7", false),
            ("[2001:db8::1]", false),
        ] {
            let url = Url::parse(&format!("http://{host}/"));
            assert_eq!(url.map(|url| is_internal(&url)), Ok(internal), "{host}");
        }
    }
}
