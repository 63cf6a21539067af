//! The keys of a client at its `jwks_uri` (RFC 7591 §2): fetched as documents are, and kept as long as HTTP says.

use std::sync::Arc;

use mcp_auth_runtime::facade::{Algorithm, PublicKeys};
use mcp_auth_store::Store;

use super::documents::{Documents, count};
use super::error::DocumentError;
use super::fetch::MAX_KEYS;
use super::url::ClientIdUrl;

/// What the store counts fetches for a key under that is not among those that are kept.
const COUNTER: &str = "issuer-client-keys";
/// So many of those in a minute, for one URL: who sends assertions with keys that do not exist makes this server ask.
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
        if asked.is_known {
            self.kept_keys.is_of_known(url.as_str(), asked.client_id, now);
        }
        let kept = self.kept_keys.find(url.as_str(), now);
        if let Some(keys) = kept {
            if keys.may_have(asked.kid) {
                return Ok(keys);
            }
            let key = format!("{COUNTER} {}", url.as_str());
            match count(store, &key, MOST_FOR_UNKNOWN_KEYS, now).await {
                Ok(()) => {}
                // The key may be new, or be nobody's: what is kept decides.
                Err(DocumentError::TooOften { .. }) => return Ok(keys),
                Err(error) => return Err(error),
            }
        }
        let flight = self.key_flights.join(url.as_str());
        let known = asked.is_known.then_some(asked.client_id);
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
