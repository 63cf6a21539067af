//! Promises of [`Consents`](crate::Consents).

use mcp_auth_core::ScopeSet;

use super::race::{MANY, at_once};
use super::records::{client, code, grant};
use crate::{
    AllowedClient, Authentication, Code, DeviceAnswer, DeviceAuthorization, Grant, KnownRevocations, Polled,
    Redemption, RememberedClient, RememberedConsent, Revocable, SecretHash, Store, grant_name,
};

/// This is said of a client that is shown so.
fn said(shown: SecretHash, scopes: &str) -> RememberedConsent {
    RememberedConsent { shown, scopes: ScopeSet::parse_lossy(scopes), mark: "mark".into() }
}

/// Scopes are recorded for one person and one client only.
pub async fn what_a_person_allowed_adds_up_per_client(store: Store) {
    store.clients().register(client("a"), None, 1).await.unwrap();
    store.clients().register(client("b"), None, 2).await.unwrap();
    assert!(store.consents().allowed("alice", "a").await.unwrap().is_empty());
    store.codes().issue(SecretHash::of("1"), code("a", "read"), 0).await.unwrap();
    store.codes().issue(SecretHash::of("2"), code("a", "write"), 0).await.unwrap();
    assert_eq!(store.consents().allowed("alice", "a").await.unwrap().to_string(), "read write");
    assert!(store.consents().allowed("bob", "a").await.unwrap().is_empty());
    assert!(store.consents().allowed("alice", "b").await.unwrap().is_empty());
    assert!(store.consents().allowed("alice", "unknown").await.unwrap().is_empty());
}

/// One consent is enough, of any person, and it is this client's alone.
pub async fn a_client_is_allowed_once_any_person_allowed_it_anything(store: Store) {
    store.clients().register(client("a"), None, 1).await.unwrap();
    store.clients().register(client("b"), None, 2).await.unwrap();
    for unknown in ["a", "b", "unknown"] {
        assert!(!store.consents().any(unknown).await.unwrap(), "{unknown}");
    }
    store.codes().issue(SecretHash::of("1"), code("a", "read"), 0).await.unwrap();
    assert!(store.consents().any("a").await.unwrap());
    assert!(!store.consents().any("b").await.unwrap());
}

/// That counts at one redirect URI, byte for byte, of one client, until those people have ended it; of each person at the last eight.
pub async fn a_client_is_allowed_at_a_redirect_uri_while_a_person_allows_it_something_there(store: Store) {
    let at = async |client_id: &str, uri: &str| store.consents().any_at(client_id, uri).await.unwrap();
    let issue = async |subject: &str, client_id: &str, uri: &str| {
        let code = Code { subject: subject.into(), redirect_uri: uri.into(), ..code(client_id, "read") };
        let hash = SecretHash::of(&format!("{subject} {client_id} {uri}"));
        store.codes().issue(hash, code, 1).await.unwrap();
    };
    const HERE: &str = "https://app.example/cb";
    assert!(!at("a", HERE).await);
    issue("alice", "a", HERE).await;
    assert!(at("a", HERE).await);
    for elsewhere in ["https://app.example/cb/", "https://app.example", "https://evil.example/cb", ""] {
        assert!(!at("a", elsewhere).await, "{elsewhere}");
    }
    assert!(!at("b", HERE).await);
    let loopback = "http://127.0.0.1:33418/callback";
    issue("alice", "a", loopback).await;
    assert!(!at("a", loopback).await, "any program can be there");

    // It goes with what else is kept of the consent.
    let shown = SecretHash::of("shown");
    store.consents().remember("alice", "a", said(shown, "read"), 1).await.unwrap();
    store.consents().forget("alice", "a", 1).await.unwrap();
    assert!(at("a", HERE).await);
    issue("bob", "a", HERE).await;
    store.consents().end_client_of_person("alice", "a", 2).await.unwrap();
    assert!(at("a", HERE).await, "another person allows it");
    store.consents().end_client_of_person("bob", "a", 2).await.unwrap();
    assert!(!at("a", HERE).await && store.consents().any("a").await.unwrap());
    issue("bob", "a", "https://app.example/other").await;
    assert!(!at("a", HERE).await, "what he allows now is elsewhere");

    issue("carol", "a", HERE).await;
    for n in 0..7 {
        issue("carol", "a", &format!("https://app.example/{n}")).await;
    }
    assert!(at("a", HERE).await);
    issue("carol", "a", "https://app.example/7").await;
    assert!(!at("a", HERE).await && at("a", "https://app.example/0").await, "the last eight");
    store.consents().forget_person("carol", 3).await.unwrap();
    assert!(!at("a", "https://app.example/7").await);
    store.clients().remove("a", 3).await.unwrap();
    assert!(!at("a", "https://app.example/other").await);
}

