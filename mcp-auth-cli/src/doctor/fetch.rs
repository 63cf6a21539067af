//! Sends one request, limited in time and size. Redirects are reported and never followed, and each kind of failure
//! is reported separately.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use mcp_auth_core::ambient::Clock;
use serde_json::Value;
use url::Url;

use super::quote::quote;
use super::reach::{Guarded, REFUSED, Reach};
use crate::Failure;
use crate::outbound::{self, LONGEST};
use crate::secret::Scrubber;
use crate::terminal::shown;

/// The HTTP client with the settings that every request shares.
pub(crate) struct Web {
    client: reqwest::Client,
    /// For what a server names: it reaches allowed addresses only.
    guarded: reqwest::Client,
    reach: Reach,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    scrubber: Scrubber,
}

/// An answer. The token is removed from it before any check sees it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// Whether the body was cut, because it is longer than doctor reads.
    pub(crate) is_cut: bool,
    /// The time on this machine when it arrived, in Unix seconds.
    pub(crate) received: u64,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    Dns,
    /// A server named an address inside a network that it is not in itself.
    NotAsked,
    Refused,
    Tls(String),
    Timeout(Duration),
    Other(String),
}

impl Web {
    /// # Errors
    /// As [`outbound::client`].
    pub(crate) fn new(
        timeout: Duration,
        reach: Reach,
        clock: Arc<dyn Clock>,
        scrubber: Scrubber,
    ) -> Result<Self, Failure> {
        let client = outbound::client(Some(timeout))?;
        let guarded = match reach.is_everything() {
            true => client.clone(),
            false => outbound::guarded_client(Some(timeout), Arc::new(Guarded(reach)))?,
        };
        Ok(Self { client, guarded, reach, timeout, clock, scrubber })
    }

    /// The time on this machine, in Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        self.clock.unix_now()
    }

    /// Fetches a JSON document.
    pub(crate) async fn document(&self, url: &Url) -> Result<Answer, Trouble> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        self.send(Method::GET, url, headers, None).await
    }

    /// Fetches a JSON document from a place that a server names: only where [`Reach`] allows it.
    pub(crate) async fn named_document(&self, url: &Url) -> Result<Answer, Trouble> {
        if !self.reach.allows_url(url) {
            return Err(Trouble::NotAsked);
        }
        let request = self.guarded.get(url.clone()).header(header::ACCEPT, "application/json");
        let response = request.send().await.map_err(|error| Trouble::of(&error, self.timeout))?;
        self.read(response).await.map_err(|error| Trouble::of(&error, self.timeout))
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Option<String>,
    ) -> Result<Answer, Trouble> {
        let mut request = self.client.request(method, url.clone()).headers(headers);
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.map_err(|error| Trouble::of(&error, self.timeout))?;
        self.read(response).await.map_err(|error| Trouble::of(&error, self.timeout))
    }

    async fn read(&self, mut response: reqwest::Response) -> reqwest::Result<Answer> {
        let received = self.clock.unix_now();
        let (status, headers) = (response.status(), self.clean(response.headers()));
        let is_stream = essence(&headers) == "text/event-stream";
        let mut body = Vec::new();
        let mut is_cut = false;
        while let Some(chunk) = response.chunk().await? {
            let room = LONGEST - body.len();
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            is_cut = chunk.len() > room;
            // A stream may stay open after the answer, so reading stops when the answer is there.
            if is_cut || (is_stream && last_event(&String::from_utf8_lossy(&body)).is_some()) {
                break;
            }
        }
        let body = self.scrubber.clean(&String::from_utf8_lossy(&body));
        Ok(Answer { status, headers, body, is_cut, received })
    }

    fn clean(&self, headers: &HeaderMap) -> HeaderMap {
        let cleaned = headers.iter().map(|(name, value)| {
            let text = self.scrubber.clean(&String::from_utf8_lossy(value.as_bytes()));
            let empty = || HeaderValue::from_static("");
            (name.clone(), HeaderValue::from_bytes(text.as_bytes()).unwrap_or_else(|_| empty()))
        });
        cleaned.collect()
    }
}

impl Answer {
    /// The text of a header; if it occurs several times, the first one.
    pub(crate) fn header(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The items of a list header, from all its occurrences.
    pub(crate) fn list(&self, name: HeaderName) -> Vec<String> {
        let values = self.headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        let items = values.flat_map(|value| value.split(',')).map(|item| item.trim().to_ascii_lowercase());
        items.filter(|item| !item.is_empty()).collect()
    }

    /// The media type, lower case, without parameters.
    pub(crate) fn media_type(&self) -> String {
        essence(&self.headers)
    }

    pub(crate) fn is_html(&self) -> bool {
        self.media_type() == "text/html"
            || self.body.trim_start().to_ascii_lowercase().starts_with("<!doctype html")
    }

    /// The `Date` header, in Unix seconds.
    pub(crate) fn date(&self) -> Option<u64> {
        let date = httpdate::parse_http_date(self.header(header::DATE)?).ok()?;
        date.duration_since(std::time::UNIX_EPOCH).ok().map(|since| since.as_secs())
    }

    /// The JSON-RPC message: the body itself, or the answer in an event stream.
    pub(crate) fn message(&self) -> Option<Value> {
        serde_json::from_str(&self.body).ok().filter(Value::is_object).or_else(|| last_event(&self.body))
    }

    /// A few words that describe what the body looks like.
    pub(crate) fn looks(&self) -> String {
        let body = self.body.trim();
        if body.is_empty() {
            return "an empty body".to_owned();
        }
        if self.is_html() {
            let lower = body.to_ascii_lowercase();
            let title = lower.find("<title>").and_then(|start| {
                let end = lower[start..].find("</title>")?;
                body.get(start + "<title>".len()..start + end)
            });
            return match title {
                Some(title) => format!("an HTML page titled {}", quote(title.trim())),
                None => "an HTML page".to_owned(),
            };
        }
        quote(body)
    }
}

impl Trouble {
    fn of(error: &reqwest::Error, timeout: Duration) -> Self {
        if error.is_timeout() {
            return Self::Timeout(timeout);
        }
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let refused = cause
                .downcast_ref::<io::Error>()
                .is_some_and(|e| e.kind() == io::ErrorKind::ConnectionRefused);
            if refused {
                return Self::Refused;
            }
            text = cause.to_string();
            if text.contains(REFUSED) {
                return Self::NotAsked;
            }
            let lower = text.to_ascii_lowercase();
            if lower.contains("dns error") || lower.contains("lookup address") {
                return Self::Dns;
            }
            if ["certificate", "tls", "handshake", "corrupt message"].iter().any(|word| lower.contains(word))
            {
                return Self::Tls(shown(&text).into_owned());
            }
            source = cause.source();
        }
        Self::Other(shown(&text).into_owned())
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dns => f.write_str("the host name does not resolve"),
            Self::NotAsked => f.write_str(
                "not asked, as it is inside a network that the server is not in; --private-addresses asks it",
            ),
            Self::Refused => f.write_str("connection refused"),
            Self::Tls(why) => write!(f, "TLS failed: {why}"),
            Self::Timeout(after) => write!(f, "no answer within {}", humantime::format_duration(*after)),
            Self::Other(why) => write!(f, "no HTTP answer: {why}"),
        }
    }
}

fn essence(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The last JSON-RPC response of an event stream.
fn last_event(body: &str) -> Option<Value> {
    let data = body.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    data.filter_map(|line| line.strip_prefix("data:"))
        .filter_map(|data| serde_json::from_str::<Value>(data.trim()).ok())
        .rfind(|message| message.get("result").is_some() || message.get("error").is_some())
}
