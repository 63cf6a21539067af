//! The people who logged in, whichever login they used: what an operator sees of them, and how what is kept of each is found.

use serde::{Deserialize, Serialize};

use super::browser_sessions::Browser;
use crate::{SecretHash, StoreFuture};

/// A person as another server knows them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Linked {
    /// The issuer identifier of that server.
    pub issuer: String,
    /// What it calls them (`sub`).
    pub subject: String,
}

/// What is kept of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The `sub` of their tokens.
    pub subject: String,
    /// What pages call them, where it is not the subject.
    pub name: Option<String>,
    /// The login that they used last, as it called itself.
    pub login: Option<String>,
    /// Who they are at the provider that they log in at.
    pub linked: Option<Linked>,
    /// When they logged in, to the minute, or a client of theirs refreshed last, in Unix seconds.
    pub last_used: Option<u64>,
    /// How many grants can be refreshed.
    pub grants: u64,
}

/// What is kept of a login that lasts longer than the browser session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastLogin {
    pub(crate) subject: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) login: Option<String>,
    #[serde(default)]
    pub(crate) linked: Option<Linked>,
    pub(crate) at: u64,
}

impl LastLogin {
    pub(crate) fn of(browser: &Browser, now: u64) -> Self {
        Self {
            subject: browser.subject.clone(),
            name: browser.name.clone(),
            login: browser.authentication.login.clone(),
            linked: browser.linked.clone(),
            at: now,
        }
    }
}

impl Person {
    /// One of whom nothing else is known yet.
    pub(crate) fn new(subject: &str) -> Self {
        let subject = subject.to_owned();
        Self { subject, name: None, login: None, linked: None, last_used: None, grants: 0 }
    }

    /// They logged in last so.
    pub(crate) fn logged_in(&mut self, last: LastLogin) {
        let LastLogin { subject: _, name, login, linked, at } = last;
        self.last_used = self.last_used.max(Some(at));
        (self.name, self.login, self.linked) = (name, login.or(self.login.take()), linked);
    }

    /// They have a grant, of this login, that was used last then.
    pub(crate) fn granted(&mut self, login: Option<&str>, last_used: u64) {
        self.grants += 1;
        self.last_used = self.last_used.max(Some(last_used));
        self.login = self.login.take().or_else(|| login.map(str::to_owned));
    }
}

/// What [`Sessions`](crate::Sessions) and [`Tasks`](crate::Tasks) call the person `subject` of this issuer, whichever client they use: the
/// same in every process, and another one for each issuer, because two issuers may give two people one name.
pub fn person_key(issuer: &str, subject: &str) -> String {
    SecretHash::of(&format!("{} {issuer}{subject}", issuer.len())).digits()
}

/// The people who logged in. [`BrowserSessions::begin`](crate::BrowserSessions::begin) records them, until nothing that they allowed at that
/// login can be left.
pub trait People: Send + Sync {
    /// Everybody who logged in, or has a browser session, a consent or a grant at `now`, by subject. All rows are read for it, so it is for
    /// an operator's command alone.
    fn list(&self, now: u64) -> StoreFuture<'_, Vec<Person>>;

    /// Forgets that they logged in. What else is kept of them stays.
    fn forget<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_of_one_person_of_one_issuer() {
        let keys = [
            ("https://a", "b"),
            ("https://ab", ""),
            ("https://a", "c"),
            ("https://b", "b"),
            ("", "https://ab"),
        ];
        let all: std::collections::BTreeSet<String> =
            keys.iter().map(|(issuer, subject)| person_key(issuer, subject)).collect();
        assert_eq!(all.len(), keys.len());
        assert_eq!(person_key("https://a", "b"), person_key("https://a", "b"));
    }
}
