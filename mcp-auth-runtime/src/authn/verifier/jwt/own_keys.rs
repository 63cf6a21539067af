//! The keys of an issuer in this process: at hand without waiting, and changed while it runs.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

/// The public keys of an issuer in this process.
pub trait OwnKeys: fmt::Debug + Send + Sync {
    /// What is known of them now. Asked for each token, and waits for nothing. As long as nothing changed it is the same `Arc`.
    fn known(&self) -> Arc<KnownKeys>;

    /// Reads them where they are kept, which other processes may have changed. Asked at a steady pace, and where a token names a key that is not
    /// known.
    fn read(&self) -> ReadingKeys<'_>;
}

/// The future of [`OwnKeys::read`]: what is known then is at least as new as its begin.
pub type ReadingKeys<'a> =
    Pin<Box<dyn Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>> + Send + 'a>>;

/// Public keys, as they are published.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownKeys {
    /// A JWK Set (RFC 7517 §5).
    pub jwks: Value,
    /// Rises when a key went away before its tokens had ended: what was verified with it is good no more. A key whose tokens have all ended
    /// takes nothing along.
    pub withdrawn: u64,
}
