//! Documents that are still fresh. Errors and invalid documents are never kept (draft-02 §5.2).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use mcp_auth_core::bounds::DAY;
use mcp_auth_runtime::facade::freshness_lifetime;
use mcp_auth_store::Client;

/// So many are kept. Anyone can make this server fetch one.
const MOST: usize = 1_000;
/// How long a document is kept that does not say how long it is fresh.
const UNSAID: Duration = Duration::from_secs(5 * 60);
/// The longest that a document is kept, whatever it says: it may take back a redirect URI.
const LONGEST: Duration = Duration::from_secs(DAY);

/// The clients that documents described, by URL.
#[derive(Default)]
pub(super) struct Kept(Mutex<HashMap<String, Entry>>);

struct Entry {
    client: Client,
    /// In Unix seconds.
    fresh_until: u64,
}

impl Kept {
    /// The client of a document that is fresh `now`.
    pub(super) fn find(&self, url: &str, now: u64) -> Option<Client> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh =
            |entry: &&Entry| now < entry.fresh_until && entry.fresh_until - now <= LONGEST.as_secs();
        kept.get(url).filter(is_fresh).map(|entry| entry.client.clone())
    }

    /// Keeps `client` as long as its document is fresh (RFC 9111 §4.2), at most a day. Where there are too many, those go that are
    /// not fresh, and then the one that would be fetched again first.
    pub(super) fn keep(&self, client: &Client, headers: &HeaderMap, now: u64) {
        let lifetime = freshness_lifetime(headers, now).unwrap_or(UNSAID).min(LONGEST);
        let fresh_until = now.saturating_add(lifetime.as_secs());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(&client.id);
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
        kept.insert(client.id.clone(), Entry { client: client.clone(), fresh_until });
    }
}

#[cfg(test)]
mod tests {
    use http::header::CACHE_CONTROL;
    use mcp_auth_core::ScopeSet;
    use mcp_auth_store::ClientCredential;

    use super::*;

    fn client(id: &str) -> Client {
        Client {
            id: id.to_owned(),
            name: None,
            redirect_uris: Vec::new(),
            grant_types: Client::for_people(true),
            scopes: ScopeSet::default(),
            credential: ClientCredential::None,
            registered_at: 0,
            registration_token: None,
        }
    }

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
            kept.keep(&client("a"), &headers, 1_000);
            assert_eq!(kept.find("a", 1_000 + seconds - u64::from(seconds > 0)).is_some(), seconds > 0);
            assert!(kept.find("a", 1_000 + seconds).is_none(), "{headers:?}");
        }
    }

    #[test]
    fn a_newer_document_replaces_the_older_one_and_one_that_is_not_to_be_kept_removes_it() {
        let kept = Kept::default();
        kept.keep(&client("a"), &headers("max-age=60"), 0);
        kept.keep(&Client { name: Some("new".to_owned()), ..client("a") }, &headers("max-age=60"), 1);
        assert_eq!(kept.find("a", 2).unwrap().name.as_deref(), Some("new"));
        kept.keep(&client("a"), &headers("no-store"), 2);
        assert!(kept.find("a", 2).is_none());
    }

    #[test]
    fn so_many_are_kept_and_no_more() {
        let kept = Kept::default();
        let long = headers("max-age=600");
        for n in 0..MOST {
            kept.keep(&client(&n.to_string()), &long, u64::try_from(n).unwrap() / 100);
        }
        kept.keep(&client("one more"), &long, 20);
        assert_eq!(kept.0.lock().unwrap().len(), MOST);
        assert!(kept.find("one more", 20).is_some());
        assert!(kept.find(&(MOST - 1).to_string(), 20).is_some());
    }
}
