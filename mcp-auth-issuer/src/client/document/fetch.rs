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
///
/// The first three are one to whoever asked: any stranger can name any host, and would otherwise learn which names lead into the network of this
/// server, and what answers there. The log says which it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    /// A name that leads to an address which is not the internet's, or to several of which one is not.
    #[error("the host gave no answer")]
    NotPublic,
    /// No connection, no trusted certificate, or no HTTP; the cause is for the log.
    #[error("the host gave no answer")]
    Unreachable(String),
    /// It did not answer within [`LONGEST_FETCH`].
    #[error("the host gave no answer")]
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
            Self::NotPublic | Self::Unreachable(_) | Self::Timeout => true,
            Self::Status(status) => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
            Self::TooLong(_) | Self::ContentType => false,
        }
    }

    /// What the log says where the text does not say it.
    pub(crate) fn cause(&self) -> Option<&str> {
        match self {
            Self::NotPublic => Some(
                "it leads to an address that is not the internet's; issuer.client_documents.private can name it",
            ),
            Self::Unreachable(cause) => Some(cause),
            Self::Timeout => Some("it took too long"),
            Self::TooLong(_) | Self::Status(_) | Self::ContentType => None,
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

    /// Which names lead into the network of this server is nobody's business.
    #[test]
    fn a_host_that_is_inside_one_that_is_down_and_one_that_is_slow_are_one_to_who_asks() {
        let each = [FetchError::NotPublic, FetchError::Unreachable("refused".into()), FetchError::Timeout];
        for error in each.clone().map(super::super::error::DocumentError::Fetch) {
            let of_keys = super::super::error::DocumentError::JwksUri(std::sync::Arc::new(error.clone()));
            assert_eq!(error.to_string(), "the host gave no answer");
            assert_eq!(
                of_keys.to_string(),
                "the jwks_uri of the client cannot be used: the host gave no answer"
            );
            for error in [error, of_keys] {
                assert!(error.is_passing() && !error.is_of_the_document() && !error.ends_grants());
                assert_eq!(error.retry_after(), Some(30));
            }
        }
        let causes: std::collections::HashSet<_> = each.iter().map(|error| error.cause().unwrap()).collect();
        assert_eq!(causes.len(), 3, "the log tells them apart");
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
