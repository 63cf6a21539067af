//! Where a request comes from: its peer, or, behind proxies that the operator names, the client that they say they ask for.
//! What a client can write itself is never believed. Addresses that a key may be used from, what the built-in issuer limits by address or
//! shows of a device, and the audit depend on it; nothing that is published does.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use http::{HeaderMap, HeaderName, request};
use mcp_auth_core::net::Network;

/// The address that a request comes from, for the issuer in this process: the runtime puts it into the extensions of each request that
/// it passes on. It is the peer, or the client behind proxies that the operator names; `None` where it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

/// Which peers are proxies, and the one header in which they say for whom they ask.
///
/// A proxy sets or extends one such header and passes on all others as its client sent them, so no other one is read.
#[derive(Debug, Clone)]
pub(crate) struct TrustedProxies {
    networks: Vec<Network>,
    header: HeaderName,
}

impl TrustedProxies {
    /// Peers of these networks are proxies that use `header`.
    pub(crate) fn new(networks: Vec<Network>, header: HeaderName) -> Self {
        Self { networks, header }
    }

    /// The address that a request comes from; `None` where its peer has none, or the server is not told, or its proxies do
    /// not say what can be read.
    pub(crate) fn client_of(&self, parts: &request::Parts) -> Option<IpAddr> {
        let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
        self.behind(peer.ip(), &parts.headers)
    }

    /// The request, which says where it comes from.
    pub(crate) fn addressed(&self, request: Request) -> Request {
        let (mut parts, body) = request.into_parts();
        let address = ClientAddress(self.client_of(&parts));
        parts.extensions.insert(address);
        Request::from_parts(parts, body)
    }

    /// Whether a proxy sent this request.
    pub(super) fn sent(&self, parts: &request::Parts) -> bool {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        peer.is_some_and(|ConnectInfo(peer)| self.trusts(peer.ip().to_canonical()))
    }

    /// The client behind `peer`.
    ///
    /// Each proxy adds the peer that it had at the right end of the list. So it is read from there, and only as long as who
    /// added an entry is trusted: the first that is not is the client. What is not an address gives no address: the proxy that
    /// added it asks for someone, and its own address would be one that a client can choose to have. The same holds where a
    /// proxy says nothing.
    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return Some(peer);
        }
        let mut said = None;
        let lines: Vec<&[u8]> = headers.get_all(&self.header).iter().map(|line| line.as_bytes()).collect();
        for line in lines.into_iter().rev() {
            for address in self.addresses(line)?.into_iter().rev() {
                said = Some(address?.to_canonical());
                if said.is_some_and(|address| !self.trusts(address)) {
                    return said;
                }
            }
        }
        said
    }

    /// What each element of a line says; `None` where it cannot be told where they begin and end.
    fn addresses(&self, line: &[u8]) -> Option<Vec<Option<IpAddr>>> {
        let is_forwarded = self.header == http::header::FORWARDED;
        let elements = match is_forwarded {
            true => split_outside_quotes(line, b',')?,
            false => line.split(|byte| *byte == b',').collect(),
        };
        // RFC 9110 §5.6.1: empty ones do not count.
        let elements = elements.into_iter().map(<[u8]>::trim_ascii).filter(|element| !element.is_empty());
        let address = |element| match is_forwarded {
            true => forwarded_for(element).and_then(node),
            false => node(element),
        };
        Some(elements.map(address).collect())
    }

    /// Whether this is the address of a proxy.
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }
}

/// The parts of `text` between separators that are not in quotes. `Forwarded` alone has quotes, and a left part that a client
/// wrote may hold any: `None` where one does not begin after `=`, does not end, or ends before the value does. So no quote of a
/// client's can reach over what a proxy appended.
fn split_outside_quotes(text: &[u8], separator: u8) -> Option<Vec<&[u8]>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped, mut before) = (false, false, b' ');
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' if is_quoted => is_quoted = false,
            _ if is_quoted => {}
            b'"' if before != b'=' => return None,
            b'"' => is_quoted = true,
            _ if before == b'"' && !matches!(byte, b',' | b';' | b' ' | b'\t') => return None,
            _ if byte == separator => {
                parts.push(text.get(start..at)?);
                start = at + 1;
            }
            _ => {}
        }
        before = byte;
    }
    parts.push(text.get(start..)?);
    (!is_quoted).then_some(parts)
}

