//! Browsers in which a person is logged in.

use crate::{SecretHash, StoreFuture};

/// A browser in which a person is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browser {
    /// Who.
    pub subject: String,
    /// When the login ends.
    pub expires_at: u64,
}

/// The browsers in which a person is logged in, by the hash of what their cookie says.
pub trait BrowserSessions: Send + Sync {
    /// Keeps a login under `id`, and ends the one that the same browser had before: both or neither.
    fn begin(
        &self,
        before: Option<SecretHash>,
        id: SecretHash,
        browser: Browser,
        now: u64,
    ) -> StoreFuture<'_, ()>;

    /// The living login of this identifier.
    fn find(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Option<Browser>>;

    /// Ends a login; nothing happens if there is none.
    fn end(&self, id: SecretHash) -> StoreFuture<'_, ()>;
}
