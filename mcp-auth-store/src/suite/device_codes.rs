//! Promises of [`DeviceCodes`](crate::DeviceCodes).

use mcp_auth_core::ScopeSet;

use super::race::{MANY, at_once, count};
use super::records::{client, grant};
use crate::{Authentication, DeviceAnswer, DeviceAuthorization, Polled, SecretHash, Store};

fn asked() -> DeviceAuthorization {
    DeviceAuthorization {
        client_id: "client".into(),
        resource: "http://localhost:8080/mcp".into(),
        scopes: ScopeSet::parse_lossy("read write"),
        from: Some("192.0.2.7".into()),
        asked_at: 1,
        interval: 5,
        expires_at: 600,
        answer: None,
    }
}

fn allowed(subject: &str) -> DeviceAnswer {
    DeviceAnswer::Allowed {
        subject: subject.into(),
        authentication: Authentication::at(1),
        scopes: ScopeSet::parse_lossy("read"),
        refresh: true,
    }
}

fn codes() -> (SecretHash, SecretHash) {
    (SecretHash::of("device code"), SecretHash::of("user code"))
}

async fn begun(store: &Store) -> (SecretHash, SecretHash) {
    let (device, user) = codes();
    assert!(store.device_codes().begin(device, user, asked(), 1).await.unwrap());
    (device, user)
}

/// The page and the token endpoint see the same, and neither finds it by the code of the other.
pub async fn what_a_device_asked_for_is_found_by_each_of_its_codes(store: Store) {
    let (device, user) = begun(&store).await;
    let devices = store.device_codes();
    assert_eq!(devices.find(device).await.unwrap(), Some(asked()));
    assert_eq!(devices.find_by_user_code(user, 599).await.unwrap(), Some(asked()));
    assert_eq!(devices.find(user).await.unwrap(), None);
    assert_eq!(devices.find_by_user_code(device, 1).await.unwrap(), None);
}

/// A code that is shown again by chance must not lead to the device of another person.
pub async fn a_user_code_names_one_device_at_a_time(store: Store) {
    let (device, user) = begun(&store).await;
    let (devices, other) = (store.device_codes(), SecretHash::of("another device"));
    let later = DeviceAuthorization { client_id: "other".into(), expires_at: 1200, ..asked() };
    assert!(!devices.begin(other, user, later.clone(), 599).await.unwrap());
    assert_eq!(devices.find(other).await.unwrap(), None);
    assert_eq!(devices.find_by_user_code(user, 599).await.unwrap(), Some(asked()));
    // The first one can be answered no longer.
    assert!(devices.begin(other, user, later.clone(), 600).await.unwrap());
    assert_eq!(devices.find_by_user_code(user, 600).await.unwrap(), Some(later));
    assert!(devices.answer(user, allowed("alice"), 600).await.unwrap());
    assert_eq!(devices.find(device).await.unwrap(), Some(asked()), "the answer is not for this one");
}

/// Of the devices that are given the same user code at once.
pub async fn of_a_hundred_devices_with_one_user_code_one_begins(store: Store) {
    let (_, user) = codes();
    let begun = at_once(|n| {
        let (store, device) = (store.clone(), SecretHash::of(&format!("device {n}")));
        async move { store.device_codes().begin(device, user, asked(), 1).await.unwrap() }
    })
    .await;
    assert_eq!(count(&begun, &true), 1);
}

/// A second answer changes nothing, not even from "no" to "yes".
pub async fn the_first_answer_to_a_device_counts(store: Store) {
    let (device, user) = begun(&store).await;
    let devices = store.device_codes();
    assert!(devices.answer(user, DeviceAnswer::Denied, 2).await.unwrap());
    assert!(!devices.answer(user, allowed("alice"), 3).await.unwrap());
    assert_eq!(devices.find_by_user_code(user, 3).await.unwrap(), None);
    assert_eq!(devices.find(device).await.unwrap().unwrap().answer, Some(DeviceAnswer::Denied));
    assert_eq!(devices.poll(device, 4).await.unwrap(), Polled::Denied);
    assert!(!devices.answer(SecretHash::of("unknown"), allowed("alice"), 3).await.unwrap());
}

