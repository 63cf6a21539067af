//! Who may reach the built-in issuer, by its reach. This computer alone: the configuration keeps our own
//! listener on loopback, but a router taken into another application is served on the addresses of that application, and
//! behind a proxy or a tunnel on this computer every peer is on loopback. Other computers too: then each request comes by TLS, to this
//! process or to a proxy that is named.

use std::borrow::Cow;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use http::Version;
use mcp_auth_core::net::Host;

use super::client_address::TrustedProxies;
use crate::answer::Rejection;

/// Which requests the built-in issuer answers.
#[derive(Debug, Clone)]
pub(crate) enum IssuerPeers {
    /// Those of this computer.
    ThisComputer,
    /// All: they come by TLS.
    Encrypted,
    /// Those that one of these proxies sends, which terminates TLS.
    Proxied(TrustedProxies),
}

impl IssuerPeers {
    /// Whether a request is answered.
    ///
    /// # Errors
    /// [`Rejection::IssuerOutOfReach`]: 403.
    pub(crate) fn check(&self, request: &Request) -> Result<(), Rejection> {
        match self {
            Self::ThisComputer => loopback_only(request),
            Self::Encrypted => Ok(()),
            Self::Proxied(proxies) => match request.extensions().get::<ConnectInfo<SocketAddr>>() {
                Some(ConnectInfo(peer)) if proxies.trusts(peer.ip().to_canonical()) => Ok(()),
                peer => {
                    tracing::warn!(
                        ?peer,
                        "refused a request for the built-in issuer that no trusted proxy sent"
                    );
                    refuse(
                        "the built-in issuer answers what the proxies of server.trusted_proxies send, since only they show that it came \
                         by https",
                    )
                }
            },
        }
    }
}

/// Whether a request comes from this computer, as far as it shows.
pub(crate) fn is_of_this_computer(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    trace_of_a_proxy(request).is_none()
        && peer.is_some_and(|ConnectInfo(peer)| Host::from(peer.ip()).is_loopback())
}

/// 403 for a peer that is not on loopback, for a peer whose address is not known, and for a request that shows the trace
/// of a proxy.
fn loopback_only(request: &Request) -> Result<(), Rejection> {
    if let Some(trace) = trace_of_a_proxy(request) {
        tracing::warn!(%trace, "refused a request for the built-in issuer that came through a proxy");
        return refuse(format!(
            "a proxy passed this request on ({trace}): the built-in issuer answers this \
             computer only; ask it directly, or set server.public_url to the URL that clients use"
        ));
    }
    match request.extensions().get::<ConnectInfo<SocketAddr>>() {
        Some(ConnectInfo(peer)) if Host::from(peer.ip()).is_loopback() => Ok(()),
        Some(ConnectInfo(peer)) => {
            tracing::warn!(%peer, "refused a request for the built-in issuer from another computer");
            refuse("the built-in issuer answers this computer only; server.public_url lets others reach it")
        }
        None => refuse(
            "the built-in issuer answers this computer only and cannot tell who asks: serve the router with \
             into_make_service_with_connect_info::<SocketAddr>()",
        ),
    }
}

fn refuse(why: impl Into<Cow<'static, str>>) -> Result<(), Rejection> {
    Err(Rejection::IssuerOutOfReach { why: why.into() })
}

/// What shows that a request did not come from its sender directly: a header in which proxies say for whom they ask, or
/// HTTP/1.0, which no browser and no client speaks and nginx does by default. A proxy that hides both cannot be told from
/// a program of this computer; `docs/src/deploy.md` says so.
fn trace_of_a_proxy(request: &Request) -> Option<Cow<'static, str>> {
    if request.version() < Version::HTTP_11 {
        return Some("HTTP/1.0".into());
    }
    request.headers().keys().find(|name| is_of_a_proxy(name.as_str())).map(|name| name.to_string().into())
}

