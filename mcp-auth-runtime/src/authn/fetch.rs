//! Asking an issuer: for its documents by GET, of a token by POST. Passed in as a [`Fetch`], so that tests answer without a
//! network.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use mcp_auth_core::net::{Host, is_secure};
use tokio::time::timeout;
use url::Url;

use super::error::FetchError;

/// The longest a connection may take to open, whatever the issuer's own limit: another of its addresses may answer.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest any fetch may take, body included. Each issuer's own limit is shorter, or the same.
pub(crate) const LONGEST_FETCH: Duration = Duration::from_secs(30);

/// Whether an issuer's documents may be fetched from `url`: over https, over http on this machine, and over http from the one
/// host that the operator named for this issuer.
pub(crate) fn may_ask(url: &Url, plain: Option<&Host>) -> bool {
    is_secure(url) || is_plain_from(url, plain)
}

/// Whether `url` is http on the host that the operator named.
pub(crate) fn is_plain_from(url: &Url, plain: Option<&Host>) -> bool {
    url.scheme() == "http" && plain.is_some() && Host::of(url).as_ref() == plain
}

/// One request to an issuer.
#[derive(Clone)]
#[non_exhaustive]
pub struct FetchRequest {
    /// How: GET or POST.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Every header of its own: what it accepts, of which type its body is, and who asks (`Authorization`).
    pub headers: HeaderMap,
    /// What is sent; empty with GET. It may hold a caller's token.
    pub body: Bytes,
}

impl FetchRequest {
    /// Asks for the document at `url`, a JSON one.
    pub fn get(url: Url) -> Self {
        Self { method: Method::GET, url, headers: accepting_json(), body: Bytes::new() }
    }

    /// Sends `body`, which is of this media type, to `url`, for an answer in JSON.
    pub fn post(url: Url, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = accepting_json();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { method: Method::POST, url, headers, body: body.into() }
    }
}

fn accepting_json() -> HeaderMap {
    HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("application/json"))])
}

/// Says how and where to, never what is sent: header and body may hold secrets.
impl fmt::Debug for FetchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FetchRequest({} {})", self.method, self.url)
    }
}

/// One answer, its body whole.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The status. Redirects are answers like any other: they are not followed.
    pub status: StatusCode,
    /// The headers of the response.
    pub headers: HeaderMap,
    /// The body, as it came: nothing is inflated.
    pub body: Bytes,
}

/// The future of one fetch.
pub type FetchFuture<'a> = Pin<Box<dyn Future<Output = Result<Fetched, FetchError>> + Send + 'a>>;

/// Asks issuers over HTTP.
pub trait Fetch: Send + Sync + 'static {
    /// Sends `request`, once and to this URL alone, and reads at most `max_bytes` of the answer's body.
    ///
    /// A redirect is an answer like any other; following it would take a token, or the server's own secret, to a place that
    /// nobody named.
    ///
    /// # Errors
    /// [`FetchError`] in the answer: too late, too large, or no HTTP answer at all. Any status is an answer.
    fn fetch(&self, request: FetchRequest, max_bytes: usize) -> FetchFuture<'_>;
}

/// A [`Fetch`] whose answers come within a time, body included, or not at all.
pub(crate) struct Within {
    /// What fetches.
    pub(crate) fetch: Arc<dyn Fetch>,
    /// The longest that one fetch may take.
    pub(crate) longest: Duration,
}

impl Fetch for Within {
    fn fetch(&self, request: FetchRequest, max_bytes: usize) -> FetchFuture<'_> {
        Box::pin(async move {
            let answer = timeout(self.longest, self.fetch.fetch(request, max_bytes)).await;
            answer.unwrap_or(Err(FetchError::Timeout))
        })
    }
}

/// [`Fetch`] over the network: https verified by the operating system's roots, no redirects followed, nothing
/// inflated, no proxy from the environment, no cookies, no retries.
#[derive(Debug, Clone)]
pub struct HttpFetch(reqwest::Client);

/// A connection that was idle for longer is not used again. Many servers close one after 5 seconds (Node.js, Apache), and a question that is
/// just then under way on it would fail.
const LONGEST_IDLE: Duration = Duration::from_secs(3);

