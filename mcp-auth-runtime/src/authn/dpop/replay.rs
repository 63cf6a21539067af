//! Proofs that were used (RFC 9449 §11.1): remembered by key and `jti` as long as their `iat` would let them pass again, and
//! only once token and proof were found good, so that strangers fill nothing.

use mcp_auth_store::{SecretHash, Store, StoreError};

use super::proof::{Proof, WINDOW_SECS};

/// Uses up a good proof: whether this is the first time.
pub(super) async fn is_first(store: &Store, proof: &Proof, now: u64) -> Result<bool, StoreError> {
    // A thumbprint has one length, so this can be read in one way only.
    let hash = SecretHash::of(&format!("dpop {} {}", proof.jkt, proof.jti));
    // A minute longer than it could pass here: another server's clock may be behind.
    let until = proof.iat.saturating_add(WINDOW_SECS + 60);
    store.spent().spend(hash, until, now).await
}
