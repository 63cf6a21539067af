//! Which authority a request may be for: the defence against DNS rebinding, where a page's own name resolves
//! to this server's address (CVE-2025-66414, CVE-2025-66416).
//!
//! A request must name one of:
//! - the authority of `public_url`;
//! - the address the listener is bound to, if it is a certain one;
//! - `localhost`, `127.0.0.1` and `[::1]` with the listener's port, if it is bound to a loopback address;
//! - what the operator added: `name` for any port, `name:port` for that one.
//!
//! The port must be the same one; only where it is the scheme's default may it be left out. Names compare
//! without case, IPv6 addresses by value, nothing else is normalised: `127.1` and `localhost.` are others.
//! No header that a proxy sets is looked at; a proxy that changes `Host` needs its name added.

use std::net::SocketAddr;

use axum::extract::Request;
use http::{HeaderMap, HeaderValue, Uri, Version, header};
use mcp_auth_core::Resource;
use mcp_auth_core::net::{Authority, Host, LOOPBACK_NAMES};

use crate::answer::Rejection;
use crate::observe::health::is_health_path;

/// What the check is built from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HostSettings<'a> {
    /// The resource identifier.
    pub resource: &'a Resource,
    /// The address the listener is bound to: its `local_addr`, so that port 0 has become a real one.
    pub listen: SocketAddr,
    /// Further authorities; without a port, for every port.
    pub extra: &'a [Authority],
    /// Where an operator adds one, for the message: `server.allowed_hosts in mcp.toml`.
    pub setting: &'a str,
}

/// The authorities this server answers for.
#[derive(Debug, Clone)]
pub(crate) struct AllowedHosts {
    allowed: Vec<Allowed>,
    /// `allowed` as most clients write it; what does not stand here is read.
    usual: Vec<String>,
    setting: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Allowed {
    host: Host,
    port: AllowedPort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AllowedPort {
    Any,
    /// This one; absent counts as the second, the scheme's default if there is one.
    Exactly(u16, Option<u16>),
}

impl AllowedHosts {
    /// The authorities that follow from the settings; see the module's text.
    pub(crate) fn new(settings: &HostSettings<'_>) -> Self {
        let mut allowed: Vec<Allowed> = Allowed::of_resource(settings.resource).into_iter().collect();
        let (listen, port) = (Host::from(settings.listen.ip()), settings.listen.port());
        let port = AllowedPort::Exactly(port, Some(80));
        if listen.is_loopback() {
            let names = LOOPBACK_NAMES.into_iter().filter_map(|name| name.parse().ok());
            allowed.extend(names.map(|host| Allowed { host, port }));
        }
        if !settings.listen.ip().is_unspecified() {
            allowed.push(Allowed { host: listen, port });
        }
        allowed.extend(settings.extra.iter().map(|entry| Allowed {
            host: entry.host().clone(),
            port: entry.port().map_or(AllowedPort::Any, |port| AllowedPort::Exactly(port, None)),
        }));
        let usual = allowed.iter().map(Allowed::usual).collect();
        Self { allowed, usual, setting: settings.setting.to_owned() }
    }

    /// Checks the `Host` header, and the authority of the request target where it has one. HTTP/2 and later
    /// may leave `Host` out and name the authority in the target alone (RFC 9113 §8.3.1).
    ///
    /// # Errors
    /// 400 for no `Host`, an empty one, two of them, one that is not a host at all, or one that differs from the
    /// target's (RFC 9112 §3.2); 403 for an authority that is not allowed.
    pub(crate) fn check(&self, version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), Rejection> {
        if let Some(target) = uri.authority()
            && version >= Version::HTTP_2
            && !headers.contains_key(header::HOST)
        {
            return self.check_authority(target.as_str());
        }
        let host = the_host(headers)?;
        if let Some(target) = uri.authority() {
            // RFC 9112 §3.2.2: an absolute target overrides `Host`. Both must be ours, and the same.
            self.check_authority(target.as_str())?;
            self.check_authority(host)?;
            if !target.as_str().eq_ignore_ascii_case(host) {
                return Err(bad_request("the request target and the host header name different authorities"));
            }
        }
        self.check_authority(host)
    }

    fn check_authority(&self, text: &str) -> Result<(), Rejection> {
        let is_usual = self.usual.iter().any(|usual| usual == text);
        if is_usual || text.parse().is_ok_and(|authority| self.allows(&authority)) {
            return Ok(());
        }
        tracing::warn!(host = ?text, "refused a request for a host that is not allowed");
        Err(Rejection::HostNotAllowed { setting: self.setting.clone() })
    }

    fn allows(&self, authority: &Authority) -> bool {
        self.allowed.iter().any(|allowed| {
            allowed.host == *authority.host()
                && match allowed.port {
                    AllowedPort::Any => true,
                    AllowedPort::Exactly(port, default) => authority.port().or(default) == Some(port),
                }
        })
    }
}

impl Allowed {
    /// The host of the resource, with its port, which may be left out where it is the scheme's own.
    fn of_resource(resource: &Resource) -> Option<Self> {
        let origin = resource.origin();
        let port = AllowedPort::Exactly(origin.port()?, origin.default_port());
        Some(Self { host: origin.host().clone(), port })
    }

    fn usual(&self) -> String {
        match self.port {
            AllowedPort::Exactly(port, default) if default != Some(port) => format!("{}:{port}", self.host),
            AllowedPort::Exactly(..) | AllowedPort::Any => self.host.to_string(),
        }
    }
}

/// [`AllowedHosts::check`] on every path but the health ones.
pub(crate) fn check(hosts: &AllowedHosts, request: &Request) -> Result<(), Rejection> {
    match is_health_path(request.uri().path()) {
        true => Ok(()),
        false => hosts.check(request.version(), request.uri(), request.headers()),
    }
}

fn the_host(headers: &HeaderMap) -> Result<&str, Rejection> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host,
        (None, _) => return Err(bad_request("the host header is missing")),
        (Some(_), Some(_)) => return Err(bad_request("there is more than one host header")),
    };
    let is_host_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%[]:".contains(byte);
    let is_host = |host: &HeaderValue| !host.is_empty() && host.as_bytes().iter().all(is_host_byte);
    match host.to_str() {
        Ok(text) if is_host(host) => Ok(text),
        _ => Err(bad_request("the host header is not a host (RFC 9110 §7.2)")),
    }
}