/// For one person, one client, and what the page said of it; up to those scopes, and for 400 days, however often it is used.
pub async fn what_a_person_need_not_be_asked_again_is_remembered_for_400_days(store: Store) {
    let (shown, other) = (SecretHash::of("shown"), SecretHash::of("shown otherwise"));
    let remembered = async |subject: &str, client_id: &str, shown, now| {
        let scopes = store.consents().remembered(subject, client_id, shown, now).await.unwrap();
        scopes.map(|known| known.scopes.to_string())
    };
    store.consents().remember("alice", "a", said(shown, "read"), 5).await.unwrap();
    assert_eq!(remembered("alice", "a", shown, 5).await, None, "she has allowed it nothing");

    store.codes().issue(SecretHash::of("1"), code("a", "read write"), 10).await.unwrap();
    assert_eq!(remembered("alice", "a", shown, 10).await, None, "she did not say so");
    store.consents().remember("alice", "a", said(shown, "read"), 10).await.unwrap();
    store.codes().issue(SecretHash::of("2"), code("a", "read"), 20).await.unwrap();
    assert_eq!(remembered("alice", "a", shown, 20).await.as_deref(), Some("read"));
    assert_eq!(remembered("alice", "a", other, 20).await, None);
    assert_eq!(remembered("alice", "b", shown, 20).await, None);
    assert_eq!(remembered("bob", "a", shown, 20).await, None);

    let end = 10 + 400 * 24 * 60 * 60;
    assert_eq!(remembered("alice", "a", shown, end - 1).await.as_deref(), Some("read"));
    assert_eq!(remembered("alice", "a", shown, end).await, None);
    assert_eq!(store.consents().allowed("alice", "a").await.unwrap().to_string(), "read write");
}

/// Of the same what was said last counts; taken back, or with the client, all of it goes.
pub async fn what_is_remembered_can_be_replaced_and_taken_back(store: Store) {
    let (shown, other) = (SecretHash::of("shown"), SecretHash::of("shown otherwise"));
    let remember = async |shown, scopes| {
        store.consents().remember("alice", "a", said(shown, scopes), 1).await.unwrap();
    };
    let remembered = async |shown| {
        let scopes = store.consents().remembered("alice", "a", shown, 2).await.unwrap();
        scopes.map(|known| known.scopes.to_string())
    };
    store.clients().register(client("a"), None, 0).await.unwrap();
    store.codes().issue(SecretHash::of("1"), code("a", "read write"), 1).await.unwrap();
    remember(shown, "read write").await;
    remember(other, "write").await;
    remember(shown, "read").await;
    assert_eq!(remembered(shown).await.as_deref(), Some("read"));
    assert_eq!(remembered(other).await.as_deref(), Some("write"));

    store.consents().forget("bob", "a", 2).await.unwrap();
    assert_eq!(remembered(shown).await.as_deref(), Some("read"), "he has nothing to forget");
    store.consents().forget("alice", "a", 2).await.unwrap();
    assert_eq!((remembered(shown).await, remembered(other).await), (None, None));
    assert_eq!(store.consents().allowed("alice", "a").await.unwrap().to_string(), "read write");

    remember(shown, "read").await;
    store.clients().remove("a", 2).await.unwrap();
    assert_eq!(remembered(shown).await, None);
}

