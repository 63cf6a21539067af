//! The check of a proof where a token is asked for (RFC 9449 §5): at the token endpoint of an issuer in this process. No token is beside it
//! yet, so it says which key the new one will be bound to. No nonce is asked for here (§8 leaves it open): the proof is new enough by its
//! `iat`, and counts once.

use http::HeaderMap;
use mcp_auth_store::{Store, StoreError};

use super::error::ProofError;
use super::header::Headers;
use super::htu::Htu;
use super::presented;
use super::proof::{Expected, Proof};
use super::replay;

/// Checks proofs in token requests.
pub struct TokenProofs {
    htu: Htu,
    headers: Headers,
}

/// A good proof, which may have been used before.
#[derive(Debug)]
pub struct TokenProof(Proof);

impl TokenProofs {
    /// For the token endpoint at this URL. `None` where no proof could be for it.
    pub fn new(endpoint: &str) -> Option<Self> {
        Some(Self { htu: Htu::read(endpoint)?, headers: Headers::default() })
    }

    /// Reads the proof in the headers of a POST; `None` where there is none.
    ///
    /// - Units: `now` in Unix seconds.
    ///
    /// # Errors
    /// The first check of RFC 9449 §4.3 that it fails, but those of a token and of a nonce.
    pub fn read(&self, headers: &HeaderMap, now: u64) -> Result<Option<TokenProof>, ProofError> {
        let text = match presented::read(headers) {
            Err(ProofError::Missing) if !headers.contains_key(presented::DPOP) => return Ok(None),
            read => read?,
        };
        let expected = Expected { method: "POST", htu: &self.htu, bound: None, now };
        Proof::read(text, &expected, &self.headers).map(|proof| Some(TokenProof(proof)))
    }
}

impl TokenProof {
    /// The thumbprint of its key, as `cnf.jkt` says it (RFC 9449 §6.1).
    pub fn jkt(&self) -> String {
        self.0.jkt.to_string()
    }

    /// Uses it up: whether this is the first time, in any process on this store. Ask last, so that a request that is refused for
    /// another reason fills nothing.
    ///
    /// # Errors
    /// Where the store cannot say; then it counts as used.
    pub async fn is_first(&self, store: &Store, now: u64) -> Result<bool, StoreError> {
        replay::is_first(store, &self.0, now).await
    }
}
