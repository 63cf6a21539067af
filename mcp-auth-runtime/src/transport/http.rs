//! The HTTP/1.1 listener: accepts connections, gives each its clocks and sizes, stops in order.
//!
//! Heads are checked before hyper reads them (`framing`, `head`), because it would answer bad ones by itself, without a
//! word and without a line of the log: 400, 414 or 431 here, and 501 for a transfer coding. So that the client sees such
//! an answer although it is still sending, a connection lingers a little before it closes.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::Bytes;
use http::{Request, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tower::Service;

use super::client_certificate::ShownCertificate;
use super::connections::{Connections, InRequest, Place, Progress};
use super::encryption::Encryption;
use super::head::{BadHead, HeadLimits};
use super::limits::TimedBody;
use super::place::{self, Places};
use super::shutdown::Shutdown;
use super::timed_io::{Clocks, RanOut, TimedIo};
#[cfg(feature = "tls")]
use super::{timed_write::TimedWrite, tls::TlsAcceptor};
use crate::answer::Rejection;

/// How many connections, how large a head, and how long each part of an exchange may take. There are no defaults
/// here; ranges and defaults are those of `[limits]` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConnectionLimits {
    /// Open connections at once. One more takes the place of one that waits; if none waits it is closed.
    pub max_connections: usize,
    /// Header lines in one request; more are answered 431.
    pub max_headers: usize,
    /// Bytes of a whole head, request line included; more are answered 431.
    pub max_header_bytes: usize,
    /// For a head to arrive, from the accept or its first byte on; then the connection is closed.
    pub header_timeout: Duration,
    /// For a whole body to arrive, from the end of its head on, in whichever handler reads it.
    pub body_timeout: Duration,
    /// Between requests on one connection; then it is closed.
    pub idle_timeout: Duration,
    /// For the client to take one more byte of its answer; then the connection is closed.
    pub write_timeout: Duration,
    /// For requests in flight to end once the server stops.
    pub drain_timeout: Duration,
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drained {
    /// Connections that were still answering after the drain time and were cut off.
    pub cut_off: usize,
}

/// hyper's own limit; stating the same number would make it allocate for every request.
const HYPER_MAX_HEADERS: usize = 100;
/// How long what was cut may take to say so before its connection is closed.
const AFTER_CUT: Duration = Duration::from_secs(2);
/// How long, and how much, is read from a client that has its last answer but still sends.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 16 * 1024 * 1024;
/// How long accepting pauses when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `router` on `listener` until `shutdown` is triggered, then drains and returns.
///
/// - Every request has a place of `places`, and its answer says the id.
/// - Every request carries its peer's address as [`ConnectInfo<SocketAddr>`].
/// - A handler that panics answers 500; the process lives.
/// - A connection of `encryption` is served once the handshake is done, which has the time of a head. What the peer showed in it goes
///   along with every request.
/// - Stopping follows the order in [`super::shutdown`]: the listener is closed, requests in flight get
///   `drain_timeout`, then [`Shutdown::cut`] is cancelled and what is left is closed.
pub(crate) async fn serve_http(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    shutdown: Shutdown,
    places: Places,
    encryption: Encryption,
) -> Drained {
    let stopping = shutdown.stopping();
    let server = Arc::new(Server {
        http: http_builder(&limits),
        router: router.with_state(()),
        limits,
        shutdown: shutdown.clone(),
        places,
        encryption,
    });
    let connections = Connections::new(limits.max_connections);
    let mut tasks = JoinSet::new();
    let mut stopped = pin!(stopping.cancelled());
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stopped => break,
            Some(ended) = tasks.join_next() => {
                note_panic(ended);
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let progress = Arc::new(Progress::new(stopping.child_token()));
                match connections.admit(Arc::clone(&progress)) {
                    Some(place) => {
                        tasks.spawn(connection(Arc::clone(&server), stream, peer, progress, place));
                    }
                    None => {
                        tracing::warn!("every connection is busy; a new one was closed (limits.connections)")
                    }
                }
            }
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections; closing an idle one and trying again");
                connections.evict_one();
                let _stopping = tokio::time::timeout(ACCEPT_PAUSE, stopping.cancelled()).await;
            }
        }
    }
    drop(listener);
    let _late = tokio::time::timeout(limits.drain_timeout, all(&mut tasks)).await;
    shutdown.cut_now();
    let _late = tokio::time::timeout(AFTER_CUT, all(&mut tasks)).await;
    let cut_off = tasks.len();
    tasks.shutdown().await;
    Drained { cut_off }
}

