//! Proofs that were used (RFC 9449 §11.1): remembered by key and `jti` as long as their `iat` would let them pass again, and
//! only once token and proof were found good, so that strangers fill nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_auth_store::{SecretHash, Store, StoreError};

use super::proof::{Proof, WINDOW_SECS};
use super::thumbprint::Thumbprint;

/// Uses up a good proof by the key `jkt`: whether this is the first time.
pub(super) async fn is_first(
    store: &Store,
    jkt: &Thumbprint,
    proof: &Proof,
    now: u64,
) -> Result<bool, StoreError> {
    // A thumbprint has one length, so this can be read in one way only.
    let hash = SecretHash::of(&format!("dpop {} {}", URL_SAFE_NO_PAD.encode(jkt.as_bytes()), proof.jti));
    // A minute longer than it could pass here: another server's clock may be behind.
    let until = proof.iat.saturating_add(WINDOW_SECS + 60);
    store.spent().spend(hash, until, now).await
}
