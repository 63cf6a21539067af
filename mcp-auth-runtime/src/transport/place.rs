//! 2. Place it: a request gets its id and its span before anything answers it, and its answer says the id.
//!
//! The id is made here. A trusted proxy may have given it one already, by which its own log knows the request: that one is
//! kept. A client's own is not, or it could make its requests look like those of others.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, request};
use mcp_auth_core::ambient::Random;
use tracing::Instrument as _;

use super::client_address::TrustedProxies;
use super::panic;
use crate::observe::placed::Placed;
use crate::observe::request_id::RequestId;

/// The header that says it, in requests of trusted proxies and in every answer.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives requests their places.
#[derive(Clone)]
pub(crate) struct Places {
    random: Arc<dyn Random>,
    proxies: TrustedProxies,
}

impl Places {
    /// Ids are made of `random`, or taken of these proxies.
    pub(crate) fn new(random: Arc<dyn Random>, proxies: TrustedProxies) -> Self {
        Self { random, proxies }
    }

    /// The place of a request that came from `peer`, which it takes along.
    pub(crate) fn of(&self, parts: &mut request::Parts, peer: Option<SocketAddr>) -> Placed {
        let chosen = peer
            .filter(|peer| self.proxies.trusts(peer.ip().to_canonical()))
            .and_then(|_| chosen(&parts.headers));
        let placed = Placed::new(chosen.unwrap_or_else(|| RequestId::made(self.random.as_ref())));
        parts.extensions.insert(placed.clone());
        placed
    }

    /// The place of a request whose head was not read.
    pub(crate) fn of_unread(&self) -> Placed {
        Placed::new(RequestId::made(self.random.as_ref()))
    }
}

/// The id that a proxy gave, once.
fn chosen(headers: &HeaderMap) -> Option<RequestId> {
    let mut values = headers.get_all(REQUEST_ID).iter();
    let value = values.next()?;
    match values.next() {
        None => RequestId::read(value.as_bytes()),
        Some(_) => None,
    }
}

/// Runs `answer` in its place. A panic becomes a 500, which has one too.
pub(crate) async fn answered(placed: Placed, answer: impl Future<Output = Response>) -> Response {
    let mut response = panic::guard(answer).instrument(placed.span().clone()).await;
    if let Some(id) = placed.id().header() {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Middleware: the same, for a router nested into another application's server. The listener does it by itself.
pub(crate) async fn place(State(places): State<Arc<Places>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
    let placed = places.of(&mut parts, peer);
    answered(placed, next.run(Request::from_parts(parts, body))).await
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use mcp_auth_core::ambient::SystemRandom;

    use super::*;

    /// The id of a request from `peer` with these headers.
    fn id(peer: &str, headers: &[&str]) -> String {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()], HeaderName::from_static("x"));
        let places = Places::new(Arc::new(SystemRandom), proxies);
        let (mut parts, ()) = http::Request::new(()).into_parts();
        for value in headers {
            parts.headers.append(REQUEST_ID, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let placed = places.of(&mut parts, peer.parse().ok());
        let along = parts.extensions.get::<Placed>().unwrap();
        assert_eq!(along.id(), placed.id());
        placed.id().as_str().to_owned()
    }

    #[test]
    fn the_id_of_a_trusted_proxy_is_kept_and_nobody_elses() {
        assert_eq!(id("10.1.2.3:4711", &["of-the-proxy"]), "of-the-proxy");
        assert_eq!(id("[::ffff:10.1.2.3]:4711", &["of-the-proxy"]), "of-the-proxy");
        for peer in ["11.0.0.1:4711", "127.0.0.1:4711", "[::1]:4711", "unknown"] {
            let made = id(peer, &["of-the-proxy"]);
            assert_eq!(made.len(), 24, "{peer}: {made}");
        }
    }

    #[test]
    fn what_a_trusted_proxy_passes_on_in_another_form_is_replaced() {
        let too_long = "a".repeat(65);
        for values in
            [&[][..], &[""], &["a b"], &["a\u{e9}"], &["a\"b"], &[&too_long], &["one", "two"], &["x", "x"]]
        {
            let made = id("10.1.2.3:4711", values);
            assert!(
                made.len() == 24 && made.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{values:?}: {made}"
            );
        }
    }
}
