//! The keys of a client at its `jwks_uri` (RFC 7591 §2): fetched as documents are, and kept as long as HTTP says.

use std::net::IpAddr;
use std::sync::Arc;

use mcp_auth_runtime::facade::{Algorithm, PublicKeys};
use mcp_auth_store::Store;

use super::documents::{Documents, count, count_for_address};
use super::error::DocumentError;
use super::fetch::MAX_KEYS;
use super::url::ClientIdUrl;

/// What the store counts fetches for a key under that is not among those that are kept.
const COUNTER: &str = "issuer-client-keys";
/// So many of those in a minute, for one URL of one client that is known, and for one URL of all others: who sends assertions with keys that do not exist makes this server ask.
const MOST_FOR_UNKNOWN_KEYS: u32 = 4;

/// Whose keys are asked for.
pub(crate) struct KeysAt<'a> {
    /// The `client_id`.
    pub(crate) client_id: &'a str,
    /// The `jwks_uri`.
    pub(crate) url: &'a str,
    /// The key that an assertion names. Where it is not among those that are kept, they are fetched again.
    pub(crate) kid: Option<&'a str>,
    /// Whether the operator registered the client, or somebody allowed it something.
    pub(crate) is_known: bool,
    /// Where the request comes from that asks for them, if it is known.
    pub(crate) from: Option<IpAddr>,
}

impl Documents {
    /// The keys of a client.
    ///
    /// # Errors
    /// [`DocumentError::JwksUri`], [`DocumentError::Store`].
    pub(crate) async fn keys(
        &self,
        asked: &KeysAt<'_>,
        store: &Store,
        now: u64,
    ) -> Result<Arc<PublicKeys>, DocumentError> {
        let found = self.find_keys(asked, store, now).await;
        found.map_err(|error| {
            let error = match error {
                DocumentError::Store(error) => return DocumentError::Store(error),
                error => DocumentError::JwksUri(Arc::new(error)),
            };
            error.log(asked.client_id);
            error
        })
    }

    /// Whether `url` may be a `jwks_uri`.
    ///
    /// # Errors
    /// Why it would never be asked.
    pub(crate) fn may_hold_keys(&self, url: &str) -> Result<(), DocumentError> {
        self.may_be_asked(&url.parse().map_err(|_| DocumentError::JwksUrl)?)
    }

    async fn find_keys(
        &self,
        asked: &KeysAt<'_>,
        store: &Store,
        now: u64,
    ) -> Result<Arc<PublicKeys>, DocumentError> {
        let url: ClientIdUrl = asked.url.parse().map_err(|_| DocumentError::JwksUrl)?;
        self.may_be_asked(&url)?;
        let known = asked.is_known.then_some(asked.client_id);
        if let Some(client_id) = known {
            self.kept_keys.is_of_known(url.as_str(), client_id, now);
        }
        // Anybody can register a client with the URL of another one. What it uses up, and what becomes of its fetch, is not for the other one.
        let fetch = known.map_or_else(|| url.as_str().to_owned(), |id| format!("{id} {}", url.as_str()));
        let kept = self.kept_keys.find(url.as_str(), now);
        if let Some(keys) = kept {
            if keys.may_have(asked.kid) {
                return Ok(keys);
            }
            let key = format!("{COUNTER} {fetch}");
            match count(store, &key, MOST_FOR_UNKNOWN_KEYS, now).await {
                Ok(()) => {}
                // The key may be new, or be nobody's: what is kept decides.
                Err(DocumentError::TooOften { .. }) => return Ok(keys),
                Err(error) => return Err(error),
            }
        }
        if let (None, Some(address)) = (known, asked.from) {
            count_for_address(address, store, now).await?;
        }
        let flight = self.key_flights.join(&fetch);
        flight.get_or_init(|| self.fetched_keys(&url, known, store, now)).await.clone()
    }

