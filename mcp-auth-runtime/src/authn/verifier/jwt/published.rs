//! What an issuer publishes of itself, for those who ask us for it: fetched when it is asked for, and kept for a while.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mcp_auth_core::IssuerIdentifier;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::discovery::{self, Whose};
use super::issuer::KeyRefresh;
use crate::authn::error::KeysError;
use crate::authn::fetch::{Fetch, Within};

/// The longest that a request waits for the issuer, unless one fetch may take longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The metadata of one issuer (RFC 8414). Its times and bounds are those of the issuer's keys: what strangers ask for
/// causes at most one fetch in `cooldown`.
pub struct IssuerMetadata {
    issuer: IssuerIdentifier,
    also_called: Vec<String>,
    fetch: Arc<dyn Fetch>,
    refresh: KeyRefresh,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    document: Option<(Bytes, Instant)>,
    failed: Option<(Unpublished, Instant)>,
}

/// Why there is no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpublished {
    /// The issuer has none where clients look.
    Absent,
    /// The issuer cannot be asked now, or what it answers is not its own metadata.
    Unavailable {
        /// When to come back.
        retry_after: Duration,
    },
}

impl IssuerMetadata {
    /// The metadata of `issuer`, which may call it by these other names too; fetches nothing yet.
    pub fn new(
        issuer: IssuerIdentifier,
        also_called: Vec<String>,
        fetch: Arc<dyn Fetch>,
        refresh: KeyRefresh,
    ) -> Self {
        let fetch = Arc::new(Within { fetch, longest: refresh.fetch });
        Self { issuer, also_called, fetch, refresh, kept: Mutex::default() }
    }

    /// The document, byte for byte as the issuer serves it. While the issuer cannot be reached, the last one for as long
    /// as its keys would be used.
    ///
    /// # Errors
    /// [`Unpublished`]; a document of another issuer is never answered.
    pub async fn document(&self) -> Result<Bytes, Unpublished> {
        let mut kept = self.kept.lock().await;
        let fresh = |at: &Instant, span: Duration| at.elapsed() < span;
        if let Some((document, _)) = kept.document.as_ref().filter(|(_, at)| fresh(at, self.refresh.unstated))
        {
            return Ok(document.clone());
        }
        let failure = match kept.failed.filter(|(_, at)| fresh(at, self.refresh.cooldown)) {
            Some((failure, _)) => failure,
            None => match self.fetched().await {
                Ok(document) => {
                    *kept = Kept { document: Some((document.clone(), Instant::now())), failed: None };
                    return Ok(document);
                }
                Err(failure) => {
                    kept.failed = Some((failure, Instant::now()));
                    failure
                }
            },
        };
        let last = kept.document.as_ref().filter(|(_, at)| fresh(at, self.refresh.keep));
        match (failure, last) {
            (Unpublished::Unavailable { .. }, Some((document, _))) => Ok(document.clone()),
            (failure, _) => Err(failure),
        }
    }

    async fn fetched(&self) -> Result<Bytes, Unpublished> {
        let (fetch, issuer) = (self.fetch.as_ref(), &self.issuer);
        let unavailable = Unpublished::Unavailable { retry_after: self.refresh.cooldown };
        let whose = Whose { issuer, also_called: &self.also_called };
        let document = discovery::document(fetch, whose, self.refresh.max_bytes);
        match timeout(PATIENCE.max(self.refresh.fetch), document).await {
            Ok(Ok(document)) => Ok(document),
            Ok(Err(KeysError::Status { status: 404, .. })) => Err(Unpublished::Absent),
            Ok(Err(error)) => {
                tracing::warn!(issuer = issuer.as_str(), %error, "the issuer's metadata cannot be handed on");
                Err(unavailable)
            }
            Err(_) => Err(unavailable),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::authn::tests::support::{Answer, FakeFetch};

    const AT: &str = "https://a.example/.well-known/oauth-authorization-server";

    fn metadata() -> (Arc<FakeFetch>, IssuerMetadata) {
        let fetch = Arc::new(FakeFetch::default());
        let issuer = "https://a.example".parse().unwrap();
        (Arc::clone(&fetch), IssuerMetadata::new(issuer, Vec::new(), fetch, KeyRefresh::default()))
    }

    fn unavailable<T>(answer: &Result<T, Unpublished>) -> bool {
        matches!(answer, Err(Unpublished::Unavailable { .. }))
    }

    #[tokio::test(start_paused = true)]
    async fn the_document_is_the_issuers_own_bytes_and_is_fetched_once_in_a_while() {
        let (fetch, metadata) = metadata();
        // Nothing that we use is in it, and its spaces are its own.
        let text = "{ \"issuer\" : \"https://a.example\", \"x\": 1 }";
        fetch.put(AT, Answer::text(text));
        for _ in 0..3 {
            assert_eq!(metadata.document().await.unwrap(), text.as_bytes());
        }
        assert_eq!(fetch.asked(), [AT]);
        tokio::time::advance(KeyRefresh::default().unstated).await;
        metadata.document().await.unwrap();
        assert_eq!(fetch.asked().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn k09_a_document_of_another_issuer_is_never_handed_on() {
        for other in ["https://evil.example", "https://a.example/", ""] {
            let (fetch, metadata) = metadata();
            fetch.put(AT, Answer::ok(&json!({ "issuer": other })));
            assert!(unavailable(&metadata.document().await), "{other}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn k23_an_issuer_that_is_down_is_asked_once_in_the_cooldown_and_its_last_document_stays() {
        let (fetch, metadata) = metadata();
        fetch.put(AT, Answer::Fail);
        for _ in 0..5 {
            assert!(unavailable(&metadata.document().await));
        }
        assert_eq!(fetch.asked().len(), 1);
        tokio::time::advance(KeyRefresh::default().cooldown).await;
        fetch.put(AT, Answer::ok(&json!({ "issuer": "https://a.example" })));
        let document = metadata.document().await.unwrap();
        fetch.put(AT, Answer::Fail);
        tokio::time::advance(KeyRefresh::default().unstated).await;
        assert_eq!(metadata.document().await.unwrap(), document);
        tokio::time::advance(KeyRefresh::default().keep).await;
        assert!(unavailable(&metadata.document().await));
        fetch.put(AT, Answer::TooLarge);
        tokio::time::advance(KeyRefresh::default().cooldown).await;
        assert!(unavailable(&metadata.document().await));
    }

    #[tokio::test(start_paused = true)]
    async fn k01_a_silent_issuer_is_waited_for_as_long_as_its_limit_says() {
        for secs in [1, 3, 20] {
            let fetch = Arc::new(FakeFetch::default());
            fetch.put(AT, Answer::Hang);
            let refresh = KeyRefresh { fetch: Duration::from_secs(secs), ..KeyRefresh::default() };
            let metadata =
                IssuerMetadata::new("https://a.example".parse().unwrap(), Vec::new(), fetch, refresh);
            let started = Instant::now();
            assert!(unavailable(&metadata.document().await));
            assert_eq!(started.elapsed().as_secs(), secs);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_issuer_without_metadata_has_none_here() {
        let (_fetch, metadata) = metadata();
        assert_eq!(metadata.document().await, Err(Unpublished::Absent));
    }
}
