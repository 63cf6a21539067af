//! Browsers in which a person is logged in.

use serde::{Deserialize, Serialize};

use super::authentication::Authentication;
use super::people::Linked;
use crate::{SecretHash, StoreFuture};

/// A browser in which a person is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// The person who is logged in, as the `sub` of their tokens.
    pub subject: String,
    /// What pages call them, where it is not the subject.
    #[serde(default)]
    pub name: Option<String>,
    /// By what the provider that they logged in at tells them from others. What they are called may be free text there.
    #[serde(default)]
    pub known_as: Option<String>,
    /// Who they are at the provider that they logged in at.
    #[serde(default)]
    pub linked: Option<Linked>,
    /// How they logged in.
    #[serde(flatten)]
    pub authentication: Authentication,
    /// The hash of the authorization request that they logged in for; of the empty text once that was [answered](BrowserSessions::answered).
    pub logged_in_for: SecretHash,
    /// When they logged in at this browser, in Unix seconds. What `auth_time` says may have been elsewhere and long before; it is never later.
    /// 0 in a row of a release that did not keep it.
    #[serde(default)]
    pub logged_in_at: u64,
    /// When the login ends, in Unix seconds.
    pub expires_at: u64,
}

impl Browser {
    /// The rule of [`BrowserSessions::answered`] that every backend uses: the login after it, if it changes.
    pub(crate) fn after(self, request: SecretHash) -> Option<Self> {
        (self.logged_in_for == request).then(|| Self { logged_in_for: SecretHash::of(""), ..self })
    }
}

/// The browsers in which a person is logged in, by the hash of the identifier in their cookie.
pub trait BrowserSessions: Send + Sync {
    /// Keeps a login under `id`, and ends the login that the same browser had before, in one step, which also
    /// records that they logged in ([`People`](crate::People)).
    fn begin(
        &self,
        before: Option<SecretHash>,
        id: SecretHash,
        browser: Browser,
        now: u64,
    ) -> StoreFuture<'_, ()>;

    /// The login with this identifier, if it has not ended at `now`.
    fn find(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Option<Browser>>;

    /// The request with the hash `request` was answered in this browser: where the person logged in for it, that counts for it no more. The
    /// login itself goes on. Where they logged in for another one, or there is no login, it does nothing.
    fn answered(&self, id: SecretHash, request: SecretHash, now: u64) -> StoreFuture<'_, ()>;

    /// Ends a login. If there is none, it does nothing.
    fn end(&self, id: SecretHash) -> StoreFuture<'_, ()>;

    /// Ends all logins of a person.
    fn end_of_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_a_release_that_did_not_keep_when_somebody_logged_in_here_is_read() {
        let hash = SecretHash::of("a request");
        let row =
            serde_json::json!({ "subject": "ann", "auth_time": 7, "logged_in_for": hash, "expires_at": 9 });
        let browser: Browser = serde_json::from_value(row).unwrap();
        assert_eq!((browser.logged_in_at, browser.authentication.auth_time), (0, 7));
        let kept = serde_json::to_value(Browser { logged_in_at: 8, ..browser }).unwrap();
        assert_eq!(
            kept["logged_in_at"], 8,
            "it is always written: what is left out of a row stays as it was"
        );
    }
}
