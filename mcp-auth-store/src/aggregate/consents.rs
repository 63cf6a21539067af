//! The scopes that people have allowed to clients. [`Codes::issue`](crate::Codes::issue) records them.

use mcp_auth_core::ScopeSet;
use serde::{Deserialize, Serialize};

use crate::{SecretHash, StoreFuture};

/// How long a consent is remembered after it was given last, in seconds: 400 days.
pub(crate) const CONSENT_MEMORY: u64 = 400 * 24 * 60 * 60;
/// Of one client, a person need not be asked again for so many descriptions of it: a redirect URI each, for example.
const MOST_REMEMBERED: usize = 8;
/// So many redirect URIs are kept at which a person allowed one client something.
const MOST_ADDRESSES: usize = 8;

/// The consents that people gave. Each is kept for at least 400 days after it was given last. They go with a client that is [removed](crate::Clients::remove).
pub trait Consents: Send + Sync {
    /// The scopes that this person has allowed this client, for all codes together. The consent page shows them; they do not allow anything.
    fn allowed<'a>(&'a self, subject: &'a str, client_id: &'a str) -> StoreFuture<'a, ScopeSet>;

    /// Whether any person has ever allowed this client anything. Anyone can register a client, so before that no person has looked at the address to which it wants people sent.
    fn any<'a>(&'a self, client_id: &'a str) -> StoreFuture<'a, bool>;

    /// Whether any person has allowed this client something at this redirect URI, an https one, and did not [end](Self::end_client_of_person) it
    /// since. Of each person the last eight count. A client that can change its redirect URIs alone may have one that nobody has looked at.
    fn any_at<'a>(&'a self, client_id: &'a str, redirect_uri: &'a str) -> StoreFuture<'a, bool>;

    /// Remembers that this person need not be asked again when this client asks for some of these scopes: what they allowed it last. `shown`
    /// is a hash of all that the page said of the client, such as where the answer goes; a client of which the page would say something
    /// else is not meant. What was remembered of the same is replaced.
    ///
    /// It counts for 400 days, however often it is used, and as long as the consent is there: where this person has allowed this client nothing
    /// ([`Codes::issue`](crate::Codes::issue)), or nothing since they [ended](Self::end_client_of_person) it, nothing is remembered.
    ///
    /// It has a mark, which is kept when the same is said again, and changes when it was taken back in between: `mark`, something random, is taken
    /// where there is none yet. Returns the mark that it has; `None`: nothing is remembered.
    fn remember<'a>(
        &'a self,
        subject: &'a str,
        client_id: &'a str,
        remembered: RememberedConsent,
        now: u64,
    ) -> StoreFuture<'a, Option<String>>;

    /// What this person need not be asked again `now`, of a client that is `shown` so. None: they are asked.
    fn remembered<'a>(
        &'a self,
        subject: &'a str,
        client_id: &'a str,
        shown: SecretHash,
        now: u64,
    ) -> StoreFuture<'a, Option<RememberedConsent>>;

    /// Takes back what was [remembered](Self::remember): the person is asked again, however the client is shown. What they allowed it stays.
    fn forget<'a>(&'a self, subject: &'a str, client_id: &'a str, now: u64) -> StoreFuture<'a, ()>;

    /// The clients of which this person need not be asked again `now`, those first for which that ends first; at most `most`.
    fn remembered_of_person<'a>(
        &'a self,
        subject: &'a str,
        most: usize,
        now: u64,
    ) -> StoreFuture<'a, Vec<RememberedClient>>;

    /// The clients that this person allowed something at `since` or later, asked or not, and did not [end](Self::end_client_of_person) after
    /// that; the latest first, at most `most`.
    fn allowed_since<'a>(
        &'a self,
        subject: &'a str,
        since: u64,
        most: usize,
        now: u64,
    ) -> StoreFuture<'a, Vec<AllowedClient>>;

    /// Ends all that this person allowed this client, in one step: its grants, the codes and device codes that it has not redeemed yet, what was
    /// [remembered](Self::remember), and what the consent page says that it has. Its access tokens are [revoked](crate::Revocations), with
    /// those that were exchanged for tokens of these grants. What is allowed later begins anew.
    fn end_client_of_person<'a>(
        &'a self,
        subject: &'a str,
        client_id: &'a str,
        now: u64,
    ) -> StoreFuture<'a, ()>;

    /// Removes all that a person ever allowed.
    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()>;
}

