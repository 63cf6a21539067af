//! `[store]`: where the server keeps what it has to know again.

/// What is not safe in `[store]`. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreConflict {
    /// A store that lasts, without a key.
    #[error(
        "store.url is a store that lasts, so what has to be read back is encrypted: make a key with `openssl rand -hex 32`, and say in store.key \
         where it is, \"env:NAME\" or \"file:/path\": {at}"
    )]
    StoreWithoutKey {
        /// Key and source.
        at: String,
    },
    /// A key for a store that encrypts nothing.
    #[error(
        "store.key or store.keys_before is set, and a store in memory encrypts nothing: set store.url, or remove them: {at}"
    )]
    UnusedStoreKey {
        /// Key and source.
        at: String,
    },
    /// What is read would be too old before it is read again.
    #[error(
        "store.revocation_stale is not longer than store.revocation_lag, so tokens of the built-in issuer would be 503 between two reads: {at}"
    )]
    StaleBeforeRead {
        /// Key and source.
        at: String,
    },
    /// The URL or a key of the store that cannot be read, or is not one.
    #[error("{why}: {at}")]
    StoreUnusable {
        /// Why.
        why: String,
        /// Key and source.
        at: String,
    },
}
