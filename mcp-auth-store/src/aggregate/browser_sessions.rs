//! Browsers in which a person is logged in.

use serde::{Deserialize, Serialize};

use super::authentication::Authentication;
use crate::{SecretHash, StoreFuture};

/// A browser in which a person is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// The person who is logged in, as the `sub` of their tokens.
    pub subject: String,
    /// What pages call them, where it is not the subject.
    #[serde(default)]
    pub name: Option<String>,
    /// How they logged in.
    #[serde(flatten)]
    pub authentication: Authentication,
    /// The hash of the authorization request that they logged in for.
    pub logged_in_for: SecretHash,
    /// When the login ends, in Unix seconds.
    pub expires_at: u64,
}

/// The browsers in which a person is logged in, by the hash of the identifier in their cookie.
pub trait BrowserSessions: Send + Sync {
    /// Keeps a login under `id`, and ends the login that the same browser had before, in one step.
    fn begin(
        &self,
        before: Option<SecretHash>,
        id: SecretHash,
        browser: Browser,
        now: u64,
    ) -> StoreFuture<'_, ()>;

    /// The login with this identifier, if it has not ended at `now`.
    fn find(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Option<Browser>>;

    /// Ends a login. If there is none, it does nothing.
    fn end(&self, id: SecretHash) -> StoreFuture<'_, ()>;

    /// Ends all logins of a person.
    fn end_of_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()>;
}
