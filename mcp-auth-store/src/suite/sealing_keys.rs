//! Promises of [`SealingKeys`](crate::SealingKeys).

use super::race::at_once;
use crate::{SealingKey, Store};

/// Different purposes have different keys.
pub async fn the_first_key_of_a_purpose_stays(store: Store) {
    let (one, two) = (SealingKey::new([1; 32]), SealingKey::new([2; 32]));
    assert!(store.sealing_keys().key("state", one.clone()).await.unwrap() == one);
    assert!(store.sealing_keys().key("state", two.clone()).await.unwrap() == one);
    assert!(store.sealing_keys().key("another", two.clone()).await.unwrap() == two);
}

/// This lets one process open what another one sealed.
pub async fn a_hundred_processes_that_start_at_once_get_the_same_key(store: Store) {
    let keys = at_once(|n| {
        let store = store.clone();
        let fresh = SealingKey::new([u8::try_from(n).unwrap(); 32]);
        async move { store.sealing_keys().key("state", fresh).await.unwrap() }
    })
    .await;
    assert!(keys.iter().all(|key| *key == keys[0]));
}
