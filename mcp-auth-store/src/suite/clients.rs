//! Promises of [`Clients`](crate::Clients).

use super::race::{at_once, count};
use super::records::{client, code, grant};
use crate::{KnownRevocations, Revocable, Rotate, SecretHash, Store, grant_name};

/// Every field comes back, and nothing is found under another identifier.
pub async fn a_registered_client_is_found_as_it_was(store: Store) {
    store.clients().register(client("one"), None, 1).await.unwrap();
    let found = store.clients().find("one", 2).await.unwrap().unwrap();
    let kept = client("one");
    assert_eq!((found.id, found.name, found.redirect_uris), (kept.id, kept.name, kept.redirect_uris));
    assert_eq!(found.grant_types, kept.grant_types);
    assert_eq!(found.credential, client("id").credential);
    assert!(store.clients().find("On", 2).await.unwrap().is_none());
    assert!(
        store.clients().find("One", 2).await.unwrap().is_none(),
        "identifiers are compared byte for byte"
    );
}

/// The last registration of an identifier counts.
pub async fn registering_again_replaces(store: Store) {
    store.clients().register(client("one"), None, 1).await.unwrap();
    let mut renamed = client("one");
    renamed.name = None;
    store.clients().register(renamed, None, 2).await.unwrap();
    assert_eq!(store.clients().find("one", 2).await.unwrap().unwrap().name, None);
}

/// The first identifier stays, and each registration gives it its hour anew, or a minute more. Others are not alike, and neither is one that is new each time.
pub async fn clients_that_are_alike_are_one(store: Store) {
    let register = async |id: &str, alike: Option<&str>, now| {
        store.clients().register(client(id), alike.map(SecretHash::of), now).await.unwrap().client.id
    };
    assert_eq!(register("one", Some("alike"), 0).await, "one");
    assert_eq!(register("two", Some("alike"), 3599).await, "one");
    assert!(store.clients().find("two", 3599).await.unwrap().is_none());
    let found = async |alike, now| {
        store.clients().find_alike(SecretHash::of(alike), now).await.unwrap().map(|client| client.id)
    };
    assert_eq!(found("alike", 3599).await.as_deref(), Some("one"));
    assert_eq!(found("other", 3599).await, None);
    assert_eq!(register("three", Some("other"), 3599).await, "three");
    assert_eq!(register("four", None, 3599).await, "four");
    assert_eq!(register("five", Some("alike"), 3599 + 3599).await, "one");
    assert_eq!(register("six", Some("alike"), 3599 + 3599 + 3660).await, "six", "that one is over");
    assert_eq!(found("alike", 3599 + 3599 + 3660).await.as_deref(), Some("six"));
}

/// Hosted clients register at each connection, weeks after the first one.
pub async fn clients_that_are_alike_are_one_as_long_as_it_is_used(store: Store) {
    let register = async |id: &str, now| {
        store.clients().register(client(id), Some(SecretHash::of("alike")), now).await.unwrap().client.id
    };
    assert_eq!(register("client", 0).await, "client");
    let hash = SecretHash::of("code");
    store.codes().issue(hash, code("client", "read"), 0).await.unwrap();
    let long = crate::Grant { expires_at: 1_000_000, ..grant("g", "1") };
    store.codes().redeem(hash, "g", Some(long), 1).await.unwrap();
    for number in 0..100 {
        // Enough steps that what is over would be swept.
        store.spent().spend(SecretHash::of(&number.to_string()), 600_000, 500_000).await.unwrap();
    }
    assert_eq!(register("another", 500_000).await, "client");
}

/// A client of many people connects from many processes at the same moment.
pub async fn of_a_hundred_alike_that_register_at_once_all_are_one(store: Store) {
    let ids = at_once(|n| {
        let store = store.clone();
        async move {
            let alike = Some(SecretHash::of("alike"));
            store.clients().register(client(&format!("client {n}")), alike, 1).await.unwrap().client.id
        }
    })
    .await;
    assert_eq!(count(&ids, &ids[0]), ids.len());
    assert!(store.clients().find(&ids[0], 1).await.unwrap().is_some());
}

/// Anyone can register one.
pub async fn a_client_that_nobody_allowed_anything_is_gone_after_an_hour(store: Store) {
    store.clients().register(client("one"), None, 100).await.unwrap();
    assert!(store.clients().find("one", 100 + 3599).await.unwrap().is_some());
    assert!(store.clients().find("one", 100 + 3600).await.unwrap().is_none());
}

