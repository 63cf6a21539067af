//! What a step returns, and why it could not be done.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;

/// What every step returns; see the crate's documentation for why it is boxed.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The store could not do it, and nothing was done. It is our trouble, not the client's: 503 or `server_error`, and
/// never "unknown" or "invalid", which clients take for an answer.
///
/// What is said to clients is this error's text; the cause is for the log.
#[derive(Debug, thiserror::Error)]
#[error("the store is unavailable")]
pub struct StoreError(#[source] Box<dyn Error + Send + Sync>);

impl StoreError {
    /// With the cause: text or an error, without any secret.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }

    /// The cause, for the log.
    pub fn cause(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }
}