/// What is said again keeps its mark; what was taken back in between, ended, or never said, has another one.
pub async fn what_is_remembered_has_another_mark_once_it_was_taken_back(store: Store) {
    let (shown, other) = (SecretHash::of("shown"), SecretHash::of("shown otherwise"));
    let remember = async |shown, mark: &str, now| {
        let said = RememberedConsent { mark: mark.into(), ..said(shown, "read") };
        let kept = store.consents().remember("alice", "a", said, now).await.unwrap();
        let found = store.consents().remembered("alice", "a", shown, now).await.unwrap();
        assert_eq!(kept, found.map(|known| known.mark), "{mark}");
        kept
    };
    assert_eq!(remember(shown, "0", 1).await, None, "she has allowed it nothing");
    store.codes().issue(SecretHash::of("1"), code("a", "read"), 1).await.unwrap();
    assert_eq!(remember(shown, "1", 1).await.as_deref(), Some("1"));
    assert_eq!(remember(shown, "2", 2).await.as_deref(), Some("1"), "she said so at another browser too");
    assert_eq!(remember(other, "3", 2).await.as_deref(), Some("3"));
    store.consents().forget("alice", "a", 3).await.unwrap();
    assert_eq!(remember(shown, "4", 3).await.as_deref(), Some("4"));
    store.consents().end_client_of_person("alice", "a", 4).await.unwrap();
    store.codes().issue(SecretHash::of("2"), code("a", "read"), 5).await.unwrap();
    assert_eq!(remember(shown, "5", 5).await.as_deref(), Some("5"));
    let late = 5 + 400 * 24 * 60 * 60;
    store.codes().issue(SecretHash::of("3"), code("a", "read"), late).await.unwrap();
    assert_eq!(remember(shown, "6", late).await.as_deref(), Some("6"), "it had ended");
}

/// A client that is shown in ever new ways does not fill the store.
pub async fn of_one_client_the_last_eight_are_remembered(store: Store) {
    store.codes().issue(SecretHash::of("1"), code("a", "read"), 1).await.unwrap();
    let shown = |n: usize| SecretHash::of(&format!("shown {n}"));
    for n in 0..9 {
        store.consents().remember("alice", "a", said(shown(n), "read"), 1).await.unwrap();
    }
    for n in 0..9 {
        let remembered = store.consents().remembered("alice", "a", shown(n), 1).await.unwrap();
        assert_eq!(remembered.is_some(), n > 0, "{n}");
    }
}

/// One entry a client, whatever else the person allowed it, and none of what others allowed.
pub async fn the_clients_of_which_a_person_need_not_be_asked_are_listed_until_that_ends(store: Store) {
    let (shown, other) = (SecretHash::of("shown"), SecretHash::of("shown otherwise"));
    let remember = async |subject: &str, client_id: &str, shown, scopes: &str, now| {
        let issued = crate::Code { subject: subject.into(), ..code(client_id, "read write") };
        store
            .codes()
            .issue(SecretHash::of(&format!("{subject} {client_id} {now}")), issued, now)
            .await
            .unwrap();
        store.consents().remember(subject, client_id, said(shown, scopes), now).await.unwrap();
    };
    let listed = async |most, now| store.consents().remembered_of_person("alice", most, now).await.unwrap();
    let known = |client_id: &str, scopes: &str, at| RememberedClient {
        client_id: client_id.into(),
        scopes: ScopeSet::parse_lossy(scopes),
        at,
    };
    store.codes().issue(SecretHash::of("not remembered"), code("c", "read"), 1).await.unwrap();
    assert_eq!(listed(10, 1).await, []);
    remember("alice", "b", shown, "read", 10).await;
    remember("alice", "a", shown, "read", 20).await;
    remember("bob", "a", shown, "read", 20).await;
    remember("alice", "a", other, "write", 30).await;
    assert_eq!(listed(10, 30).await, [known("b", "read", 10), known("a", "read write", 30)]);
    assert_eq!(listed(1, 30).await, [known("b", "read", 10)]);
    let end = 400 * 24 * 60 * 60;
    assert_eq!(listed(1, 10 + end).await, [known("a", "read write", 30)], "what has ended takes no place");
    assert_eq!(listed(10, 20 + end).await, [known("a", "write", 30)]);
    assert_eq!(listed(10, 30 + end).await, []);
    store.consents().forget("alice", "a", 40).await.unwrap();
    assert_eq!(listed(10, 40).await, [known("b", "read", 10)]);
}