/// The node of the one `for` of an element of `Forwarded` (RFC 7239 §4).
fn forwarded_for(element: &[u8]) -> Option<&[u8]> {
    let mut found = None;
    for pair in split_outside_quotes(element, b';')? {
        let pair = std::str::from_utf8(pair).ok()?.trim_ascii();
        let (name, value) = pair.split_once('=')?;
        if name.eq_ignore_ascii_case("for") && found.replace(value).is_some() {
            return None;
        }
    }
    let value = found?;
    let node = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').filter(|node| !node.contains(['"', '\\']))?,
        None => value,
    };
    Some(node.as_bytes())
}

/// An address, with or without a port: `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let bare = text.parse().ok();
    bare.or_else(in_brackets).or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const UNKNOWN: &str = "unknown";

    fn proxies(header: &'static str) -> TrustedProxies {
        let networks = ["10.0.0.0/8", "2001:db8:ff::/48"].map(|network| network.parse().unwrap());
        TrustedProxies::new(networks.to_vec(), HeaderName::from_static(header))
    }

    /// The client that a peer of 10.0.0.1 asks for, by these lines of `header`.
    fn client(header: &'static str, lines: &[&str]) -> String {
        client_of("10.0.0.1", header, header, lines)
    }

    fn client_of(peer: &str, read: &'static str, sent: &'static str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(sent, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let client = proxies(read).behind(peer.parse().unwrap(), &headers);
        client.map_or_else(|| UNKNOWN.to_owned(), |address| address.to_string())
    }

    #[test]
    fn h12_a_request_for_the_issuer_says_where_it_comes_from_whatever_it_said_before() {
        let of = |peer: Option<&str>| {
            let mut request = Request::new(axum::body::Body::empty());
            request.headers_mut().insert("x-real-ip", HeaderValue::from_static("203.0.113.9"));
            request.extensions_mut().insert(ClientAddress("192.0.2.1".parse().ok()));
            if let Some(peer) = peer {
                request.extensions_mut().insert(ConnectInfo::<SocketAddr>(peer.parse().unwrap()));
            }
            let request = proxies("x-real-ip").addressed(request);
            request.extensions().get::<ClientAddress>().unwrap().0
        };
        assert_eq!(of(Some("10.0.0.1:1")), "203.0.113.9".parse().ok());
        assert_eq!(of(Some("198.51.100.1:1")), "198.51.100.1".parse().ok());
        assert_eq!(of(None), None);
    }

    #[test]
    fn the_client_is_the_first_from_the_right_that_is_not_a_trusted_proxy() {
        for (lines, expected) in [
            (&["203.0.113.9"][..], "203.0.113.9"),
            (&["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            (&["203.0.113.9, 10.0.0.2", "10.0.0.3,2001:db8:ff::1"], "203.0.113.9"),
            (&["203.0.113.9,, ,10.0.0.2,"], "203.0.113.9"),
            (&["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
            (&["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
            (&["10.0.0.7"], "10.0.0.7"),
            (&[], UNKNOWN),
            (&["", " , "], UNKNOWN),
        ] {
            assert_eq!(client("x-forwarded-for", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn h12_what_a_client_writes_to_the_left_of_a_proxys_entry_is_never_believed() {
        for spoofed in [
            "10.0.0.9",
            "127.0.0.1",
            "192.168.0.1, 10.0.0.9",
            "::1",
            "unknown",
            "\"",
            "\"10.0.0.9",
            "\\",
            "\"\\",
            "for=\"",
            "\u{e9}",
            "\u{ff}, \"",
        ] {
            for header in ["x-forwarded-for", "x-real-ip", "cf-connecting-ip"] {
                let one_line = format!("{spoofed}, 203.0.113.9");
                assert_eq!(client(header, &[&one_line]), "203.0.113.9", "{spoofed}");
                assert_eq!(client(header, &[spoofed, "203.0.113.9"]), "203.0.113.9", "{spoofed}");
                let through_two = format!("{spoofed}, 203.0.113.9, 10.0.0.2");
                assert_eq!(client(header, &[&through_two]), "203.0.113.9", "{spoofed}");
            }
        }
    }

    #[test]
    fn h12_no_quote_that_a_client_opens_in_forwarded_makes_its_address_that_of_a_proxy() {
        let appended = [
            "for=203.0.113.9",
            "for=\"203.0.113.9:4711\";proto=https",
            "for=203.0.113.9;host=\"a.example\"",
            "for=203.0.113.9, for=\"10.0.0.2\"",
        ];
        let open = [
            "for=\"",
            "for=\"x",
            "for=\"10.0.0.9",
            "\"",
            "for=x\"",
            "for=\"\\",
            "for=\"\\\"",
            "x=\"y\"\"",
            "for=10.0.0.9;a=\"",
        ];
        for (spoofed, appended) in open.iter().flat_map(|open| appended.map(|end| (open, end))) {
            for line in [format!("{spoofed}, {appended}"), format!("{spoofed},{appended}")] {
                assert_eq!(client("forwarded", &[&line]), UNKNOWN, "{line}");
            }
            assert_eq!(client("forwarded", &[spoofed, appended]), "203.0.113.9", "{spoofed}");
        }
        for whole in ["for=10.0.0.9", "for=\"a, b\"", "\u{e9}", "for=\"\u{e9}\"", "for", "x;y"] {
            for appended in appended {
                assert_eq!(client("forwarded", &[&format!("{whole}, {appended}")]), "203.0.113.9", "{whole}");
            }
        }
    }

    #[test]
    fn h12_an_untrusted_peer_is_the_client_whatever_it_sends_and_another_header_is_never_read() {
        for peer in ["203.0.113.9", "11.0.0.1", "2001:db8:fe::1", "127.0.0.1"] {
            for header in ["x-forwarded-for", "forwarded", "x-real-ip"] {
                assert_eq!(client_of(peer, header, header, &["10.0.0.9"]), peer, "{header}");
            }
        }
        for (read, sent, line) in [
            ("x-forwarded-for", "forwarded", "for=198.51.100.1"),
            ("x-forwarded-for", "x-real-ip", "198.51.100.1"),
            ("x-real-ip", "x-forwarded-for", "198.51.100.1"),
            ("forwarded", "x-forwarded-for", "198.51.100.1"),
        ] {
            assert_eq!(client_of("10.0.0.1", read, sent, &[line]), UNKNOWN, "{read} {sent}");
        }
        let none = TrustedProxies::new(Vec::new(), HeaderName::from_static("x-forwarded-for"));
        let headers = HeaderMap::from_iter([(none.header.clone(), HeaderValue::from_static("198.51.100.1"))]);
        let peer = "10.0.0.1".parse().unwrap();
        assert_eq!(none.behind(peer, &headers), Some(peer));
    }

    #[test]
    fn h12_an_entry_that_is_not_an_address_gives_no_address_and_never_that_of_the_proxy_that_added_it() {
        for bad in [
            "unknown",
            "_hidden",
            "203.0.113",
            "203.0.113.9.1",
            "203.0.113.9:",
            "fe80::1%eth0",
            "for=203.0.113.9",
            "203.0.113.9;x",
            "\"203.0.113.9\"",
            "[203.0.113.9]",
            "a.example",
            "0x7f000001",
        ] {
            assert_eq!(client("x-forwarded-for", &[&format!("198.51.100.1, {bad}")]), UNKNOWN, "{bad}");
            let added = format!("198.51.100.1, {bad}, 10.0.0.2");
            assert_eq!(client("x-forwarded-for", &[&added]), UNKNOWN, "{bad}");
        }
    }

    #[test]
    fn an_address_may_have_a_port_and_is_ipv4_where_ipv6_maps_it() {
        for (entry, expected) in [
            ("203.0.113.9:4711", "203.0.113.9"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(client("x-forwarded-for", &[entry]), expected);
        }
        assert_eq!(client_of("::ffff:10.0.0.1", "x-real-ip", "x-real-ip", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client_of("::ffff:11.0.0.1", "x-real-ip", "x-real-ip", &["203.0.113.9"]), "11.0.0.1");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        for (line, expected) in [
            ("for=203.0.113.9", "203.0.113.9"),
            ("For=\"203.0.113.9:47011\"", "203.0.113.9"),
            ("for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=203.0.113.9;proto=https;by=203.0.113.43", "203.0.113.9"),
            ("by=_x; host=\"a,b;c\"; for=203.0.113.9", "203.0.113.9"),
            ("for=198.51.100.1, for=203.0.113.9;proto=http, for=10.0.0.2", "203.0.113.9"),
            ("for=198.51.100.1;host=\"x\\\"\", for=203.0.113.9", "203.0.113.9"),
            // What is not one readable `for` gives no address.
            ("for=198.51.100.1, proto=https", UNKNOWN),
            ("for=198.51.100.1, for=unknown", UNKNOWN),
            ("for=198.51.100.1, for=_gazonk", UNKNOWN),
            ("for=198.51.100.1, for=203.0.113.9;for=203.0.113.9", UNKNOWN),
            ("for=198.51.100.1, 203.0.113.9", UNKNOWN),
            ("for=198.51.100.1, for=\"203.0.113.9", UNKNOWN),
            ("for=198.51.100.1, for=2001:db8::1]", UNKNOWN),
            ("for=198.51.100.1, for=\"\\203.0.113.9\"", UNKNOWN),
        ] {
            assert_eq!(client("forwarded", &[line]), expected, "{line}");
        }
    }
}
