//! Documents that are still fresh. Errors and invalid documents are never kept (draft-02 §5.2).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use mcp_auth_core::bounds::DAY;
use mcp_auth_runtime::facade::freshness_lifetime;

/// So many are kept. Anyone can make this server fetch one.
const MOST: usize = 1_000;
/// How long a document is kept that does not say how long it is fresh.
const UNSAID: Duration = Duration::from_secs(5 * 60);
/// The longest that a document is kept, whatever it says: it may take back a redirect URI.
const LONGEST: Duration = Duration::from_secs(DAY);

/// What documents said, by URL: clients, or keys of clients.
pub(super) struct Kept<T>(Mutex<HashMap<String, Entry<T>>>);

struct Entry<T> {
    said: T,
    /// In Unix seconds.
    fresh_until: u64,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Kept<T> {
    /// What a document said that is fresh `now`.
    pub(super) fn find(&self, url: &str, now: u64) -> Option<T> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh =
            |entry: &&Entry<T>| now < entry.fresh_until && entry.fresh_until - now <= LONGEST.as_secs();
        kept.get(url).filter(is_fresh).map(|entry| entry.said.clone())
    }

    /// Keeps what the document at `url` said as long as it is fresh (RFC 9111 §4.2), at most a day. Where there are too many, those go that are
    /// not fresh, and then the one that would be fetched again first.
    pub(super) fn keep(&self, url: &str, said: &T, headers: &HeaderMap, now: u64) {
        let lifetime = freshness_lifetime(headers, now).unwrap_or(UNSAID).min(LONGEST);
        let fresh_until = now.saturating_add(lifetime.as_secs());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(url);
        if fresh_until == now {
            return;
        }
        if kept.len() >= MOST {
            kept.retain(|_, entry| now < entry.fresh_until);
        }
        if kept.len() >= MOST {
            let first = kept.iter().min_by_key(|(_, entry)| entry.fresh_until);
            if let Some(url) = first.map(|(url, _)| url.clone()) {
                kept.remove(&url);
            }
        }
        kept.insert(url.to_owned(), Entry { said: said.clone(), fresh_until });
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
            kept.keep("a", &"old", &headers, 1_000);
            assert_eq!(kept.find("a", 1_000 + seconds - u64::from(seconds > 0)).is_some(), seconds > 0);
            assert!(kept.find("a", 1_000 + seconds).is_none(), "{headers:?}");
        }
    }

    #[test]
    fn a_newer_document_replaces_the_older_one_and_one_that_is_not_to_be_kept_removes_it() {
        let kept = Kept::default();
        kept.keep("a", &"old", &headers("max-age=60"), 0);
        kept.keep("a", &"new", &headers("max-age=60"), 1);
        assert_eq!(kept.find("a", 2), Some("new"));
        kept.keep("a", &"old", &headers("no-store"), 2);
        assert!(kept.find("a", 2).is_none());
    }

    #[test]
    fn so_many_are_kept_and_no_more() {
        let kept = Kept::default();
        let long = headers("max-age=600");
        for n in 0..MOST {
            kept.keep(&n.to_string(), &n, &long, u64::try_from(n).unwrap() / 100);
        }
        kept.keep("one more", &MOST, &long, 20);
        assert_eq!(kept.0.lock().unwrap().len(), MOST);
        assert!(kept.find("one more", 20).is_some());
        assert!(kept.find(&(MOST - 1).to_string(), 20).is_some());
    }
}