/// The latest first, and none of what others allowed.
pub async fn what_a_person_allowed_lately_is_listed_until_they_end_it(store: Store) {
    let allow = async |subject: &str, client_id: &str, scopes: &str, now| {
        let issued = crate::Code { subject: subject.into(), ..code(client_id, scopes) };
        let hash = SecretHash::of(&format!("{subject} {client_id} {now}"));
        store.codes().issue(hash, issued, now).await.unwrap();
    };
    let listed = async |since, most| store.consents().allowed_since("alice", since, most, 100).await.unwrap();
    let known = |client_id: &str, scopes: &str, at| AllowedClient {
        client_id: client_id.into(),
        scopes: ScopeSet::parse_lossy(scopes),
        at,
    };
    assert_eq!(listed(0, 10).await, []);
    allow("alice", "a", "read", 10).await;
    allow("alice", "b", "read", 20).await;
    allow("bob", "c", "read", 20).await;
    let shown = SecretHash::of("shown");
    store.consents().remember("alice", "b", said(shown, "read"), 60).await.unwrap();
    assert_eq!(listed(10, 10).await, [known("b", "read", 20), known("a", "read", 10)]);
    assert_eq!(listed(20, 10).await, [known("b", "read", 20)], "to remember allows nothing anew");
    assert_eq!(listed(21, 10).await, []);
    allow("alice", "a", "write", 30).await;
    assert_eq!(listed(10, 1).await, [known("a", "read write", 30)]);
    store.consents().end_client_of_person("alice", "a", 40).await.unwrap();
    assert_eq!(listed(0, 10).await, [known("b", "read", 20)]);
    allow("alice", "a", "write", 50).await;
    assert_eq!(listed(50, 10).await, [known("a", "write", 50)], "what is allowed later begins anew");
    let late = 50 + 400 * 24 * 60 * 60;
    assert_eq!(store.consents().allowed_since("alice", 0, 10, late).await.unwrap(), [], "it has ended");
}

fn token<'a>(subject: &'a str, client_id: &'a str, iat: u64) -> Revocable<'a> {
    Revocable {
        granted_to: None,
        known: KnownRevocations::default(),
        has_login: false,
        grant_id: None,
        jti: None,
        subject,
        client_id: Some(client_id),
        iat,
    }
}

/// Grants, codes and device codes that wait, and what is remembered.
pub async fn what_a_person_let_one_client_do_ends_in_one_step_and_nothing_else_does(store: Store) {
    let shown = SecretHash::of("shown");
    let all = [("alice", "a"), ("alice", "b"), ("bob", "a")];
    let name = |what: &str, (subject, client_id): (&str, &str)| format!("{what} {subject} {client_id}");
    let devices = store.device_codes();
    for of in all {
        let (subject, client_id) = of;
        let issued = || crate::Code { subject: subject.into(), ..code(client_id, "read write") };
        let (used, waits) = (SecretHash::of(&name("used", of)), SecretHash::of(&name("waits", of)));
        store.codes().issue(used, issued(), 1).await.unwrap();
        store.codes().issue(waits, issued(), 1).await.unwrap();
        let kept = Grant { subject: subject.into(), client_id: client_id.into(), ..grant("g", "s") };
        let kept = Grant { id: name("g", of), ..kept };
        store.codes().redeem(used, &name("g", of), Some(kept), 1).await.unwrap();
        let asked = DeviceAuthorization {
            client_id: client_id.into(),
            resource: "http://localhost:8080/mcp".into(),
            scopes: ScopeSet::parse_lossy("read"),
            from: None,
            asked_at: 1,
            interval: 5,
            expires_at: 600,
            answer: None,
        };
        let (device, user) = (SecretHash::of(&name("device", of)), SecretHash::of(&name("user", of)));
        assert!(devices.begin(device, user, asked, 1).await.unwrap());
        let answer = DeviceAnswer::Allowed {
            subject: subject.into(),
            authentication: Authentication::at(1),
            scopes: ScopeSet::parse_lossy("read"),
            refresh: true,
        };
        assert!(devices.answer(user, answer, 1).await.unwrap());
        store.consents().remember(subject, client_id, said(shown, "read"), 1).await.unwrap();
    }

    store.consents().end_client_of_person("alice", "a", 10).await.unwrap();
    for of in all {
        let ((subject, client_id), goes_on) = (of, of != ("alice", "a"));
        let grant = name("g", of);
        assert_eq!(store.grants().find(&grant, 10).await.unwrap().is_some(), goes_on, "{of:?}");
        assert_eq!(store.codes().find(SecretHash::of(&name("waits", of))).await.unwrap().is_some(), goes_on);
        let polled = devices.poll(SecretHash::of(&name("device", of)), 10).await.unwrap();
        assert_eq!(polled, if goes_on { Polled::Allowed } else { Polled::Gone }, "{of:?}");
        let remembered = store.consents().remembered(subject, client_id, shown, 10).await.unwrap();
        assert_eq!(remembered.is_some(), goes_on, "{of:?}");
        assert_eq!(store.consents().allowed(subject, client_id).await.unwrap().is_empty(), !goes_on);
        for token in [
            token(subject, client_id, 10),
            // What was exchanged for a token of the grant is of another client.
            Revocable { grant_id: Some(&grant_name(&grant)), ..token(subject, "agent", 10) },
        ] {
            assert_eq!(store.revocations().is_revoked(token).await.unwrap(), !goes_on, "{of:?}");
            assert_eq!(store.revocations().board().holds(token), !goes_on, "{of:?}");
        }
        let anew = token(subject, client_id, 11);
        let anew = Revocable { known: store.revocations().board().known(anew), ..anew };
        assert!(!store.revocations().is_revoked(anew).await.unwrap(), "a new one");
    }
    assert!(store.consents().any("a").await.unwrap(), "that somebody once let it in stays known");
    let used = SecretHash::of(&name("used", all[0]));
    let replayed = store.codes().redeem(used, "again", Some(grant("again", "s")), 11).await.unwrap();
    assert_eq!(replayed, Redemption::Replayed, "a used code is remembered still");

    let listed = store.consents().remembered_of_person("alice", 10, 10).await.unwrap();
    assert_eq!(listed.len(), 1, "the other client is listed alone");
    store.consents().end_client_of_person("alice", "unknown", 10).await.unwrap();
    let nothing = token("alice", "unknown", 10);
    assert!(!store.revocations().is_revoked(nothing).await.unwrap(), "nothing is kept about nothing");
}

