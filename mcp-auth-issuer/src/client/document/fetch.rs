//! How a document is fetched. Passed in, so that tests answer without a network.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use super::url::ClientIdUrl;

/// The longest document, in bytes (draft-02 §8.7: 5 kilobytes).
pub(super) const MAX_DOCUMENT: usize = 5 * 1024;
/// The longest JWK Set, in bytes: many times more than a client needs.
pub(super) const MAX_KEYS: usize = 16 * 1024;

/// The longest that a fetch may take, name lookup and body included.
pub(super) const LONGEST_FETCH: Duration = Duration::from_secs(5);

/// An answer, its body whole.
#[derive(Debug, Clone)]
pub(crate) struct Fetched {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The future of one fetch.
pub(crate) type FetchFuture<'a> = Pin<Box<dyn Future<Output = Result<Fetched, FetchError>> + Send + 'a>>;

/// Fetches client metadata documents, and JWK Sets of clients.
pub(crate) trait DocumentFetch: Send + Sync + 'static {
    /// Asks `url` once, in at most [`LONGEST_FETCH`], and reads at most `most` bytes. It connects to addresses of the
    /// internet only, or where the operator said that this host is; a redirect is an answer like any other.
    fn fetch<'a>(&'a self, url: &'a ClientIdUrl, most: usize) -> FetchFuture<'a>;
}

/// Why a document could not be had. Nothing of it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    /// A name that leads to an address which is not the internet's, or to several of which one is not.
    #[error("the host is not on the public internet")]
    NotPublic,
    /// No connection, no trusted certificate, or no HTTP; the cause is for the log.
    #[error("the host cannot be reached")]
    Unreachable(String),
    #[error("the host did not answer within {} seconds", LONGEST_FETCH.as_secs())]
    Timeout,
    #[error("the document is longer than {0} bytes")]
    TooLong(usize),
    #[error("the host answered {}, and not 200 with the document", .0.as_u16())]
    Status(StatusCode),
    #[error("the document is not served as application/json")]
    ContentType,
}

impl FetchError {
    /// Whether the same URL may well give a document in a moment.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Timeout => true,
            Self::Status(status) => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
            Self::NotPublic | Self::TooLong(_) | Self::ContentType => false,
        }
    }
}

impl Fetched {
    /// The document, if this answer is one: status 200, and JSON by its type (draft-02 §4).
    pub(super) fn document(&self) -> Result<&[u8], FetchError> {
        if self.status != StatusCode::OK {
            return Err(FetchError::Status(self.status));
        }
        let mut types = self.headers.get_all(CONTENT_TYPE).iter();
        let (Some(given), None) = (types.next(), types.next()) else {
            return Err(FetchError::ContentType);
        };
        let essence = given.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let essence = essence.to_ascii_lowercase();
        let is_json = essence.strip_prefix("application/").is_some_and(|kind| {
            kind == "json" || kind.strip_suffix("+json").is_some_and(|kind| !kind.is_empty())
        });
        if is_json { Ok(&self.body) } else { Err(FetchError::ContentType) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(status: u16, types: &[&str]) -> Result<(), FetchError> {
        let mut headers = HeaderMap::new();
        for kind in types {
            headers.append(CONTENT_TYPE, kind.parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        Fetched { status, headers, body: Vec::new() }.document().map(|_| ())
    }

    #[test]
    fn only_200_with_json_is_a_document() {
        for json in
            ["application/json", "application/JSON; charset=utf-8", "application/client-metadata+json"]
        {
            assert_eq!(document(200, &[json]), Ok(()), "{json}");
        }
        for other in
            ["text/html", "text/json", "application/jsonp", "application/+json", "application/x-json", ""]
        {
            assert_eq!(document(200, &[other]), Err(FetchError::ContentType), "{other}");
        }
        assert_eq!(document(200, &[]), Err(FetchError::ContentType));
        assert_eq!(document(200, &["application/json", "text/html"]), Err(FetchError::ContentType));
        for status in [201, 203, 204, 206, 301, 302, 304, 400, 404, 500, 503] {
            let refused = document(status, &["application/json"]).unwrap_err();
            assert!(matches!(refused, FetchError::Status(_)), "{status}");
            assert_eq!(refused.is_passing(), status >= 500, "{status}");
        }
    }
}
