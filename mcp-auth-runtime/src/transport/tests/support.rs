//! A server over a real socket, and a client that writes bytes as an attacker would.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Extension, Router};
use bytes::Bytes;
use futures_util::stream;
use http::{StatusCode, header};
use mcp_auth_core::ambient::SystemRandom;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::answer::Rejection;
use crate::observe::health::{self, Demand, Readiness};
use crate::owned::BodyRoom;
use crate::transport::before::Before;
use crate::transport::client_address::TrustedProxies;
use crate::transport::cors;
use crate::transport::encryption::Encryption;
use crate::transport::host::{self, AllowedHosts, HostSettings};
use crate::transport::http::serve_http;
pub(super) use crate::transport::http::{ConnectionLimits, Drained};
use crate::transport::limits::{read_body, refuse_encoded};
use crate::transport::origin::{self, AllowedOrigins, OriginSettings};
use crate::transport::place::Places;
use crate::transport::routes;
use crate::transport::shutdown::Shutdown;

/// Longer than anything here takes, so that a hang is a failure and a slow machine is not.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
pub(super) const BODY_LIMIT: usize = 1000;

pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) shutdown: Shutdown,
    pub(super) served: JoinHandle<Drained>,
    pub(super) calls: Arc<AtomicUsize>,
    pub(super) dropped: Arc<Notify>,
    pub(super) entered: Arc<Notify>,
}

pub(super) async fn start(limits: ConnectionLimits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (shutdown, calls) = (Shutdown::new(), Arc::new(AtomicUsize::new(0)));
    let (dropped, entered) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let resource = &format!("http://localhost:{}/mcp", address.port()).parse().unwrap();
    let hosts = HostSettings { resource, listen: address, extra: &[], setting: "hosts" };
    let hosts = Arc::new(AllowedHosts::new(&hosts));
    let origins = OriginSettings { resource, listen: address, extra: &[], setting: "origins" };
    let origins = Arc::new(AllowedOrigins::new(&origins));
    let router = routes::exact("/mcp", any(echo))
        .layer(from_fn_with_state(Arc::clone(&origins), cors::answer))
        .layer(Before(move |request: &Request| origin::check(&origins, request)))
        .merge(odd_routes(&shutdown, &dropped, &entered))
        .merge(health::router(|| Readiness::of(Vec::new(), Demand::Any, false)))
        .layer(Extension(Arc::clone(&calls)))
        .layer(Before(move |request: &Request| host::check(&hosts, request)));
    let served =
        tokio::spawn(serve_http(listener, router, limits, shutdown.clone(), places(), Encryption::None));
    Server { address, shutdown, served, calls, dropped, entered }
}

/// Ids of the system's randomness, and no proxies.
fn places() -> Places {
    Places::new(Arc::new(SystemRandom), TrustedProxies::new(Vec::new(), header::FORWARDED))
}

/// What the gate does with a body, without the gate.
async fn echo(Extension(calls): Extension<Arc<AtomicUsize>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let read = match refuse_encoded(&parts.headers) {
        Ok(()) => read_body(body, BODY_LIMIT, PATIENCE, &mut BodyRoom::unbounded()).await,
        Err(error) => Err(error),
    };
    match read {
        Ok(body) => {
            calls.fetch_add(1, Ordering::SeqCst);
            (StatusCode::OK, [("x-method", parts.method.to_string())], body).into_response()
        }
        Err(error) => Rejection::from(&error).respond(&serde_json::Value::Null, Some("https://a.example")),
    }
}

