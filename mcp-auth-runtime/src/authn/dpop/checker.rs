//! The check of each request that presents a bound token: its proof, for this token, this method and our URI, with a nonce of
//! this server, for the first time.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use mcp_auth_core::Resource;
use mcp_auth_core::ambient::{Ambient, Clock};
use mcp_auth_store::{Store, StoreError};

use super::error::ProofError;
use super::header::Headers;
use super::htu::Htu;
use super::nonce::Nonces;
use super::presented::PresentedProof;
use super::proof::{Expected, Proof};
use super::replay;
use super::thumbprint::Thumbprint;
use crate::authn::error::TokenError;

/// When to come back where the store cannot tell.
const STORE_RETRY: Duration = Duration::from_secs(30);

/// Checks proofs.
pub struct Dpop {
    htu: Htu,
    headers: Headers,
    nonces: Nonces,
    store: Store,
    clock: Arc<dyn Clock>,
}

impl Dpop {
    /// For a server whose URL is `resource`, one of those on `store`. `None` where no proof could be for that URL.
    pub fn new(resource: &Resource, store: &Store, ambient: &Ambient) -> Option<Self> {
        Some(Self {
            htu: Htu::read(resource.as_str())?,
            headers: Headers::default(),
            nonces: Nonces::new(store.clone(), ambient.random.as_ref()),
            store: store.clone(),
            clock: Arc::clone(&ambient.clock),
        })
    }

    /// Checks the proof beside a token that was verified and is bound to the key `jkt`.
    ///
    /// # Errors
    /// [`TokenError::Proof`] says what is wrong with it; [`TokenError::StoreUnavailable`] where it cannot be told whether it
    /// was used before.
    pub(in crate::authn) async fn check(
        &self,
        presented: PresentedProof<'_>,
        jkt: &Thumbprint,
    ) -> Result<(), TokenError> {
        let now = self.clock.unix_now();
        let PresentedProof { token, method, proof } = presented;
        let expected = Expected { method, htu: &self.htu, bound: Some((token, jkt)), now };
        let proof = Proof::read(proof?, &expected, &self.headers)?;
        let Some(nonce) = proof.nonce.as_deref() else {
            // Whom no nonce can be given is not asked for one.
            self.nonces.given(now).await.map_err(unavailable)?;
            return Err(ProofError::NoNonce.into());
        };
        if !self.nonces.takes(nonce, now).await.map_err(unavailable)? {
            return Err(ProofError::OtherNonce.into());
        }
        match replay::is_first(&self.store, &proof, now).await.map_err(unavailable)? {
            true => Ok(()),
            false => Err(ProofError::Used.into()),
        }
    }

    /// The nonce for the next proof; `None` while the store cannot say the key.
    pub(crate) async fn nonce(&self) -> Option<HeaderValue> {
        let given = self.nonces.given(self.clock.unix_now()).await;
        HeaderValue::try_from(given.map_err(unavailable).ok()?).ok()
    }
}

fn unavailable(error: StoreError) -> TokenError {
    tracing::error!(cause = %error.cause(), "{error}");
    TokenError::StoreUnavailable { retry_after: STORE_RETRY }
}