/// Whether proxies, load balancers and tunnels add a header of this name, in lower case.
fn is_of_a_proxy(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "via",
        "cdn-loop",
        "x-scheme",
        "x-url-scheme",
        "x-remote-addr",
        "front-end-https",
        "ngrok-skip-browser-warning",
        "x-cloud-trace-context",
        "x-sucuri-clientip",
    ];
    const STARTS: [&str; 15] = [
        "x-original-",
        "x-proxy",
        "cf-",
        "fly-",
        "fastly-",
        "tailscale-",
        "x-tailscale-",
        "x-amzn-",
        "x-amz-cf-",
        "x-appengine-",
        "x-arr-",
        "x-azure-",
        "x-envoy-",
        "x-ngrok-",
        "x-vercel-",
    ];
    // `Forwarded`, `X-Forwarded-For` and its like; `X-Real-IP`, `True-Client-IP`, `CF-Connecting-IP` and theirs.
    name.contains("forwarded")
        || name.ends_with("-ip")
        || NAMES.contains(&name)
        || STARTS.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::super::before::Before;
    use super::*;

    async fn status(peer: Option<&str>) -> u16 {
        status_with(peer, |request| request).await
    }

    async fn status_with(
        peer: Option<&str>,
        change: impl FnOnce(http::request::Builder) -> http::request::Builder,
    ) -> u16 {
        let issuer = Router::new().route("/authorize", get(|| async { "Continue as developer" }));
        let issuer = issuer.layer(Before(|request: &Request| IssuerPeers::ThisComputer.check(request)));
        let mut request = change(Request::builder().uri("/authorize")).body(Body::empty()).unwrap();
        if let Some(peer) = peer {
            request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        }
        issuer.oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn only_a_peer_on_loopback_reaches_the_issuer() {
        for peer in ["127.0.0.1:5", "127.9.9.9:5", "[::1]:5", "[::ffff:127.0.0.1]:5"] {
            assert_eq!(status(Some(peer)).await, 200, "{peer}");
        }
        for peer in ["192.168.0.7:5", "[2001:db8::1]:5", "[::ffff:192.168.0.7]:5", "0.0.0.0:5"] {
            assert_eq!(status(Some(peer)).await, 403, "{peer}");
        }
        assert_eq!(status(None).await, 403, "nothing is known");
    }

    #[test]
    fn where_others_reach_it_the_issuer_answers_what_its_proxies_send_or_what_comes_by_tls() {
        let proxies = TrustedProxies::new(
            vec!["10.0.0.0/8".parse().unwrap()],
            http::HeaderName::from_static("x-forwarded-for"),
        );
        let answers = |peers: &IssuerPeers, peer: Option<&str>| {
            let mut request =
                Request::builder().header("X-Forwarded-For", "203.0.113.9").body(Body::empty()).unwrap();
            if let Some(peer) = peer {
                request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
            }
            peers.check(&request).is_ok()
        };
        let behind = IssuerPeers::Proxied(proxies);
        for (peer, answered) in [
            (Some("10.1.2.3:5"), true),
            (Some("[::ffff:10.1.2.3]:5"), true),
            (Some("192.168.0.7:5"), false),
            (Some("127.0.0.1:5"), false),
            (None, false),
        ] {
            assert_eq!(answers(&behind, peer), answered, "{peer:?}");
            assert!(answers(&IssuerPeers::Encrypted, peer), "{peer:?}");
        }
    }

    #[tokio::test]
    async fn what_a_proxy_on_this_computer_passes_on_does_not_reach_the_issuer() {
        let peer = Some("127.0.0.1:5");
        for name in [
            "Forwarded",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "X-Forwarded",
            "X-Real-IP",
            "Via",
            "CF-Connecting-IP",
            "CF-Ray",
            "True-Client-IP",
            "X-Client-IP",
            "X-Cluster-Client-IP",
            "Fastly-Client-IP",
            "X-Original-URI",
            "X-Original-Forwarded-For",
            "X-Envoy-External-Address",
            "X-Amzn-Trace-Id",
            "Tailscale-User-Login",
            "ngrok-skip-browser-warning",
            "CDN-Loop",
        ] {
            assert_eq!(status_with(peer, |request| request.header(name, "203.0.113.9")).await, 403, "{name}");
            assert_eq!(status_with(peer, |request| request.header(name, "")).await, 403, "{name}, empty");
        }
        assert_eq!(
            status_with(peer, |request| request.version(Version::HTTP_10)).await,
            403,
            "nginx's default"
        );
    }

    #[tokio::test]
    async fn what_browsers_and_programs_send_reaches_the_issuer() {
        for name in [
            "Accept",
            "Accept-Language",
            "Authorization",
            "Cookie",
            "DNT",
            "MCP-Protocol-Version",
            "Origin",
            "Priority",
            "Referer",
            "Sec-Fetch-Site",
            "Sec-CH-UA",
            "Traceparent",
            "Upgrade-Insecure-Requests",
            "User-Agent",
            "X-Requested-With",
        ] {
            assert_eq!(
                status_with(Some("127.0.0.1:5"), |request| request.header(name, "1")).await,
                200,
                "{name}"
            );
        }
    }
}