/// What a person need not be asked again by a client that is shown so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedConsent {
    /// A hash of all that the page said of the client.
    pub shown: SecretHash,
    /// What they allowed.
    pub scopes: ScopeSet,
    /// What tells it from what the same person said of the same and took back: something random. Empty in a row of a release that did not keep it.
    #[serde(default)]
    pub mark: String,
}

/// A client of which a person need not be asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberedClient {
    /// Which client.
    pub client_id: String,
    /// All that it gets without a question, however it is shown.
    pub scopes: ScopeSet,
    /// When the person said so last, in Unix seconds.
    pub at: u64,
}

/// A client that a person allowed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedClient {
    /// Which client.
    pub client_id: String,
    /// All that the person allowed it, for all codes together.
    pub scopes: ScopeSet,
    /// When they allowed it something last, in Unix seconds.
    pub at: u64,
}

impl AllowedClient {
    /// The latest first; at most `most`.
    pub(crate) fn latest(mut all: Vec<Self>, most: usize) -> Vec<Self> {
        all.sort_by(|one, other| (other.at, &one.client_id).cmp(&(one.at, &other.client_id)));
        all.truncate(most);
        all
    }
}

/// The web sites to which answers went that a person allowed one client: hashes of its redirect URIs, the latest last. A program on a computer
/// takes another port each time, and needs no place here.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct AllowedAt(Vec<SecretHash>);

impl AllowedAt {
    pub(crate) fn add(&mut self, redirect_uri: &str) {
        if !redirect_uri.starts_with("https://") {
            return;
        }
        let added = SecretHash::of(redirect_uri);
        self.0.retain(|known| *known != added);
        if self.0.len() >= MOST_ADDRESSES {
            self.0.remove(0);
        }
        self.0.push(added);
    }

    pub(crate) fn has(&self, redirect_uri: &str) -> bool {
        self.0.contains(&SecretHash::of(redirect_uri))
    }

    #[cfg(feature = "durable")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = SecretHash> {
        self.0.iter().copied()
    }
}

/// One thing that a person need not be asked again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Remembered {
    #[serde(flatten)]
    consent: RememberedConsent,
    until: u64,
}

/// All that a person need not be asked again by one client, the latest last.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct AllRemembered(Vec<Remembered>);

impl AllRemembered {
    /// Remembers it under the mark that the same has, or else its own one. Returns that.
    pub(crate) fn remember(&mut self, consent: RememberedConsent, now: u64) -> String {
        let before = self.find(consent.shown, now).map(|before| before.mark).filter(|mark| !mark.is_empty());
        let mark = before.unwrap_or(consent.mark);
        let consent = RememberedConsent { mark: mark.clone(), ..consent };
        self.0.retain(|other| other.consent.shown != consent.shown && other.until > now);
        if self.0.len() >= MOST_REMEMBERED {
            self.0.remove(0);
        }
        self.0.push(Remembered { consent, until: now.saturating_add(CONSENT_MEMORY) });
        mark
    }

    pub(crate) fn find(&self, shown: SecretHash, now: u64) -> Option<RememberedConsent> {
        let found = self.0.iter().find(|known| known.consent.shown == shown && known.until > now);
        found.map(|known| known.consent.clone())
    }

    /// What the client `client_id` gets `now` without a question.
    pub(crate) fn of_client(&self, client_id: &str, now: u64) -> Option<RememberedClient> {
        let current = self.0.iter().filter(|remembered| remembered.until > now);
        let scopes = current.flat_map(|remembered| remembered.consent.scopes.iter().cloned()).collect();
        let at = self.ends_at().filter(|until| *until > now)?.saturating_sub(CONSENT_MEMORY);
        Some(RememberedClient { client_id: client_id.to_owned(), scopes, at })
    }

    /// When the last of it ends.
    pub(crate) fn ends_at(&self) -> Option<u64> {
        self.0.iter().map(|remembered| remembered.until).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_a_release_that_kept_no_mark_is_read_and_gets_one() {
        let shown = SecretHash::of("shown");
        let row = serde_json::json!([{ "shown": shown, "scopes": ["read"], "until": 9 }]);
        let mut all: AllRemembered = serde_json::from_value(row).unwrap();
        let scopes = ScopeSet::parse_lossy("read");
        let known = RememberedConsent { shown, scopes, mark: String::new() };
        assert_eq!(all.find(shown, 8), Some(known.clone()));
        assert_eq!(all.remember(RememberedConsent { mark: "new".to_owned(), ..known }, 8), "new");
        let again: AllRemembered = serde_json::from_value(serde_json::to_value(&all).unwrap()).unwrap();
        assert_eq!(again.find(shown, 8).unwrap().mark, "new");
    }
}
