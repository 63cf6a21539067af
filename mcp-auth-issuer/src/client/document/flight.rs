//! Each URL is fetched once at a time: who asks while a fetch is under way gets its outcome.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OnceCell;

use super::error::DocumentError;

/// One fetch, and everybody who waits for it. If the one who fetches goes away, another of them does.
pub(super) type Flight<T> = OnceCell<Result<T, DocumentError>>;

/// The fetches that are under way, by URL.
pub(super) struct Flights<T>(Mutex<HashMap<String, Weak<Flight<T>>>>);

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Flights<T> {
    /// The fetch of `url` that is under way, or a new one. An outcome is nobody's who asks after it: errors are not remembered.
    pub(super) fn join(&self, url: &str) -> Arc<Flight<T>> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let under_way = flights.get(url).and_then(Weak::upgrade).filter(|flight| !flight.initialized());
        under_way.unwrap_or_else(|| {
            flights.retain(|_, flight| flight.strong_count() > 0);
            let flight = Arc::default();
            flights.insert(url.to_owned(), Arc::downgrade(&flight));
            flight
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_comes_during_a_fetch_shares_it_and_who_comes_after_it_does_not() {
        let flights = Flights::<()>::default();
        let (one, two, other) = (flights.join("a"), flights.join("a"), flights.join("b"));
        assert!(Arc::ptr_eq(&one, &two) && !Arc::ptr_eq(&one, &other));
        assert!(one.get_or_init(async || Err(DocumentError::Off)).await.is_err());
        assert!(!Arc::ptr_eq(&one, &flights.join("a")), "over");
        drop((one, two, other));
        let _ = flights.join("c");
        assert_eq!(flights.0.lock().unwrap().len(), 1, "nothing is kept of what is over");
    }
}
