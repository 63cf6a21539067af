//! Documents that are still fresh. Errors and invalid documents are never kept (draft-02 §5.2).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use mcp_auth_core::bounds::DAY;
use mcp_auth_runtime::facade::freshness_lifetime;

/// So many are kept of strangers. Anyone can make this server fetch one.
const MOST: usize = 1_000;
/// So many are kept of clients that are known: one each, and a person allows only so many clients something in a minute.
const MOST_OF_KNOWN: usize = 4_000;
/// How long a document is kept that does not say how long it is fresh.
const UNSAID: Duration = Duration::from_secs(5 * 60);
/// The longest that a document is kept, whatever it says: it may take back a redirect URI.
const LONGEST: Duration = Duration::from_secs(DAY);

/// What documents said, by URL: clients, or keys of clients. Those of strangers compete among themselves alone.
pub(super) struct Kept<T>(Mutex<Shelves<T>>);

struct Shelves<T> {
    strangers: HashMap<String, Entry<T>>,
    /// Of clients that somebody allowed something, or that the operator registered.
    known: HashMap<String, Entry<T>>,
}

struct Entry<T> {
    said: T,
    /// In Unix seconds.
    fresh_until: u64,
    /// The client that is known, if one is.
    of: Option<String>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(Shelves { strangers: HashMap::new(), known: HashMap::new() }))
    }
}

impl<T: Clone> Kept<T> {
    /// What a document said that is fresh `now`.
    pub(super) fn find(&self, url: &str, now: u64) -> Option<T> {
        let shelves = self.shelves();
        let is_fresh =
            |entry: &&Entry<T>| now < entry.fresh_until && entry.fresh_until - now <= LONGEST.as_secs();
        let kept = shelves.known.get(url).or_else(|| shelves.strangers.get(url));
        kept.filter(is_fresh).map(|entry| entry.said.clone())
    }

    /// Keeps what the document at `url` said as long as it is fresh (RFC 9111 §4.2), at most a day: for the client `known`, because somebody
    /// allowed it something or the operator registered it, or for a stranger. Where there are too many of its kind, those go that are not
    /// fresh, and then the one that would be fetched again first.
    pub(super) fn keep(&self, url: &str, said: &T, headers: &HeaderMap, known: Option<&str>, now: u64) {
        let lifetime = freshness_lifetime(headers, now).unwrap_or(UNSAID).min(LONGEST);
        let fresh_until = now.saturating_add(lifetime.as_secs());
        let mut shelves = self.shelves();
        shelves.known.remove(url);
        shelves.strangers.remove(url);
        if fresh_until > now {
            let of = known.map(str::to_owned);
            shelves.put(url, Entry { said: said.clone(), fresh_until, of }, now);
        }
    }