async fn all(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        note_panic(ended);
    }
}

/// A handler's panic is answered; one in a body that is being streamed can only end its connection.
fn note_panic(ended: Result<(), JoinError>) {
    if ended.is_err_and(|error| error.is_panic()) {
        tracing::error!("an answer's body panicked; its connection was closed");
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

fn http_builder(limits: &ConnectionLimits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.header_read_timeout(None); // `TimedIo` keeps the time
    http.max_header_size(limits.max_header_bytes);
    http.max_buf_size(limits.max_header_bytes.max(64 * 1024));
    if limits.max_headers != HYPER_MAX_HEADERS {
        http.max_headers(limits.max_headers);
    }
    http
}

/// What all connections share.
struct Server {
    http: http1::Builder,
    router: Router,
    limits: ConnectionLimits,
    shutdown: Shutdown,
    places: Places,
    encryption: Encryption,
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
struct Peer {
    address: SocketAddr,
    /// What it showed in the handshake.
    certificate: Option<ShownCertificate>,
}

async fn connection(
    server: Arc<Server>,
    stream: TcpStream,
    peer: SocketAddr,
    progress: Arc<Progress>,
    _place: Place,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY"); // slower, not wrong
    }
    match &server.encryption {
        Encryption::None => {
            exchange(&server, stream, Peer { address: peer, certificate: None }, progress).await;
        }
        #[cfg(feature = "tls")]
        Encryption::Tls(tls) => Box::pin(encrypted(&server, tls, stream, peer, progress)).await,
    }
}

/// Shakes hands, and then serves requests.
#[cfg(feature = "tls")]
async fn encrypted(
    server: &Server,
    tls: &TlsAcceptor,
    stream: TcpStream,
    peer: SocketAddr,
    progress: Arc<Progress>,
) {
    let stream = TimedWrite::new(stream, server.limits.write_timeout);
    let accepted = tokio::select! {
        accepted = tokio::time::timeout(server.limits.header_timeout, tls.accept(stream)) => accepted,
        () = progress.close.cancelled() => return, // nothing of a request is lost
    };
    match accepted {
        Ok(Ok((stream, certificate))) => {
            exchange(server, stream, Peer { address: peer, certificate }, progress).await;
        }
        Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
        Err(_) => {
            tracing::debug!(%peer, "a connection was closed: no TLS handshake came in time (limits.header_timeout)");
        }
    }
}

/// Serves the requests of one connection until it ends.
async fn exchange<S>(server: &Server, stream: S, from: Peer, progress: Arc<Progress>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let peer = from.address;
    let clocks = Clocks {
        head: server.limits.header_timeout,
        idle: server.limits.idle_timeout,
        write: server.limits.write_timeout,
    };
    let heads = HeadLimits { bytes: server.limits.max_header_bytes, fields: server.limits.max_headers };
    let io = TokioIo::new(TimedIo::new(stream, clocks, heads, Arc::clone(&progress)));
    let service = service_fn(|request| {
        let in_request = progress.begin(); // here, not in the future: what is read next is its body
        let head = progress.take_head();
        Box::pin(answer(server, from, &progress, head, in_request, request))
    });
    let mut http = server.http.serve_connection(io, service);
    let ended = tokio::select! {
        biased; // what has arrived is read before a wish to close is heard
        ended = &mut http => ended,
        () = progress.close.cancelled() => {
            if progress.may_give_way() && !server.shutdown.is_stopping() {
                tracing::info!(%peer, "a waiting connection was closed for a new one (limits.connections)");
                return; // it gives way at once, even in the middle of a head or a body
            }
            // hyper would close at once where it knows of no request: one whose head has begun is answered
            let ended = poll_fn(|cx| match Pin::new(&mut http).poll(cx) {
                Poll::Ready(ended) => Poll::Ready(Some(ended)),
                Poll::Pending if progress.is_in_head() => Poll::Pending,
                Poll::Pending => Poll::Ready(None),
            });
            match ended.await {
                Some(ended) => ended,
                None => {
                    Pin::new(&mut http).graceful_shutdown();
                    (&mut http).await
                }
            }
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%peer, %error, "connection closed early");
    }
    let io = http.into_parts().io.into_inner();
    if let Some(clock) = io.ran_out() {
        note_given_up(peer, clock);
    }
    let stream = io.into_inner();
    let cut = server.shutdown.cut();
    tokio::select! {
        () = linger(stream) => {}
        () = cut.cancelled() => {}
        () = progress.close.cancelled(), if !server.shutdown.is_stopping() => {}
    }
}

/// Which limit closed a connection. That nothing more came is usual.
fn note_given_up(peer: SocketAddr, clock: RanOut) {
    match clock {
        RanOut::Unused => {
            tracing::debug!(%peer, "a connection was closed: no request came (limits.header_timeout)");
        }
        RanOut::Idle => {
            tracing::debug!(%peer, "a connection was closed: no further request came (limits.idle_timeout)");
        }
        RanOut::Head => {
            tracing::info!(%peer, "a connection was closed: a head did not come in time (limits.header_timeout)");
        }
        RanOut::Write => {
            tracing::info!(%peer, "a connection was closed: its answer was not read (limits.write_timeout)");
        }
    }
}

/// One request's way through the router, with what the connection knows.
async fn answer(
    server: &Server,
    from: Peer,
    progress: &Arc<Progress>,
    head: Result<(), BadHead>,
    in_request: InRequest,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    let (mut parts, body) = request.into_parts();
    let response = match head {
        Err(bad) => place::answered(server.places.of_unread(), async { refuse(from.address, bad) }).await,
        Ok(()) => {
            parts.extensions.insert(ConnectInfo(from.address));
            if let Some(certificate) = from.certificate {
                parts.extensions.insert(certificate);
            }
            let placed = server.places.of(&mut parts, Some(from.address));
            let body = if body.is_end_stream() {
                Body::empty()
            } else {
                let deadline = Instant::now() + server.limits.body_timeout;
                Body::new(TimedBody::new(body, deadline).with(progress.receive()))
            };
            let mut router = server.router.clone();
            let request = Request::from_parts(parts, body);
            place::answered(placed, async move {
                match router.call(request).await {
                    Ok(response) => response,
                    Err(impossible) => match impossible {},
                }
            })
            .await
        }
    };
    Ok(response.map(|body| Answer { body, _in_request: in_request }))
}

/// The answer to a bad head, after which the connection closes.
fn refuse(peer: SocketAddr, bad: BadHead) -> Response {
    let rejection = Rejection::from(bad);
    tracing::info!(%peer, "a request was refused before it was read: {}", rejection.message());
    let mut response = rejection.respond_early();
    response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    response
}

impl From<BadHead> for Rejection {
    fn from(bad: BadHead) -> Self {
        match bad {
            BadHead::Malformed(what) => Self::BadFraming { what },
            BadHead::Coding => Self::TransferCoding,
            BadHead::Bytes(limit) => Self::HeadTooLong { limit },
            BadHead::Fields(limit) => Self::TooManyHeaders { limit },
            BadHead::Target => Self::TargetTooLong,
        }
    }
}

/// An answer's body: its connection counts as busy until the last byte is written or it is given up.
struct Answer {
    body: Body,
    _in_request: InRequest,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Reads on until the client closes too. Closing a socket that holds unread bytes resets it, and a reset can
/// destroy an answer the client has not read yet: the 431, or the 413 in the middle of an upload.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    let discard = async {
        let _already_shut = stream.shutdown().await;
        let mut buffer = [0; 8192];
        let mut left = LINGER_BYTES;
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            left = left.saturating_sub(read);
            if left == 0 {
                break;
            }
        }
    };
    let _closed_or_not = tokio::time::timeout(LINGER, discard).await;
}
