//! Promises of [`BrowserSessions`](crate::BrowserSessions).

use crate::{Authentication, Browser, SecretHash, Store};

async fn begin(store: &Store, before: Option<&str>, id: &str) -> SecretHash {
    let (id, before) = (SecretHash::of(id), before.map(SecretHash::of));
    let browser = Browser {
        subject: "alice".into(),
        linked: None,
        known_as: None,
        name: None,
        authentication: Authentication::default(),
        logged_in_for: SecretHash::of("a request"),
        logged_in_at: 0,
        expires_at: 10,
    };
    store.browser_sessions().begin(before, id, browser, 0).await.unwrap();
    id
}

async fn who(store: &Store, id: SecretHash, now: u64) -> Option<String> {
    store.browser_sessions().find(id, now).await.unwrap().map(|browser| browser.subject)
}

/// It ends exactly at the second that its record names.
pub async fn a_login_ends_at_its_time(store: Store) {
    let id = begin(&store, None, "one").await;
    assert_eq!(who(&store, id, 9).await.as_deref(), Some("alice"));
    assert_eq!(who(&store, id, 10).await, None);
    assert_eq!(who(&store, SecretHash::of("another"), 9).await, None);
}

/// An identifier that an attacker planted in the browser before the login does not work after it.
pub async fn a_new_login_ends_the_one_of_the_same_browser(store: Store) {
    let (one, other) = (begin(&store, None, "one").await, begin(&store, None, "another browser").await);
    let two = begin(&store, Some("one"), "two").await;
    assert_eq!(who(&store, one, 1).await, None);
    assert_eq!(who(&store, two, 1).await.as_deref(), Some("alice"));
    assert_eq!(who(&store, other, 1).await.as_deref(), Some("alice"));
    let three = begin(&store, Some("never kept"), "three").await;
    assert_eq!(who(&store, three, 1).await.as_deref(), Some("alice"));
}

/// It goes on, and one that has ended does not begin again.
pub async fn a_login_counts_for_its_request_until_that_is_answered(store: Store) {
    let (request, other) = (SecretHash::of("a request"), SecretHash::of("another request"));
    let (one, two) = (begin(&store, None, "one").await, begin(&store, None, "two").await);
    let counts = async |id| {
        let browser = store.browser_sessions().find(id, 9).await.unwrap().unwrap();
        (browser.subject == "alice", browser.logged_in_for == request)
    };
    store.browser_sessions().answered(one, other, 1).await.unwrap();
    assert_eq!(counts(one).await, (true, true), "another one was answered");
    for _ in 0..2 {
        store.browser_sessions().answered(one, request, 1).await.unwrap();
        assert_eq!(counts(one).await, (true, false));
        assert_eq!(counts(two).await, (true, true), "of another browser");
    }
    assert_eq!(who(&store, one, 10).await, None, "it ends at its time all the same");
    store.browser_sessions().end_of_person("alice", 1).await.unwrap();
    for id in [one, two] {
        store.browser_sessions().answered(id, request, 1).await.unwrap();
        assert_eq!(who(&store, id, 1).await, None);
    }
}

/// Logging out a second time is not an error.
pub async fn an_ended_login_is_gone_and_ending_nothing_is_not_an_error(store: Store) {
    let id = begin(&store, None, "one").await;
    for _ in 0..2 {
        store.browser_sessions().end(id).await.unwrap();
        assert_eq!(who(&store, id, 1).await, None);
    }
}