    async fn fetched_keys(
        &self,
        url: &ClientIdUrl,
        known: Option<&str>,
        store: &Store,
        now: u64,
    ) -> Result<Arc<PublicKeys>, DocumentError> {
        let fetched = self.guarded(url, MAX_KEYS, known, store, now).await?;
        let keys = Arc::new(PublicKeys::read(fetched.document()?, &Algorithm::OF_ASSERTIONS)?);
        tracing::info!(jwks_uri = url.as_str(), "keys of a client read");
        self.kept_keys.keep(url.as_str(), &keys, &fetched.headers, known, now);
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use http::header::{CACHE_CONTROL, CONTENT_TYPE};
    use http::{HeaderMap, StatusCode};
    use mcp_auth_store::Caps;
    use tokio::sync::Semaphore;

    use super::super::fetch::{DocumentFetch, FetchFuture, Fetched};
    use super::super::options::ClientDocuments;
    use super::*;
    use crate::key::SigningKey;

    const URL: &str = "https://app.example/keys";
    const NOW: u64 = 1_800_000_000;

    /// A site with the keys of a client, of which each fetch waits until it may be answered.
    struct Site {
        keys: Mutex<SigningKey>,
        open: Semaphore,
    }

    impl Site {
        fn new() -> Arc<Self> {
            let keys = Mutex::new(SigningKey::generate().unwrap());
            Arc::new(Self { keys, open: Semaphore::new(Semaphore::MAX_PERMITS) })
        }

        fn kid(&self) -> String {
            self.keys.lock().unwrap().kid().to_owned()
        }
    }

    impl DocumentFetch for Arc<Site> {
        fn fetch<'a>(&'a self, _: &'a ClientIdUrl, _: usize) -> FetchFuture<'a> {
            Box::pin(async move {
                self.open.acquire().await.unwrap().forget();
                let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "max-age=86400")];
                let headers = headers.map(|(name, value)| (name, value.parse().unwrap()));
                let body = self.keys.lock().unwrap().jwks().to_string().into_bytes();
                Ok(Fetched { status: StatusCode::OK, headers: HeaderMap::from_iter(headers), body })
            })
        }
    }

    fn asked<'a>(client_id: &'a str, is_known: bool, kid: &'a str) -> KeysAt<'a> {
        KeysAt { client_id, url: URL, kid: Some(kid), is_known, from: None }
    }

    /// Strangers whose clients have the same URL use up all that strangers may fetch, and then what there is for keys that are not kept.
    #[tokio::test]
    async fn a_stranger_with_the_url_of_a_known_client_keeps_no_new_key_of_it_away() {
        let (site, store) = (Site::new(), Store::memory(Caps::default()));
        let documents = Documents::new(&ClientDocuments::default(), Arc::new(site.clone()));
        let before = site.kid();
        assert!(
            documents.keys(&asked("app", true, &before), &store, NOW).await.unwrap().may_have(Some(&before))
        );
        for n in 0..60 {
            let _ = documents.client(&format!("https://host{n}.example/c"), &store, NOW).await;
        }
        *site.keys.lock().unwrap() = SigningKey::generate().unwrap();
        let next = site.kid();
        for _ in 0..10 {
            let stranger = documents.keys(&asked("stranger", false, "none"), &store, NOW).await;
            assert!(!stranger.is_ok_and(|keys| keys.may_have(Some(&next))), "nothing is fetched for it");
        }
        assert!(documents.keys(&asked("app", true, &next), &store, NOW).await.unwrap().may_have(Some(&next)));
    }

    /// What is not fetched for a stranger, because it came too often, is fetched for the client.
    #[tokio::test]
    async fn a_known_client_does_not_wait_for_the_fetch_of_a_stranger() {
        let (site, store) = (Site::new(), Store::memory(Caps::default()));
        let documents = Arc::new(Documents::new(&ClientDocuments::default(), Arc::new(site.clone())));
        let kid = site.kid();
        site.open.forget_permits(Semaphore::MAX_PERMITS);
        let fetch = |client_id: &'static str, is_known: bool| {
            let (documents, store, kid) = (documents.clone(), store.clone(), kid.clone());
            tokio::spawn(async move { documents.keys(&asked(client_id, is_known, &kid), &store, NOW).await })
        };
        let (stranger, known) = (fetch("stranger", false), fetch("app", true));
        // Both are on their way before one is answered.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        site.open.add_permits(1);
        while !stranger.is_finished() && !known.is_finished() {
            tokio::task::yield_now().await;
        }
        assert!(!(stranger.is_finished() && known.is_finished()), "one fetch answered both");
        site.open.add_permits(1);
        assert!(stranger.await.unwrap().is_ok() && known.await.unwrap().is_ok());
    }
}
