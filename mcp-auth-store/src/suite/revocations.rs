//! Promises of [`Revocations`](crate::Revocations).

use std::collections::BTreeSet;

use super::race::{MANY, at_once};
use super::records::{client, code, grant};
use crate::{
    KnownRevocations, Redemption, Revocable, Revoked, Rotate, Rotation, SecretHash, Store, grant_name,
};

/// Whether the tokens of a grant are revoked.
fn holds(store: &Store, grant: &str) -> bool {
    let name = grant_name(grant);
    let token = Revocable {
        granted_to: None,
        known: KnownRevocations::default(),
        has_login: false,
        grant_id: Some(&name),
        jti: None,
        subject: "alice",
        client_id: Some("client"),
        iat: 100,
    };
    assert!(
        !store.revocations().board().holds(Revocable { grant_id: Some(grant), ..token }),
        "by its name alone"
    );
    store.revocations().board().holds(token)
}

async fn granted(store: &Store, id: &str) -> SecretHash {
    let hash = SecretHash::of(id);
    store.codes().issue(hash, code("client", "read"), 0).await.unwrap();
    let kept = grant(id, "current");
    assert_eq!(store.codes().redeem(hash, id, Some(kept), 1).await.unwrap(), Redemption::First);
    hash
}

/// By whichever step it dies, and its alone.
pub async fn with_a_grant_its_access_tokens_die(store: Store) {
    let code = granted(&store, "replayed").await;
    store.codes().redeem(code, "x", None, 2).await.unwrap();
    assert!(holds(&store, "replayed") && !holds(&store, "x"));
    granted(&store, "reused").await;
    let rotate = Rotate {
        presented: SecretHash::of("an old one"),
        next: mcp_auth_core::SecretText::new("next"),
        expires_at: 1000,
        grace: 30,
        client_key: None,
        dpop_jkt: None,
    };
    assert_eq!(store.grants().rotate("reused", rotate, 2).await.unwrap(), Rotation::Reused);
    assert!(holds(&store, "reused"));
    granted(&store, "revoked").await;
    assert!(!holds(&store, "revoked"));
    store.grants().revoke("ann", "revoked", 2).await.unwrap();
    assert!(holds(&store, "revoked"));
    // A client that does not refresh has no grant that is kept.
    let hash = SecretHash::of("of one that does not refresh");
    store.codes().issue(hash, super::records::code("client", "read"), 0).await.unwrap();
    store.codes().redeem(hash, "not kept", None, 1).await.unwrap();
    assert!(!holds(&store, "not kept"));
    store.codes().redeem(hash, "another", None, 2).await.unwrap();
    assert!(holds(&store, "not kept"));
}

/// It is known at once where it was done, and read by others until its time.
pub async fn what_was_revoked_is_known_until_such_tokens_have_expired(store: Store) {
    let revocations = store.revocations();
    assert_eq!(revocations.board().read_at(), None);
    for of in [Revoked::Token("j".into()), Revoked::Person("alice".into())] {
        revocations.revoke(of.clone(), 200).await.unwrap();
        revocations.revoke(of, 200).await.unwrap();
    }
    let of = |jti, iat| Revocable {
        granted_to: None,
        known: KnownRevocations::default(),
        has_login: false,
        grant_id: None,
        jti,
        subject: "alice",
        client_id: None,
        iat,
    };
    for _ in 0..2 {
        let known = revocations.board().known(of(None, 0));
        let later = Revocable { known, ..of(None, 201) };
        for (token, is_revoked) in [
            (of(Some("j"), 300), true),
            (of(None, 200), true),
            // The second one of the same second is a second later.
            (of(None, 231), true),
            (of(None, 232), false),
            (later, false),
        ] {
            assert_eq!(revocations.board().holds(token), is_revoked);
            assert_eq!(revocations.is_revoked(token).await.unwrap(), is_revoked);
        }
        assert_eq!(known, KnownRevocations { person: Some(201), ..KnownRevocations::default() });
        revocations.refresh(300).await.unwrap();
        assert_eq!(revocations.board().read_at(), Some(300));
    }
    revocations.refresh(200 + 70 * 60 - 1).await.unwrap();
    assert!(revocations.board().holds(of(Some("j"), 300)));
    revocations.refresh(200 + 70 * 60).await.unwrap();
    assert!(!revocations.board().holds(of(Some("j"), 300)));
}

/// A token of alice that bob's agent got in exchange for one of the client, of an issuer that knows this.
fn exchanged(iat: u64, known: KnownRevocations) -> Revocable<'static> {
    Revocable {
        granted_to: Some("client"),
        known,
        has_login: true,
        grant_id: None,
        jti: None,
        subject: "alice",
        client_id: Some("agent"),
        iat,
    }
}

