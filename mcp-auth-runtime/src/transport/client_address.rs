//! Where a request comes from: its peer, or, behind proxies that the operator names, the client that they say they ask for.
//! What a client can write itself is never believed. Only addresses that a key may be used from, and the audit, depend on
//! it; nothing that is published does.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{HeaderMap, HeaderName, request};
use mcp_auth_core::net::Network;

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

    /// The address that a request comes from; `None` where its peer has none, or the server is not told.
    pub(crate) fn client_of(&self, parts: &request::Parts) -> Option<IpAddr> {
        let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(self.behind(peer.ip(), &parts.headers))
    }

    /// The client behind `peer`.
    ///
    /// Each proxy adds the peer that it had at the right end of the list. So it is read from there, and only as long as who
    /// added an entry is trusted: the first that is not is the client. At an entry that is not an address it ends with the
    /// proxy that added it, since what stands further left may be of the client's making.
    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut hop = peer.to_canonical();
        if !self.trusts(hop) {
            return hop;
        }
        let lines: Vec<&[u8]> = headers.get_all(&self.header).iter().map(|line| line.as_bytes()).collect();
        for entry in lines.into_iter().rev().flat_map(|line| elements(line).into_iter().rev()) {
            let address = match self.header == http::header::FORWARDED {
                true => forwarded_for(entry).and_then(node),
                false => node(entry),
            };
            match address {
                Some(address) => hop = address.to_canonical(),
                None => return hop,
            }
            if !self.trusts(hop) {
                return hop;
            }
        }
        hop
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }
}

/// The elements of a list (RFC 9110 §5.6.1), without the empty ones. A comma in quotes does not end one. A line that is not
/// ASCII, or whose quotes do not end, is one element that cannot be read.
fn elements(line: &[u8]) -> Vec<&str> {
    const UNREADABLE: &str = "?";
    let Some(line) = std::str::from_utf8(line).ok().filter(|line| line.is_ascii()) else {
        return vec![UNREADABLE];
    };
    match split_outside_quotes(line, ',') {
        Some(all) => all.into_iter().map(str::trim_ascii).filter(|element| !element.is_empty()).collect(),
        None => vec![UNREADABLE],
    }
}

/// The parts of `text` between separators that are not in quotes; `None` where a quote does not end.
fn split_outside_quotes(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if c == separator && !is_quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!is_quoted).then_some(parts)
}

/// The node of the one `for` of an element of `Forwarded` (RFC 7239 §4).
fn forwarded_for(element: &str) -> Option<&str> {
    let mut found = None;
    for pair in split_outside_quotes(element, ';')? {
        let (name, value) = pair.trim_ascii().split_once('=')?;
        if name.eq_ignore_ascii_case("for") && found.replace(value).is_some() {
            return None;
        }
    }
    let value = found?;
    match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').filter(|node| !node.contains(['"', '\\'])),
        None => Some(value),
    }
}

/// An address, with or without a port: `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
fn node(text: &str) -> Option<IpAddr> {
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let bare = text.parse().ok();
    bare.or_else(in_brackets).or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

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
        proxies(read).behind(peer.parse().unwrap(), &headers).to_string()
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
            (&[], "10.0.0.1"),
            (&[""], "10.0.0.1"),
        ] {
            assert_eq!(client("x-forwarded-for", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn h12_what_a_client_writes_to_the_left_of_a_proxys_entry_is_never_believed() {
        for spoofed in ["10.0.0.9", "127.0.0.1", "192.168.0.1, 10.0.0.9", "::1", "unknown", "\"", "\u{e9}"] {
            let one_line = format!("{spoofed}, 203.0.113.9");
            let expected = if spoofed == "\"" || spoofed == "\u{e9}" { "10.0.0.1" } else { "203.0.113.9" };
            assert_eq!(client("x-forwarded-for", &[&one_line]), expected, "{spoofed}");
            assert_eq!(client("x-forwarded-for", &[spoofed, "203.0.113.9"]), "203.0.113.9", "{spoofed}");
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
            assert_eq!(client_of("10.0.0.1", read, sent, &[line]), "10.0.0.1", "{read} {sent}");
        }
        let none = TrustedProxies::new(Vec::new(), HeaderName::from_static("x-forwarded-for"));
        let headers = HeaderMap::from_iter([(none.header.clone(), HeaderValue::from_static("198.51.100.1"))]);
        assert_eq!(none.behind("10.0.0.1".parse().unwrap(), &headers).to_string(), "10.0.0.1");
    }

    #[test]
    fn an_entry_that_is_not_an_address_ends_at_the_proxy_that_added_it() {
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
            assert_eq!(client("x-forwarded-for", &[&format!("198.51.100.1, {bad}")]), "10.0.0.1", "{bad}");
            let added = format!("198.51.100.1, {bad}, 10.0.0.2");
            assert_eq!(client("x-forwarded-for", &[&added]), "10.0.0.2", "{bad}");
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
            // What is not one readable `for` ends it.
            ("for=198.51.100.1, proto=https", "10.0.0.1"),
            ("for=198.51.100.1, for=unknown", "10.0.0.1"),
            ("for=198.51.100.1, for=_gazonk", "10.0.0.1"),
            ("for=198.51.100.1, for=203.0.113.9;for=203.0.113.9", "10.0.0.1"),
            ("for=198.51.100.1, 203.0.113.9", "10.0.0.1"),
            ("for=198.51.100.1, for=\"203.0.113.9", "10.0.0.1"),
            ("for=198.51.100.1, for=2001:db8::1]", "10.0.0.1"),
            ("for=198.51.100.1, for=\"\\203.0.113.9\"", "10.0.0.1"),
        ] {
            assert_eq!(client("forwarded", &[line]), expected, "{line}");
        }
    }
}
