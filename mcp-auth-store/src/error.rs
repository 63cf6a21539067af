//! The result of a step, and the error when the store could not do it.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;

/// The result of every step; the crate's documentation says why it is boxed.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The store could not do the step, and nothing was changed; over a network, the answer of a step that was done can be
/// lost, so its caller grants nothing and does not take it for undone. The fault is the server's, not the client's: the answer
/// is 503 or `server_error`, never "unknown" or "invalid", which clients would take as final.
///
/// Clients see only the text of this error; the cause is for the log.
#[derive(Debug, thiserror::Error)]
#[error("the store is unavailable")]
pub struct StoreError(#[source] Box<dyn Error + Send + Sync>);

impl StoreError {
    /// Makes the error from its cause: text or an error, which must not hold a secret.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }

    /// The cause, for the log.
    pub fn cause(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }
}
