//! Who may reach the built-in issuer: this computer. Its login asks for no password. The configuration keeps our own
//! listener on loopback, but a router taken into another application is served on the addresses of that application.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use mcp_auth_core::net::Host;

use crate::answer::Rejection;

/// Middleware: 403 for a peer that is not on loopback, and for a peer whose address is not known.
pub(crate) async fn loopback_only(request: Request, next: Next) -> Response {
    match request.extensions().get::<ConnectInfo<SocketAddr>>() {
        Some(ConnectInfo(peer)) if Host::from(peer.ip()).is_loopback() => next.run(request).await,
        Some(ConnectInfo(peer)) => {
            tracing::warn!(%peer, "refused a request for the built-in issuer from another computer");
            refuse("the built-in issuer is for development and answers this computer only")
        }
        None => refuse(
            "the built-in issuer answers this computer only and cannot tell who asks: serve the router with \
             into_make_service_with_connect_info::<SocketAddr>()",
        ),
    }
}

fn refuse(why: &'static str) -> Response {
    Rejection::NotThisComputer { why }.respond_early()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    async fn status(peer: Option<&str>) -> u16 {
        let issuer = Router::new().route("/authorize", get(|| async { "Continue as developer" }));
        let issuer = issuer.layer(axum::middleware::from_fn(loopback_only));
        let mut request = Request::builder().uri("/authorize").body(Body::empty()).unwrap();
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
}