/// Also where one person allows it and another denies it at the same moment.
pub async fn of_a_hundred_answers_to_a_device_one_counts(store: Store) {
    let (device, user) = begun(&store).await;
    let answers = at_once(|n| {
        let answer = if n % 2 == 0 { allowed(&format!("person {n}")) } else { DeviceAnswer::Denied };
        let store = store.clone();
        async move { store.device_codes().answer(user, answer, 2).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &true), 1);
    assert!(store.device_codes().find(device).await.unwrap().unwrap().answer.is_some());
}

/// The next page says what this person has allowed before, and the client counts as used.
pub async fn an_answer_that_allows_is_a_consent(store: Store) {
    store.clients().register(client("client"), None, 1).await.unwrap();
    let (_, user) = begun(&store).await;
    assert!(!store.consents().any("client").await.unwrap());
    assert!(store.device_codes().answer(user, allowed("alice"), 599).await.unwrap());
    let scopes = |subject| store.consents().allowed(subject, "client");
    assert_eq!(scopes("alice").await.unwrap().to_string(), "read", "and not all that was asked for");
    assert!(scopes("bob").await.unwrap().is_empty());
    assert!(store.clients().find("client", 600 + 3599).await.unwrap().is_some());

    let denied = SecretHash::of("denied");
    store.device_codes().begin(SecretHash::of("another device"), denied, asked(), 1).await.unwrap();
    store.device_codes().answer(denied, DeviceAnswer::Denied, 2).await.unwrap();
    assert_eq!(scopes("alice").await.unwrap().to_string(), "read");
}

/// RFC 8628 §3.5.
pub async fn a_device_that_polls_too_soon_waits_longer(store: Store) {
    let (device, user) = begun(&store).await;
    for (now, polled) in [
        (1, Polled::Pending),
        (6, Polled::Pending),
        (10, Polled::TooSoon), // from now on 10 s
        (19, Polled::TooSoon), // from now on 15 s
        (34, Polled::Pending),
        (48, Polled::TooSoon), // from now on 20 s
        (68, Polled::Pending),
    ] {
        assert_eq!(store.device_codes().poll(device, now).await.unwrap(), polled, "at {now}");
    }
    assert_eq!(store.device_codes().find(device).await.unwrap().unwrap().interval, 20);
    // What was answered is told at once.
    store.device_codes().answer(user, allowed("alice"), 69).await.unwrap();
    assert_eq!(store.device_codes().poll(device, 69).await.unwrap(), Polled::Allowed);
}

/// The grant is kept in the same step.
pub async fn an_allowed_device_code_is_redeemed_once(store: Store) {
    let (device, user) = begun(&store).await;
    let devices = store.device_codes();
    devices.answer(user, allowed("alice"), 2).await.unwrap();
    let found = devices.find(device).await.unwrap().unwrap();
    assert_eq!(found, DeviceAuthorization { answer: Some(allowed("alice")), ..asked() });
    assert!(devices.redeem(device, Some(grant("first", "s")), 3).await.unwrap());
    assert!(!devices.redeem(device, Some(grant("second", "s")), 3).await.unwrap());
    assert!(store.grants().find("first", 3).await.unwrap().is_some());
    assert!(store.grants().find("second", 3).await.unwrap().is_none());
    assert_eq!(devices.poll(device, 3).await.unwrap(), Polled::Gone);
    assert_eq!(devices.find(device).await.unwrap(), None);
}

/// A client that sends it many times at once gets one grant, and that one lives.
pub async fn of_a_hundred_that_redeem_a_device_code_one_gets_the_grant(store: Store) {
    let (device, user) = begun(&store).await;
    store.device_codes().answer(user, allowed("alice"), 2).await.unwrap();
    let redeemed = at_once(|n| {
        let (store, grant) = (store.clone(), grant(&format!("grant {n}"), "s"));
        async move { store.device_codes().redeem(device, Some(grant), 3).await.unwrap() }
    })
    .await;
    assert_eq!(count(&redeemed, &true), 1);
    let mut alive = 0;
    for n in 0..MANY {
        let is_alive = store.grants().find(&format!("grant {n}"), 3).await.unwrap().is_some();
        alive += usize::from(is_alive);
    }
    assert_eq!(alive, 1);
}

/// Nor is a grant kept then.
pub async fn nothing_is_redeemed_that_waits_or_was_denied(store: Store) {
    let (device, user) = begun(&store).await;
    let devices = store.device_codes();
    assert!(!devices.redeem(device, Some(grant("g", "s")), 2).await.unwrap());
    assert_eq!(devices.poll(device, 2).await.unwrap(), Polled::Pending, "it is not used up by that");
    devices.answer(user, DeviceAnswer::Denied, 2).await.unwrap();
    assert!(!devices.redeem(device, Some(grant("g", "s")), 3).await.unwrap());
    assert!(store.grants().find("g", 3).await.unwrap().is_none());
}

/// From its time on nobody answers it and nobody redeems it; who polls is told for another ten minutes that it has expired.
pub async fn at_its_time_a_device_code_has_expired(store: Store) {
    let (device, user) = begun(&store).await;
    let devices = store.device_codes();
    assert_eq!(devices.find_by_user_code(user, 600).await.unwrap(), None);
    assert!(!devices.answer(user, allowed("alice"), 600).await.unwrap());
    assert_eq!(devices.poll(device, 600).await.unwrap(), Polled::Expired);
    assert!(devices.answer(user, allowed("alice"), 599).await.unwrap());
    assert!(!devices.redeem(device, Some(grant("g", "s")), 600).await.unwrap());
    assert!(store.grants().find("g", 600).await.unwrap().is_none());
    assert_eq!(devices.poll(device, 600 + 599).await.unwrap(), Polled::Expired);
}

/// One that was never given.
pub async fn an_unknown_device_code_is_gone(store: Store) {
    let unknown = SecretHash::of("unknown");
    assert_eq!(store.device_codes().poll(unknown, 1).await.unwrap(), Polled::Gone);
    assert!(!store.device_codes().redeem(unknown, Some(grant("g", "s")), 1).await.unwrap());
    assert!(store.grants().find("g", 1).await.unwrap().is_none());
    assert_eq!(store.device_codes().find(unknown).await.unwrap(), None);
}

/// And nothing of another person.
pub async fn with_a_person_goes_what_they_allowed_a_device(store: Store) {
    let devices = store.device_codes();
    let code = |n: usize| SecretHash::of(&format!("device {n}"));
    for (n, subject) in ["alice", "bob", "alice"].into_iter().enumerate() {
        let user = SecretHash::of(&format!("user code {n}"));
        assert!(devices.begin(code(n), user, asked(), 1).await.unwrap());
        assert!(devices.answer(user, allowed(subject), 2).await.unwrap());
    }
    devices.forget_person("alice", 3).await.unwrap();
    for (n, redeemed) in [false, true, false].into_iter().enumerate() {
        assert_eq!(devices.redeem(code(n), None, 3).await.unwrap(), redeemed, "{n}");
    }
    devices.forget_person("nobody", 3).await.unwrap();
}