/// Whether it is revoked, as this process knows it and as the store says.
async fn is_refused(store: &Store, token: Revocable<'_>) -> bool {
    let in_the_store = store.revocations().is_revoked(token).await.unwrap();
    assert_eq!(store.revocations().board().holds(token), in_the_store, "{token:?}");
    in_the_store
}

/// All names by which it is revoked by time.
fn names() -> [Revoked; 6] {
    let both =
        |client_id: &str| Revoked::ClientOfPerson { client_id: client_id.into(), subject: "alice".into() };
    [
        Revoked::Person("alice".into()),
        Revoked::People,
        Revoked::Client("agent".into()),
        both("agent"),
        Revoked::Client("client".into()),
        both("client"),
    ]
}

/// The process of the first one has a clock that is 20 seconds ahead, and issued a token in between.
pub async fn a_revocation_after_one_of_a_clock_that_is_ahead_is_not_swallowed_by_it(store: Store) {
    let known = |store: &Store| store.revocations().board().known(exchanged(0, KnownRevocations::default()));
    for (n, of) in (0..).zip(names()) {
        let now = 1000 * (n + 1);
        store.revocations().revoke(of.clone(), now + 20).await.unwrap();
        let between = exchanged(now + 25, known(&store));
        assert!(!is_refused(&store, between).await, "{of:?}: a login just after it");
        assert!(
            !is_refused(&store, Revocable { iat: now + 1, ..between }).await,
            "{of:?}: by the right clock"
        );
        for _ in 0..3 {
            store.revocations().revoke(of.clone(), now + 10).await.unwrap();
            assert!(is_refused(&store, between).await, "{of:?}");
            store.revocations().refresh(now + 10).await.unwrap();
            assert!(is_refused(&store, between).await, "{of:?}");
            assert!(
                !is_refused(&store, exchanged(now + 10, known(&store))).await,
                "{of:?}: a login just after it"
            );
        }
    }
}

/// Each of these steps revokes by time, and the process that did it before had a clock that was ahead.
pub async fn each_step_that_revokes_by_time_comes_after_all_before_it(store: Store) {
    store.clients().register(client("client"), None, 1000).await.unwrap();
    let rights = |right: &[&str]| {
        let rights: BTreeSet<String> = right.iter().map(|right| (*right).to_owned()).collect();
        [Revoked::Person("alice".into()), Revoked::Client("agent".into()), Revoked::People]
            .map(|of| (of, rights.clone()))
            .into_iter()
            .collect()
    };
    store.configured_access().configure(rights(&["a"]), 1000).await.unwrap();
    for step in 0..4 {
        let (now, code_of) = (1000 + step, format!("code {step}"));
        let code = crate::Code { expires_at: 2000, ..code("client", "read") };
        store.codes().issue(SecretHash::of(&code_of), code, now).await.unwrap();
        for of in names() {
            store.revocations().revoke(of, now + 20).await.unwrap();
        }
        let known = store.revocations().board().known(exchanged(0, KnownRevocations::default()));
        let before = exchanged(now + 25, known);
        assert!(!is_refused(&store, before).await);
        match step {
            0 => store.end_person("alice", now).await.unwrap(),
            1 => store.consents().end_client_of_person("alice", "client", now).await.unwrap(),
            2 => drop(store.configured_access().configure(rights(&[]), now).await.unwrap()),
            _ => store.clients().remove("client", now).await.unwrap(),
        }
        assert!(is_refused(&store, before).await, "{step}");
        let known = store.revocations().board().known(before);
        assert!(!is_refused(&store, exchanged(now, known)).await, "{step}: a login just after it");
    }
}

/// By several processes at the same moment.
pub async fn of_a_hundred_revocations_of_the_same_at_once_each_is_later_than_the_one_before(store: Store) {
    at_once(|_| {
        let store = store.clone();
        async move { store.revocations().revoke(Revoked::People, 200).await.unwrap() }
    })
    .await;
    let known = store.revocations().board().known(exchanged(0, KnownRevocations::default()));
    assert_eq!(known.people, Some(200 + u64::try_from(MANY).unwrap() - 1));
    store.revocations().refresh(200).await.unwrap();
    assert_eq!(store.revocations().board().known(exchanged(0, KnownRevocations::default())), known);
}

/// A login chooses the name of its person, and a client is told from a person by more than that.
pub async fn a_person_with_the_name_of_their_client_is_one_of_all_people(store: Store) {
    store.revocations().revoke(Revoked::People, 200).await.unwrap();
    for name in ["client_0123456789abcdefghijkl", "https://app.example/client.json", "alice"] {
        for (client_id, has_login, is_refused_then) in
            [(name, true, true), ("app", true, true), ("app", false, true), (name, false, false)]
        {
            let token = exchanged(100, KnownRevocations::default());
            let (subject, client_id) = (name, Some(client_id));
            let token = Revocable { subject, client_id, granted_to: None, has_login, ..token };
            assert_eq!(is_refused(&store, token).await, is_refused_then, "{token:?}");
        }
    }
}