/// Each refresh is a use.
pub async fn a_client_stays_as_long_as_its_last_grant(store: Store) {
    store.clients().register(client("client"), None, 0).await.unwrap();
    let hash = SecretHash::of("code");
    store.codes().issue(hash, code("client", "read"), 0).await.unwrap();
    let first = crate::Grant { expires_at: 10_000, ..grant("g", "1") };
    store.codes().redeem(hash, "g", Some(first), 1).await.unwrap();
    assert!(store.clients().find("client", 9_999).await.unwrap().is_some());
    let rotate = Rotate {
        presented: SecretHash::of("1"),
        next: mcp_auth_core::SecretText::new("2"),
        expires_at: 1_000_000,
        grace: 0,
        client_key: None,
        dpop_jkt: None,
    };
    store.grants().rotate("g", rotate, 9_999).await.unwrap();
    assert!(store.clients().find("client", 999_999).await.unwrap().is_some());
    assert!(store.clients().find("client", 2_000_000).await.unwrap().is_none());
}

/// How it was used stays.
pub async fn a_changed_client_is_found_as_it_is_now(store: Store) {
    assert!(!store.clients().change(client("one"), 1).await.unwrap(), "there is none");
    assert!(store.clients().find("one", 1).await.unwrap().is_none());
    store.clients().register(client("one"), None, 1).await.unwrap();
    store.codes().issue(SecretHash::of("code"), code("one", "read"), 2).await.unwrap();
    let mut renamed = client("one");
    renamed.name = Some("Another name".into());
    assert!(store.clients().change(renamed, 3).await.unwrap());
    assert_eq!(store.clients().find("one", 3).await.unwrap().unwrap().name.as_deref(), Some("Another name"));
    assert!(store.consents().any("one").await.unwrap());
}

/// Those of others stay.
pub async fn with_a_client_its_grants_and_consents_go(store: Store) {
    for id in ["client", "other"] {
        store.clients().register(client(id), None, 1).await.unwrap();
        let hash = SecretHash::of(id);
        store.codes().issue(hash, code(id, "read"), 2).await.unwrap();
        let of_client = crate::Grant { client_id: id.into(), ..grant(&format!("grant of {id}"), "s") };
        store.codes().redeem(hash, &of_client.id.clone(), Some(of_client), 3).await.unwrap();
    }
    for _ in 0..2 {
        store.clients().remove("client", 4).await.unwrap();
        assert!(store.clients().find("client", 4).await.unwrap().is_none());
        assert!(store.grants().find("grant of client", 4).await.unwrap().is_none());
        assert!(store.consents().allowed("alice", "client").await.unwrap().is_empty());
    }
    assert!(store.clients().find("other", 4).await.unwrap().is_some());
    assert!(store.grants().find("grant of other", 4).await.unwrap().is_some());
    assert!(store.consents().any("other").await.unwrap());
    // Anyone can register and remove clients that nobody allows anything: they do not become revocations.
    store.clients().register(client("unused"), None, 3).await.unwrap();
    store.clients().remove("unused", 4).await.unwrap();
    assert!(store.clients().find("unused", 4).await.unwrap().is_none());
    let unused = Revocable {
        granted_to: None,
        known: KnownRevocations::default(),
        has_login: false,
        grant_id: None,
        jti: None,
        subject: "alice",
        client_id: Some("unused"),
        iat: 3,
    };
    assert!(!store.revocations().is_revoked(unused).await.unwrap());
    // One that does not refresh has no grant that is kept.
    for (client_id, iat, is_revoked) in
        [("client", 3, true), ("client", 34, true), ("client", 99, false), ("other", 3, false)]
    {
        let token = Revocable {
            granted_to: None,
            known: KnownRevocations::default(),
            has_login: false,
            grant_id: None,
            jti: Some("j"),
            subject: "alice",
            client_id: Some(client_id),
            iat,
        };
        assert_eq!(store.revocations().board().holds(token), is_revoked, "{client_id} {iat}");
        assert_eq!(store.revocations().is_revoked(token).await.unwrap(), is_revoked, "{client_id} {iat}");
    }
    for (client_id, is_revoked) in [("client", true), ("other", false)] {
        let grant = format!("grant of {client_id}");
        let name = grant_name(&grant);
        let token = Revocable {
            granted_to: None,
            known: KnownRevocations::default(),
            has_login: false,
            grant_id: Some(&name),
            jti: None,
            subject: "alice",
            client_id: Some(client_id),
            iat: 3,
        };
        assert_eq!(store.revocations().board().holds(token), is_revoked, "{grant}");
    }
}

