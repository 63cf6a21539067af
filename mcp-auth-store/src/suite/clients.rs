//! Promises of [`Clients`](crate::Clients).

use super::records::client;
use crate::Store;

/// Every field comes back, and nothing is found under another identifier.
pub async fn a_registered_client_is_found_as_it_was(store: Store) {
    store.clients().register(client("one"), 1).await.unwrap();
    let found = store.clients().find("one").await.unwrap().unwrap();
    let kept = client("one");
    assert_eq!((found.id, found.name, found.redirect_uris), (kept.id, kept.name, kept.redirect_uris));
    assert_eq!(found.grant_types, kept.grant_types);
    assert!(found.secret.unwrap().matches("the client's secret"));
    assert!(store.clients().find("On").await.unwrap().is_none());
    assert!(store.clients().find("One").await.unwrap().is_none(), "identifiers are compared byte for byte");
}

/// The last registration of an identifier counts.
pub async fn registering_again_replaces(store: Store) {
    store.clients().register(client("one"), 1).await.unwrap();
    let mut renamed = client("one");
    renamed.name = None;
    store.clients().register(renamed, 2).await.unwrap();
    assert_eq!(store.clients().find("one").await.unwrap().unwrap().name, None);
}