impl HttpFetch {
    /// A client with [`CONNECT_TIMEOUT`] and [`LONGEST_FETCH`].
    ///
    /// # Errors
    /// When TLS cannot be set up, for instance without any root certificates.
    pub fn new() -> Result<Self, FetchError> {
        Self::with_timeouts(CONNECT_TIMEOUT, LONGEST_FETCH)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the client that is passed in")]
    fn with_timeouts(connect: Duration, total: Duration) -> Result<Self, FetchError> {
        reqwest::Client::builder()
            .user_agent(concat!("mcp-auth/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(connect)
            .timeout(total)
            .pool_idle_timeout(LONGEST_IDLE)
            .build()
            .map(Self)
            .map_err(transport)
    }

    async fn send(&self, request: FetchRequest, max_bytes: usize) -> Result<Fetched, FetchError> {
        let FetchRequest { method, url, headers, body } = request;
        let request = self.0.request(method, url).headers(headers).body(body);
        let mut response = request.send().await.map_err(transport)?;
        if response.content_length().is_some_and(|length| length > max_bytes as u64) {
            return Err(FetchError::TooLarge { limit: max_bytes });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if body.len() + chunk.len() > max_bytes {
                return Err(FetchError::TooLarge { limit: max_bytes });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Fetched {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: body.into(),
        })
    }
}

impl Fetch for HttpFetch {
    fn fetch(&self, request: FetchRequest, max_bytes: usize) -> FetchFuture<'_> {
        Box::pin(self.send(request, max_bytes))
    }
}

fn transport(error: reqwest::Error) -> FetchError {
    match error.is_timeout() {
        true => FetchError::Timeout,
        false => FetchError::Transport(Box::new(error.without_url())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    use super::*;

    /// A server that answers every connection with `pieces`, `pause` apart, and counts connections.
    async fn server(pieces: Vec<Vec<u8>>, pause: Duration) -> (Url, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/jwks", listener.local_addr().unwrap())).unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&count);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let pieces = pieces.clone();
                tokio::spawn(async move {
                    let _ = socket.read(&mut [0; 4096]).await;
                    for piece in pieces {
                        if socket.write_all(&piece).await.is_err() {
                            return;
                        }
                        tokio::time::sleep(pause).await;
                    }
                });
            }
        });
        (url, count)
    }

    fn answer(head: &str, body: &[u8]) -> Vec<u8> {
        [format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
    }

    async fn fetched(answer: Vec<u8>, max_bytes: usize) -> Result<Fetched, FetchError> {
        let (url, _) = server(vec![answer], Duration::ZERO).await;
        HttpFetch::new().unwrap().fetch(FetchRequest::get(url), max_bytes).await
    }

    #[tokio::test]
    async fn an_answer_comes_with_status_headers_and_body() {
        let fetched = fetched(answer("200 OK\r\ncache-control: max-age=5", b"{}"), 10).await.unwrap();
        assert_eq!((fetched.status, &fetched.body[..]), (StatusCode::OK, &b"{}"[..]));
        assert_eq!(fetched.headers["cache-control"], "max-age=5");
    }

    #[tokio::test]
    async fn k01_a_fetch_is_cut_after_the_time_of_its_issuer() {
        let held = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent = Url::parse(&format!("http://{}/", held.local_addr().unwrap())).unwrap();
        let fetch =
            Within { fetch: Arc::new(HttpFetch::new().unwrap()), longest: Duration::from_millis(100) };
        let started = Instant::now();
        assert!(matches!(fetch.fetch(FetchRequest::get(silent), 10).await, Err(FetchError::Timeout)));
        assert!(started.elapsed() < Duration::from_secs(2));
    }

    #[tokio::test]
    async fn k01_a_server_that_never_answers_is_cut() {
        let (url, _) = server(vec![], Duration::ZERO).await;
        let held = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent = Url::parse(&format!("http://{}/", held.local_addr().unwrap())).unwrap();
        let fetch = HttpFetch::with_timeouts(CONNECT_TIMEOUT, Duration::from_millis(200)).unwrap();
        let started = Instant::now();
        assert!(matches!(fetch.fetch(FetchRequest::get(silent), 10).await, Err(FetchError::Timeout)));
        assert!(started.elapsed() < Duration::from_secs(2));
        assert!(
            matches!(fetch.fetch(FetchRequest::get(url), 10).await, Err(FetchError::Transport(_))),
            "closed without an answer"
        );
    }

    #[tokio::test]
    async fn k06_a_trickling_body_is_cut_by_the_same_time() {
        let pieces = std::iter::once(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n".to_vec());
        let pieces = pieces.chain((0..100).map(|_| b"x".to_vec())).collect();
        let (url, _) = server(pieces, Duration::from_millis(50)).await;
        let fetch = HttpFetch::with_timeouts(CONNECT_TIMEOUT, Duration::from_millis(300)).unwrap();
        assert!(matches!(fetch.fetch(FetchRequest::get(url), 1000).await, Err(FetchError::Timeout)));
    }

    #[tokio::test]
    async fn k06_a_body_is_cut_at_the_cap_announced_or_not() {
        assert!(fetched(answer("200 OK", &[b'x'; 1000]), 1000).await.is_ok());
        assert!(matches!(
            fetched(answer("200 OK", &[b'x'; 1001]), 1000).await,
            Err(FetchError::TooLarge { limit: 1000 })
        ));
        let unannounced = [&b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"[..], &[b'x'; 5000]].concat();
        assert!(matches!(fetched(unannounced, 1000).await, Err(FetchError::TooLarge { limit: 1000 })));
    }

    #[tokio::test]
    async fn k06_a_compressed_body_is_not_inflated() {
        let fetched = fetched(answer("200 OK\r\ncontent-encoding: gzip", b"\x1f\x8b\x08"), 10).await.unwrap();
        assert_eq!(&fetched.body[..], b"\x1f\x8b\x08");
    }

    #[tokio::test]
    async fn k07_a_redirect_is_not_followed() {
        let (target, reached) = server(vec![answer("200 OK", b"{}")], Duration::ZERO).await;
        let redirect = format!("302 Found\r\nlocation: {target}");
        let fetched = fetched(answer(&redirect, b""), 10).await.unwrap();
        assert_eq!(fetched.status, StatusCode::FOUND);
        for head in ["307 Temporary Redirect", "308 Permanent Redirect"] {
            let (url, _) =
                server(vec![answer(&format!("{head}\r\nlocation: {target}"), b"")], Duration::ZERO).await;
            let request = FetchRequest::post(url, "application/x-www-form-urlencoded", "token=abc");
            let fetched = HttpFetch::new().unwrap().fetch(request, 10).await.unwrap();
            assert!(fetched.status.is_redirection(), "{head}");
        }
        assert_eq!(reached.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn what_is_posted_arrives_with_its_type_and_whole() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/introspect", listener.local_addr().unwrap())).unwrap();
        let heard = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut heard = Vec::new();
            while !heard.ends_with(b"token=abc") {
                let mut piece = [0; 4096];
                let read = socket.read(&mut piece).await.unwrap();
                heard.extend_from_slice(&piece[..read]);
            }
            socket.write_all(&answer("200 OK", b"{}")).await.unwrap();
            String::from_utf8(heard).unwrap()
        });
        let mut request = FetchRequest::post(url, "application/x-www-form-urlencoded", "token=abc");
        request.headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic YTpi"));
        assert_eq!(HttpFetch::new().unwrap().fetch(request, 10).await.unwrap().body, "{}");
        let heard = heard.await.unwrap().to_lowercase();
        assert!(heard.starts_with("post /introspect http/1.1\r\n"), "{heard}");
        for line in [
            "accept: application/json",
            "authorization: basic ytpi",
            "content-type: application/x-www-form-urlencoded",
            "content-length: 9",
        ] {
            assert!(heard.contains(&format!("\r\n{line}\r\n")), "{line}: {heard}");
        }
    }

    #[test]
    fn a_request_shows_nothing_of_what_it_sends() {
        let url = Url::parse("https://as.example/introspect").unwrap();
        let mut request = FetchRequest::post(url, "text/plain", "s3cret");
        request.headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic czNjcmV0"));
        assert_eq!(format!("{request:?}"), "FetchRequest(POST https://as.example/introspect)");
    }

    #[tokio::test]
    async fn k07_only_http_is_spoken() {
        let fetch = HttpFetch::new().unwrap();
        for url in ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:application/json,{}"] {
            let request = FetchRequest::get(Url::parse(url).unwrap());
            assert!(fetch.fetch(request, 10).await.is_err(), "{url}");
        }
    }
}