    /// What is kept of `url` is from now on for this client, which is known.
    pub(super) fn is_of_known(&self, url: &str, client_id: &str, now: u64) {
        let mut shelves = self.shelves();
        if let Some(entry) = shelves.strangers.remove(url) {
            shelves.put(url, Entry { of: Some(client_id.to_owned()), ..entry }, now);
        }
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Shelves<T> {
    fn put(&mut self, url: &str, entry: Entry<T>, now: u64) {
        let (shelf, most) = match &entry.of {
            // A client has one document, and keys at one URL: what it had elsewhere is over.
            Some(client_id) => {
                self.known.retain(|_, other| other.of.as_ref() != Some(client_id));
                (&mut self.known, MOST_OF_KNOWN)
            }
            None => (&mut self.strangers, MOST),
        };
        if shelf.len() >= most {
            shelf.retain(|_, entry| now < entry.fresh_until);
        }
        if shelf.len() >= most {
            let first = shelf.iter().min_by_key(|(_, entry)| entry.fresh_until);
            if let Some(url) = first.map(|(url, _)| url.clone()) {
                shelf.remove(&url);
            }
        }
        shelf.insert(url.to_owned(), entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::CACHE_CONTROL;

    fn headers(cache_control: &str) -> HeaderMap {
        HeaderMap::from_iter([(CACHE_CONTROL, cache_control.parse().unwrap())])
    }

    #[test]
    fn a_document_is_kept_as_long_as_http_says_and_at_most_a_day() {
        for (headers, seconds) in [
            (HeaderMap::new(), 300),
            (headers("max-age=60"), 60),
            (headers("max-age=99999999"), DAY),
            (headers("no-store"), 0),
            (headers("no-cache"), 0),
            (headers("public, max-age=0, must-revalidate"), 0),
        ] {
            let kept = Kept::default();
            kept.keep("a", &"old", &headers, None, 1_000);
            assert_eq!(kept.find("a", 1_000 + seconds - u64::from(seconds > 0)).is_some(), seconds > 0);
            assert!(kept.find("a", 1_000 + seconds).is_none(), "{headers:?}");
        }
    }

    #[test]
    fn a_newer_document_replaces_the_older_one_and_one_that_is_not_to_be_kept_removes_it() {
        let kept = Kept::default();
        kept.keep("a", &"old", &headers("max-age=60"), None, 0);
        kept.keep("a", &"new", &headers("max-age=60"), None, 1);
        assert_eq!(kept.find("a", 2), Some("new"));
        kept.keep("a", &"old", &headers("no-store"), None, 2);
        assert!(kept.find("a", 2).is_none());
    }

    #[test]
    fn so_many_are_kept_and_no_more() {
        let kept = Kept::default();
        let long = headers("max-age=600");
        for n in 0..MOST {
            kept.keep(&n.to_string(), &n, &long, None, u64::try_from(n).unwrap() / 100);
        }
        kept.keep("one more", &MOST, &long, None, 20);
        assert_eq!(kept.shelves().strangers.len(), MOST);
        assert!(kept.find("one more", 20).is_some());
        assert!(kept.find(&(MOST - 1).to_string(), 20).is_some());
    }

    #[test]
    fn strangers_push_out_no_document_of_a_known_client_whoever_it_was_kept_for_first() {
        let kept = Kept::default();
        let (short, long) = (headers("max-age=60"), headers("max-age=600"));
        kept.keep("known", &"known", &short, Some("client"), 0);
        kept.keep("let in later", &"let in later", &short, None, 0);
        kept.is_of_known("let in later", "let in later", 1);
        kept.keep("stranger", &"stranger", &short, None, 0);
        for n in 0..2 * MOST {
            kept.keep(&n.to_string(), &"flood", &long, None, 1);
        }
        assert_eq!(
            (kept.find("known", 2), kept.find("let in later", 2)),
            (Some("known"), Some("let in later"))
        );
        assert!(kept.find("stranger", 2).is_none(), "strangers compete among themselves");
        let shelves = kept.shelves();
        assert_eq!((shelves.strangers.len(), shelves.known.len()), (MOST, 2));
    }

    #[test]
    fn known_clients_have_one_entry_each_and_so_many_in_all() {
        let kept = Kept::default();
        let long = headers("max-age=600");
        for n in 0..100 {
            kept.keep(&format!("keys {n}"), &n, &long, Some("one client"), 0);
        }
        assert_eq!(kept.shelves().known.len(), 1, "of a client that moves its keys the last counts");
        assert_eq!(kept.find("keys 99", 0), Some(99));
        for n in 0..=MOST_OF_KNOWN {
            kept.keep(&n.to_string(), &n, &long, Some(&n.to_string()), 1);
        }
        assert_eq!(kept.shelves().known.len(), MOST_OF_KNOWN);
        assert!(kept.find("keys 99", 1).is_none(), "the one that would be fetched again first is gone");
        kept.keep("0", &0, &headers("no-store"), Some("0"), 2);
        assert!(kept.find("0", 2).is_none());
    }
}
