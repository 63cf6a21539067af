//! Promises of [`SigningKeys`](crate::SigningKeys).

use super::race::{MANY, at_once, count};
use crate::aggregate::ONLY_SIGNING_KEY;
use crate::{KeyRotation, KeyState, RingKey, SealingKey, SigningRing, Store};

const NOW: u64 = 1_000_000;

fn key(private: u8, signs_from: u64) -> RingKey {
    RingKey { private: vec![private; 48], made_at: NOW, signs_from }
}

fn first() -> SigningRing {
    SigningRing::of(key(1, NOW))
}

/// A ring is there from the first process on, as that one gave it.
pub async fn the_first_ring_stays(store: Store) {
    let keys = store.signing_keys();
    assert!(keys.ring(NOW).await.unwrap().is_none());
    assert!(keys.ring_or(first(), NOW).await.unwrap() == first());
    assert!(keys.ring_or(SigningRing::of(key(2, NOW)), NOW).await.unwrap() == first());
    assert!(keys.ring(NOW).await.unwrap() == Some(first()));
}

/// So all of them sign with one key.
pub async fn a_hundred_processes_that_start_at_once_get_the_same_ring(store: Store) {
    let rings = at_once(|n| {
        let store = store.clone();
        let fresh = SigningRing::of(key(u8::try_from(n).unwrap(), NOW));
        async move { store.signing_keys().ring_or(fresh, NOW).await.unwrap() }
    })
    .await;
    assert!(rings.iter().all(|ring| *ring == rings[0]));
}

/// One is the next key of all, and the others learn that one waits.
pub async fn of_a_hundred_rotations_at_once_one_gives_the_next_key(store: Store) {
    store.signing_keys().ring_or(first(), NOW).await.unwrap();
    let outcomes = at_once(|n| {
        let store = store.clone();
        let fresh = key(u8::try_from(n + 2).unwrap(), NOW + 500);
        async move { store.signing_keys().rotate(fresh, NOW).await.unwrap() }
    })
    .await;
    let kept = store.signing_keys().ring(NOW).await.unwrap().unwrap();
    assert_eq!(kept.at(NOW).count(), 2);
    assert_eq!(count(&outcomes, &KeyRotation::Added(kept.clone())), 1);
    assert_eq!(count(&outcomes, &KeyRotation::Waiting(kept)), MANY - 1);
}

/// The key of before stays as long as its tokens can be good, and then it is removed for good, also of a clock that is set back.
pub async fn a_key_is_removed_when_its_tokens_have_ended(store: Store) {
    let keys = store.signing_keys();
    keys.ring_or(first(), NOW).await.unwrap();
    keys.rotate(key(2, NOW + 500), NOW).await.unwrap();
    let both = keys.ring(NOW + 500).await.unwrap().unwrap();
    let Some((_, KeyState::Retired { until })) = both.at(NOW + 500).next() else { panic!("it is retired") };
    assert_eq!(keys.ring(until - 1).await.unwrap().unwrap().at(NOW + 500).count(), 2);
    assert!(keys.ring(until).await.unwrap() == Some(SigningRing::of(key(2, NOW + 500))));
    assert!(keys.ring(NOW).await.unwrap() == Some(SigningRing::of(key(2, NOW + 500))));
}

/// None is left of those that may have leaked, of a hundred at once too.
pub async fn a_key_that_replaces_all_is_alone(store: Store) {
    let keys = store.signing_keys();
    keys.ring_or(first(), NOW).await.unwrap();
    keys.rotate(key(2, NOW + 500), NOW).await.unwrap();
    assert!(keys.replace(key(3, NOW), NOW).await.unwrap() == SigningRing::of(key(3, NOW)));
    let rings = at_once(|n| {
        let store = store.clone();
        let fresh = key(u8::try_from(n + 4).unwrap(), NOW);
        async move { store.signing_keys().replace(fresh, NOW).await.unwrap() }
    })
    .await;
    let kept = keys.ring(NOW).await.unwrap().unwrap();
    assert_eq!((kept.at(NOW).count(), count(&rings, &kept)), (1, 1));
}

/// Tokens stay valid, servers of the older release on the same store go on with it, and once it is gone from the ring it is gone from there.
pub async fn the_only_key_of_an_older_release_is_the_first_of_the_ring(store: Store) {
    let only = async |fresh: u8| {
        let fresh = SealingKey::new([fresh; 32]);
        *store.sealing_keys().key(ONLY_SIGNING_KEY, fresh).await.unwrap().as_bytes()
    };
    assert_eq!(only(7).await, [7; 32]);
    let keys = store.signing_keys();
    let ring = keys.ring_or(first(), NOW).await.unwrap();
    let privates =
        |ring: &SigningRing, now| ring.at(now).map(|(key, _)| key.private.clone()).collect::<Vec<_>>();
    assert_eq!(privates(&ring, NOW), [vec![7; 32]]);
    assert!(keys.ring(NOW).await.unwrap() == Some(ring));
    let KeyRotation::Added(ring) = keys.rotate(key(2, NOW + 500), NOW).await.unwrap() else {
        panic!("none waits")
    };
    assert_eq!(privates(&ring, NOW), [vec![7; 32], vec![2; 48]]);
    assert_eq!(only(8).await, [7; 32]);
    keys.replace(key(3, NOW), NOW).await.unwrap();
    assert_eq!(only(9).await, [9; 32], "it is gone");
    assert!(keys.ring(NOW).await.unwrap() == Some(SigningRing::of(key(3, NOW))));
}