fn bad_request(what: &'static str) -> Rejection {
    Rejection::BadHost { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(public_url: &str, listen: &str, extra: &[&str]) -> AllowedHosts {
        let extra: Vec<Authority> = extra.iter().map(|entry| entry.parse().unwrap()).collect();
        let setting = "server.allowed_hosts in mcp.toml";
        let (resource, listen) = (&public_url.parse().unwrap(), listen.parse().unwrap());
        AllowedHosts::new(&HostSettings { resource, listen, extra: &extra, setting })
    }

    fn local() -> AllowedHosts {
        hosts("http://localhost:8080/mcp", "127.0.0.1:8080", &[])
    }

    fn verdict(hosts: &AllowedHosts, values: &[&str]) -> u16 {
        verdict_for("/mcp", hosts, values)
    }

    fn verdict_for(target: &str, hosts: &AllowedHosts, values: &[&str]) -> u16 {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::HOST, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        match hosts.check(Version::HTTP_11, &target.parse().unwrap(), &headers) {
            Ok(()) => 200,
            Err(refusal) => refusal.respond_early().status().as_u16(),
        }
    }

    #[test]
    fn a_loopback_listener_answers_for_the_loopback_names_with_its_port() {
        for host in
            ["localhost:8080", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "[0:0:0:0:0:0:0:1]:8080"]
        {
            assert_eq!(verdict(&local(), &[host]), 200, "{host}");
        }
    }

    #[test]
    fn h15_every_other_host_is_refused() {
        let others = [
            "evil.example",
            "evil.example:8080",
            "localhost.evil:8080",
            "localhost.:8080",
            "127.1:8080",
            "0x7f000001:8080",
            "2130706433:8080",
            "127.0.0.2:8080",
            "0.0.0.0:8080",
            "[::1%25eth0]:8080",
            "[::1%eth0]:8080",
            "[::ffff:127.0.0.1]:8080",
            "[::]:8080",
            "localhost",
            "localhost:8081",
            "localhost:",
            "localhost:08080",
            "localhost:+8080",
            "localhost:8080:8080",
            "localhost%00:8080",
            "localhost,evil:8080",
            "[::1]8080",
        ];
        for host in others {
            assert_eq!(verdict(&local(), &[host]), 403, "{host}");
        }
    }

    #[test]
    fn h16_no_host_an_empty_one_two_or_no_host_at_all_is_a_bad_request() {
        let bad: [&[&str]; 8] = [
            &[],
            &[""],
            &["localhost:8080", "localhost:8080"],
            &["localhost:8080", "evil.example"],
            &["user@localhost:8080"],
            &["localhost:8080/"],
            &["http://localhost:8080"],
            &["localhost:8080 evil"],
        ];
        for values in bad {
            assert_eq!(verdict(&local(), values), 400, "{values:?}");
        }
        assert_eq!(verdict(&local(), &["löcalhost:8080"]), 400);
    }

    #[test]
    fn h16_an_absolute_target_must_be_ours_and_agree_with_the_host() {
        let local = local();
        assert_eq!(verdict_for("http://localhost:8080/mcp", &local, &["localhost:8080"]), 200);
        assert_eq!(verdict_for("http://evil.example/mcp", &local, &["localhost:8080"]), 403);
        assert_eq!(verdict_for("http://localhost:8080/mcp", &local, &["evil.example"]), 403);
        assert_eq!(verdict_for("http://a@localhost:8080/mcp", &local, &["localhost:8080"]), 403);
        assert_eq!(verdict_for("http://127.0.0.1:8080/mcp", &local, &["localhost:8080"]), 400);
        assert_eq!(verdict_for("http://localhost:8080/mcp", &local, &[]), 400);
    }

    #[test]
    fn http2_names_the_authority_in_the_target_and_it_is_checked_alike() {
        let check = |target: &str, version| {
            local()
                .check(version, &target.parse().unwrap(), &HeaderMap::new())
                .map_err(|refusal| refusal.respond_early().status().as_u16())
        };
        assert_eq!(check("http://localhost:8080/mcp", Version::HTTP_2), Ok(()));
        assert_eq!(check("http://evil.example/mcp", Version::HTTP_2), Err(403));
        assert_eq!(check("/mcp", Version::HTTP_2), Err(400));
        assert_eq!(check("http://localhost:8080/mcp", Version::HTTP_11), Err(400));
    }

    #[test]
    fn the_public_url_is_allowed_with_its_port_which_may_be_left_out_if_it_is_the_default() {
        let hosts = hosts("https://Todos.example.com/mcp", "0.0.0.0:8080", &[]);
        assert_eq!(verdict(&hosts, &["todos.example.com"]), 200);
        assert_eq!(verdict(&hosts, &["todos.example.com:443"]), 200);
        assert_eq!(verdict(&hosts, &["todos.example.com:80"]), 403);
        assert_eq!(verdict(&hosts, &["todos.example.com:8080"]), 403);
        assert_eq!(verdict(&hosts, &["evil.example.com"]), 403);
        assert_eq!(verdict(&hosts, &["localhost:8080"]), 403, "not bound to loopback");
        assert_eq!(verdict(&hosts, &["0.0.0.0:8080"]), 403);
    }

    #[test]
    fn a_bound_address_is_allowed_with_its_port() {
        let hosts = hosts("https://todos.example.com/mcp", "192.0.2.7:80", &[]);
        assert_eq!(verdict(&hosts, &["192.0.2.7"]), 200);
        assert_eq!(verdict(&hosts, &["192.0.2.7:80"]), 200);
        assert_eq!(verdict(&hosts, &["192.0.2.8"]), 403);
    }

    #[test]
    fn an_added_name_is_allowed_with_any_port_and_one_with_a_port_with_that() {
        let hosts =
            hosts("https://a.example/mcp", "0.0.0.0:1", &["B.internal", "c.internal:81", "[2001:db8::1]"]);
        for host in ["b.internal", "b.internal:9", "c.internal:81", "[2001:DB8:0::1]:5"] {
            assert_eq!(verdict(&hosts, &[host]), 200, "{host}");
        }
        for host in ["x.b.internal", "c.internal", "c.internal:82", "[2001:db8::2]"] {
            assert_eq!(verdict(&hosts, &[host]), 403, "{host}");
        }
    }

    #[test]
    fn a_listener_for_both_families_on_loopback_answers_for_the_loopback_names() {
        let hosts = hosts("http://localhost:8080/mcp", "[::ffff:127.0.0.1]:8080", &[]);
        for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "[::ffff:127.0.0.1]:8080"] {
            assert_eq!(verdict(&hosts, &[host]), 200, "{host}");
        }
        assert_eq!(verdict(&hosts, &["127.0.0.2:8080"]), 403);
    }

    #[test]
    fn h12_forwarded_headers_change_nothing() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("evil.example"));
        headers.insert("x-forwarded-host", HeaderValue::from_static("localhost:8080"));
        headers.insert(header::FORWARDED, HeaderValue::from_static("host=\"localhost:8080\""));
        assert!(local().check(Version::HTTP_11, &Uri::from_static("/mcp"), &headers).is_err());
        headers.insert(header::HOST, HeaderValue::from_static("localhost:8080"));
        headers.insert("x-forwarded-host", HeaderValue::from_static("evil.example"));
        assert!(local().check(Version::HTTP_11, &Uri::from_static("/mcp"), &headers).is_ok());
    }

    #[test]
    fn a_refusal_says_where_to_allow_the_host_and_repeats_nothing() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("evil.example"));
        let refusal = local().check(Version::HTTP_11, &Uri::from_static("/mcp"), &headers).unwrap_err();
        assert!(refusal.message().contains("server.allowed_hosts in mcp.toml"));
        assert!(!refusal.message().contains("evil"));
    }
}