fn odd_routes(shutdown: &Shutdown, dropped: &Arc<Notify>, entered: &Arc<Notify>) -> Router {
    let (stopping, cut) = (shutdown.stopping(), shutdown.cut());
    let (dropped, slow_entered, held_entered) = (dropped.clone(), entered.clone(), entered.clone());
    let slow = move || async move {
        slow_entered.notify_one();
        sleep(Duration::from_millis(500)).await;
        "finished"
    };
    let until = move |token: tokio_util::sync::CancellationToken, last: &'static str| {
        held_entered.notify_one();
        let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"first "))]);
        let end = stream::once(async move {
            token.cancelled().await;
            Ok(Bytes::from_static(last.as_bytes()))
        });
        Body::from_stream(futures_util::StreamExt::chain(first, end))
    };
    let (until_stopping, until_cut, forever) = (until.clone(), until.clone(), until);
    let endless = move || async move {
        let guard = OnDrop(dropped);
        Body::from_stream(stream::repeat_with(move || {
            let _held = &guard;
            Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 16 * 1024]))
        }))
    };
    let broken = || async { Body::from_stream(stream::iter(0..2).map_panic()) };
    Router::new()
        .route(
            "/panic",
            any(|| async {
                let secret = "token-in-a-panic";
                if true {
                    panic!("{secret}")
                }
            }),
        )
        .route("/panic-in-body", get(broken))
        .route("/peer", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }))
        .route("/slow", get(slow))
        .route("/until-stopping", get(move || async move { until_stopping(stopping, "result") }))
        .route("/until-cut", get(move || async move { until_cut(cut, "cut") }))
        .route(
            "/forever",
            get(move || async move { forever(tokio_util::sync::CancellationToken::new(), "") }),
        )
        .route("/endless", get(endless))
}

trait MapPanic: Sized + stream::Stream<Item = i32> + Send + 'static {
    fn map_panic(self) -> impl stream::Stream<Item = std::io::Result<Bytes>> + Send + 'static {
        futures_util::StreamExt::map(self, |n| {
            assert!(n == 0, "a body panics");
            Ok(Bytes::from_static(b"first"))
        })
    }
}
impl<S: stream::Stream<Item = i32> + Send + 'static> MapPanic for S {}

pub(super) struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Server {
    pub(super) async fn connect(&self) -> TcpStream {
        timeout(PATIENCE, TcpStream::connect(self.address)).await.unwrap().unwrap()
    }

    /// Sends bytes on a new connection and reads until the server closes it. `HOST` is replaced.
    pub(super) async fn raw(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        self.send(&mut stream, request).await;
        read_to_close(&mut stream).await
    }

    pub(super) async fn send(&self, stream: &mut TcpStream, request: impl AsRef<[u8]>) {
        let host = format!("localhost:{}", self.address.port());
        let request = replace(request.as_ref(), b"HOST", host.as_bytes());
        // the server may answer and close before it has read everything
        let _sent = stream.write_all(&request).await;
    }

    pub(super) async fn post(&self, headers: &str, body: &str) -> String {
        self.raw(format!("POST /mcp HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n{headers}\r\n{body}"))
            .await
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

pub(super) fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    match bytes.windows(from.len()).position(|window| window == from) {
        Some(at) => [&bytes[..at], to, &replace(&bytes[at + from.len()..], from, to)].concat(),
        None => bytes.to_vec(),
    }
}

pub(super) async fn read_to_close(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _reset_or_not = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server closes");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads until `text` has arrived.
pub(super) async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut answer = String::new();
    let mut buffer = [0; 4096];
    while !answer.contains(text) {
        let read = timeout(PATIENCE, stream.read(&mut buffer)).await.expect("an answer").unwrap();
        assert!(read > 0, "closed before {text:?}: {answer:?}");
        answer.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    answer
}

pub(super) fn status(answer: &str) -> u16 {
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status.unwrap_or_else(|| panic!("no status: {answer:?}")).parse().unwrap()
}

pub(super) fn defaults() -> ConnectionLimits {
    ConnectionLimits {
        max_connections: 10_000,
        max_headers: 100,
        max_header_bytes: 16 * 1024,
        header_timeout: Duration::from_secs(10),
        body_timeout: Duration::from_secs(30),
        idle_timeout: Duration::from_secs(75),
        write_timeout: Duration::from_secs(30),
        drain_timeout: Duration::from_secs(30),
    }
}

pub(super) const KEEP: &str = "POST /mcp HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\n\r\nping";
