//! Browser sessions in memory.

use super::store::locked;
use crate::aggregate::{CONSENT_MEMORY, LastLogin};
use crate::{Browser, BrowserSessions, MemoryStore, SecretHash, StoreFuture};

impl BrowserSessions for MemoryStore {
    fn begin(
        &self,
        before: Option<SecretHash>,
        id: SecretHash,
        browser: Browser,
        now: u64,
    ) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let forget_at = browser.expires_at.saturating_add(CONSENT_MEMORY);
            let last = LastLogin::of(&browser, now);
            locked(&self.people).insert(browser.subject.clone(), last, forget_at, now);
            let mut browsers = locked(&self.browsers);
            if let Some(before) = before {
                browsers.remove(&before);
            }
            let expires_at = browser.expires_at;
            browsers.insert(id, browser, expires_at, now);
            Ok(())
        })
    }

    fn find(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Option<Browser>> {
        Box::pin(async move { Ok(locked(&self.browsers).get(&id, now).cloned()) })
    }

    fn answered(&self, id: SecretHash, request: SecretHash, now: u64) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let mut browsers = locked(&self.browsers);
            if let Some(browser) = browsers.get_mut(&id, now)
                && let Some(after) = browser.clone().after(request)
            {
                *browser = after;
            }
            Ok(())
        })
    }

    fn end(&self, id: SecretHash) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            locked(&self.browsers).remove(&id);
            Ok(())
        })
    }

    fn end_of_person<'a>(&'a self, subject: &'a str, _: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            locked(&self.browsers).remove_where(|_, browser| browser.subject == subject);
            Ok(())
        })
    }
}