/// Of a client that does not refresh no grant is kept.
pub async fn with_a_client_of_a_person_end_tokens_of_grants_that_only_its_codes_know(store: Store) {
    let hash = SecretHash::of("code");
    store.codes().issue(hash, code("a", "read"), 1).await.unwrap();
    store.codes().redeem(hash, "g", None, 1).await.unwrap();
    store.consents().end_client_of_person("alice", "a", 2).await.unwrap();
    let name = grant_name("g");
    let exchanged = Revocable { grant_id: Some(&name), ..token("alice", "agent", 1) };
    // When the code is forgotten, the token itself says to whom the person allowed it.
    let handed_on = Revocable { granted_to: Some("a"), ..token("alice", "agent", 1) };
    for token in [token("alice", "a", 2), exchanged, handed_on] {
        assert!(store.revocations().is_revoked(token).await.unwrap());
    }
    assert!(!store.revocations().is_revoked(token("alice", "agent", 1)).await.unwrap());
}

/// The page that allowed it may be slower than the end.
pub async fn what_is_remembered_after_an_end_counts_only_if_more_was_allowed(store: Store) {
    let shown = SecretHash::of("shown");
    let remember = async |now| {
        store.consents().remember("alice", "a", said(shown, "read"), now).await.unwrap();
        store.consents().remembered("alice", "a", shown, now).await.unwrap().is_some()
    };
    store.codes().issue(SecretHash::of("1"), code("a", "read"), 1).await.unwrap();
    store.consents().end_client_of_person("alice", "a", 2).await.unwrap();
    assert!(!remember(3).await);
    store.codes().issue(SecretHash::of("2"), code("a", "read"), 4).await.unwrap();
    assert!(remember(4).await);
    assert_eq!(store.consents().allowed("alice", "a").await.unwrap().to_string(), "read");
}

/// Whichever is first: a code that is redeemed before the end has a grant that ends, and one after it is gone.
pub async fn of_a_hundred_codes_that_are_redeemed_during_an_end_no_grant_is_left(store: Store) {
    for n in 0..MANY {
        store.codes().issue(SecretHash::of(&format!("code {n}")), code("client", "read"), 1).await.unwrap();
    }
    at_once(|n| {
        let store = store.clone();
        async move {
            let id = format!("grant {n}");
            if n % 25 == 0 {
                store.consents().end_client_of_person("alice", "client", 2).await.unwrap();
            }
            let hash = SecretHash::of(&format!("code {n}"));
            store.codes().redeem(hash, &id, Some(grant(&id, "s")), 2).await.unwrap()
        }
    })
    .await;
    assert!(store.grants().of_person("alice", 200, 2).await.unwrap().is_empty());
}