/// A token of this person and client that was issued in this second, whatever grant it came of.
fn token<'a>(subject: &'a str, client_id: &'a str, iat: u64) -> Revocable<'a> {
    Revocable {
        granted_to: None,
        known: KnownRevocations::default(),
        has_login: true,
        grant_id: None,
        jti: None,
        subject,
        client_id: Some(client_id),
        iat,
    }
}

/// Every server has to know each entry.
pub async fn a_client_that_many_people_allowed_something_ends_by_one_entry(store: Store) {
    store.clients().register(client("client"), None, 1).await.unwrap();
    let names: Vec<_> = (0..150).map(|n| format!("person {n}")).collect();
    for name in &names {
        let hash = SecretHash::of(name);
        let code = crate::Code { subject: name.clone(), ..code("client", "read") };
        store.codes().issue(hash, code, 2).await.unwrap();
        let of_person = crate::Grant { subject: name.clone(), ..grant(name, "s") };
        store.codes().redeem(hash, name, Some(of_person), 2).await.unwrap();
    }
    store.clients().remove("client", 3).await.unwrap();
    for name in &names {
        assert!(store.grants().find(name, 3).await.unwrap().is_none());
        assert!(store.revocations().is_revoked(token(name, "client", 3)).await.unwrap());
        let exchanged = Revocable { granted_to: Some("client"), ..token(name, "agent", 3) };
        assert!(store.revocations().board().holds(exchanged));
        let by_grant = Revocable { grant_id: Some(&grant_name(name)), ..token(name, "agent", 3) };
        assert!(!store.revocations().is_revoked(by_grant).await.unwrap(), "there is no entry for its grant");
    }
    // One that was issued while its grants ended, by an issuer that knew that it is removed.
    let known = store.revocations().board().known(token("person 0", "client", 3));
    let last = known.client.unwrap();
    for (client, is_revoked) in [(last, false), (last - 1, true)] {
        let known = KnownRevocations { client: Some(client), ..known };
        let token = Revocable { known, ..token("person 0", "client", 3) };
        assert_eq!(store.revocations().is_revoked(token).await.unwrap(), is_revoked, "{client}");
    }
}

/// So nobody takes the places of all others. A client that somebody else uses too is not theirs to push out.
pub async fn of_the_clients_that_one_person_alone_uses_those_of_long_ago_go(store: Store) {
    const MOST: u64 = 200;
    let allow = async |subject: &str, id: &str, now: u64| {
        let hash = SecretHash::of(&format!("{subject} {id} {now}"));
        let code = crate::Code { subject: subject.into(), expires_at: now + 60, ..code(id, "read") };
        store.codes().issue(hash, code, now).await.unwrap()
    };
    let id = |n: u64| format!("app {n}");
    for (n, shared) in (0..).zip(["shared first", "shared later"]) {
        store.clients().register(client(shared), None, n).await.unwrap();
        assert!(allow("eve", shared, n).await.is_empty());
        assert!(allow("bob", shared, n).await.is_empty());
    }
    for n in 0..MOST {
        store.clients().register(client(&id(n)), None, 10).await.unwrap();
        assert!(allow("eve", &id(n), 10 + n).await.is_empty(), "{n}");
    }
    // Used again, and so not the oldest.
    assert!(allow("eve", &id(0), 1000).await.is_empty());
    for n in [MOST, MOST + 1] {
        store.clients().register(client(&id(n)), None, 1000).await.unwrap();
        let gone = id(n - MOST + 1);
        assert_eq!(allow("eve", &id(n), 1000).await, std::slice::from_ref(&gone));
        assert!(store.clients().find(&gone, 1000).await.unwrap().is_none());
        assert!(store.consents().allowed("eve", &gone).await.unwrap().is_empty());
        assert!(store.revocations().is_revoked(token("eve", &gone, 1000)).await.unwrap());
        assert!(allow("eve", &id(n), 1001).await.is_empty(), "it is there already");
    }
    for kept in ["shared first", "shared later", &id(0), &id(3), &id(MOST), &id(MOST + 1)] {
        assert!(store.clients().find(kept, 1000).await.unwrap().is_some(), "{kept}");
        assert!(!store.revocations().is_revoked(token("eve", kept, 1000)).await.unwrap(), "{kept}");
    }
    // Another person has places of their own.
    store.clients().register(client("of bob"), None, 1000).await.unwrap();
    assert!(allow("bob", "of bob", 1000).await.is_empty());
}
