//! Promises of [`ConfiguredAccess`](crate::ConfiguredAccess).

use std::collections::BTreeSet;

use super::race::at_once;
use crate::{ConfiguredRights, KnownRevocations, Revocable, Revoked, Store};

/// How long what was revoked is remembered, in seconds.
const MEMORY: u64 = 70 * 60;

fn rights(of: &[(Revoked, &[&str])]) -> ConfiguredRights {
    of.iter()
        .map(|(of, rights)| (of.clone(), rights.iter().map(|right| (*right).to_owned()).collect()))
        .collect()
}

fn person(name: &str) -> Revoked {
    Revoked::Person(name.into())
}

fn client(id: &str) -> Revoked {
    Revoked::Client(id.into())
}

/// Starts with this configuration: what was lost, as text, in order.
async fn start(store: &Store, given: &[(Revoked, &[&str])], now: u64) -> Vec<String> {
    let withdrawn = store.configured_access().configure(rights(given), now).await.unwrap();
    let text = |lost: &BTreeSet<String>| lost.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let mut all: Vec<_> = withdrawn.iter().map(|one| format!("{:?}: {}", one.of, text(&one.lost))).collect();
    all.sort();
    all
}

/// Whether the token of this person and client is refused, of an issuer whose clock is as far ahead as it may be (30 seconds): by this process, and
/// by what the store says.
async fn is_refused(store: &Store, (subject, client): (&str, &str), iat: u64) -> bool {
    let token = Revocable {
        grant_id: Some("g"),
        jti: Some("j"),
        subject,
        client_id: Some(client),
        granted_to: None,
        iat: iat + 30,
        known: KnownRevocations::default(),
        has_login: false,
    };
    let in_the_store = store.revocations().is_revoked(token).await.unwrap();
    assert_eq!(store.revocations().board().holds(token), in_the_store, "{subject} {client} {iat}");
    in_the_store
}

/// The first configuration revokes nothing; who is removed has lost all.
pub async fn what_is_given_no_more_is_revoked_and_what_is_given_anew_is_not(store: Store) {
    let (ann, bob, app, job) = (person("ann"), person("bob"), client("app"), client("job"));
    let first: [(Revoked, &[&str]); 4] = [
        (ann.clone(), &["admin", "reader"]),
        (bob.clone(), &["reader"]),
        (app.clone(), &["x"]),
        (job, &["y"]),
    ];
    assert!(start(&store, &first, 100).await.is_empty());
    assert!(start(&store, &first, 200).await.is_empty(), "the same again");
    let more: [(Revoked, &[&str]); 5] = [
        (ann.clone(), &["admin", "reader"]),
        (bob.clone(), &["admin", "reader"]),
        (app.clone(), &["x"]),
        (client("job"), &["y"]),
        (client("new"), &["z"]),
    ];
    assert!(start(&store, &more, 300).await.is_empty(), "more");
    for token in [("ann", "app"), ("bob", "app"), ("job", "job"), ("new", "new")] {
        assert!(!is_refused(&store, token, 50).await, "{token:?}");
    }
    let less: [(Revoked, &[&str]); 3] =
        [(ann, &["reader", "writer"]), (bob, &["admin", "reader"]), (client("new"), &["z"])];
    assert_eq!(
        start(&store, &less, 1000).await,
        ["Client(\"app\"): x", "Client(\"job\"): y", "Person(\"ann\"): admin"]
    );
    for token in [("ann", "other"), ("bob", "app"), ("job", "job")] {
        assert!(is_refused(&store, token, 1000).await && !is_refused(&store, token, 1001).await, "{token:?}");
    }
    for token in [("bob", "other"), ("new", "new")] {
        assert!(!is_refused(&store, token, 50).await, "{token:?}");
    }
}

/// During a rolling restart processes with the configuration of before start and issue tokens too.
pub async fn two_configurations_in_turn_revoke_at_each_change_and_not_for_ever(store: Store) {
    let old: [(Revoked, &[&str]); 2] = [(client("app"), &["x", "y"]), (person("ann"), &["login"])];
    let new: [(Revoked, &[&str]); 1] = [(client("app"), &["x"])];
    let lost = ["Client(\"app\"): y", "Person(\"ann\"): login"];
    assert!(start(&store, &old, 100).await.is_empty());
    assert_eq!(start(&store, &new, 200).await, lost);
    assert_eq!(start(&store, &new, 300).await, lost, "another process may have gone on until now");
    assert!(is_refused(&store, ("ann", "app"), 300).await && !is_refused(&store, ("ann", "app"), 301).await);
    assert!(start(&store, &old, 400).await.is_empty(), "given again");
    assert!(!is_refused(&store, ("ann", "app"), 401).await);
    assert_eq!(start(&store, &new, 500).await, lost);
    assert!(is_refused(&store, ("ann", "app"), 500).await);
    assert_eq!(start(&store, &new, 500 + MEMORY - 1).await, lost);
    assert!(start(&store, &new, 500 + MEMORY).await.is_empty(), "the tokens of before have expired");
    assert!(start(&store, &new, 600 + MEMORY).await.is_empty());
}

/// Half of them lose something; none of them leaves half of it.
pub async fn of_a_hundred_starts_at_once_all_leave_what_the_configuration_gives(store: Store) {
    let old: [(Revoked, &[&str]); 2] = [(client("app"), &["x", "y"]), (client("job"), &["z"])];
    let new: [(Revoked, &[&str]); 1] = [(client("app"), &["x"])];
    assert!(start(&store, &old, 100).await.is_empty());
    at_once(|_| {
        let (store, new) = (store.clone(), new.clone());
        async move { start(&store, &new, 200).await }
    })
    .await;
    assert!(is_refused(&store, ("ann", "app"), 200).await && is_refused(&store, ("job", "job"), 200).await);
    assert!(start(&store, &new, 200 + MEMORY).await.is_empty());
    assert!(start(&store, &old, 300 + MEMORY).await.is_empty());
    assert_eq!(start(&store, &new, 400 + MEMORY).await.len(), 2);
}

/// A list of people becomes a rule that lets in anybody, and a list again.
pub async fn what_all_people_are_given_each_person_is_given(store: Store) {
    let listed: [(Revoked, &[&str]); 2] =
        [(person("ann"), &["login", "admin"]), (Revoked::People, &["page"])];
    let anyone: [(Revoked, &[&str]); 2] =
        [(person("ann"), &["admin"]), (Revoked::People, &["page", "login"])];
    assert!(start(&store, &listed, 100).await.is_empty());
    assert!(start(&store, &anyone, 200).await.is_empty());
    assert!(start(&store, &anyone[1..], 300).await == ["Person(\"ann\"): admin"], "and nothing else");
    assert!(start(&store, &anyone, 400).await.is_empty());
    assert_eq!(start(&store, &listed, 500).await, ["People: login"]);
    assert!(is_refused(&store, ("bob", "app"), 500).await && !is_refused(&store, ("bob", "app"), 501).await);
    assert!(!is_refused(&store, ("app", "app"), 400).await, "what a client got for itself");
    let of_a_client: [(Revoked, &[&str]); 1] = [(client("app"), &["login"])];
    assert!(start(&store, &of_a_client, 500 + MEMORY).await.len() == 2);
    let of_people: [(Revoked, &[&str]); 1] = [(Revoked::People, &["login"])];
    let lost = start(&store, &of_people, 600 + MEMORY).await;
    assert!(lost.contains(&"Client(\"app\"): login".to_owned()), "it is of no person: {lost:?}");
}

/// Every server has to know each entry.
pub async fn where_very_many_people_lose_something_all_people_are_revoked_by_one_entry(store: Store) {
    let names: Vec<_> = (0..120).map(|n| person(&format!("person {n}"))).collect();
    let all: Vec<(Revoked, &[&str])> = names.iter().map(|of| (of.clone(), &["login"][..])).collect();
    assert!(start(&store, &all, 100).await.is_empty());
    assert_eq!(start(&store, &all[..20], 200).await.len(), 100);
    assert!(is_refused(&store, ("person 70", "app"), 200).await);
    assert!(!is_refused(&store, ("person 7", "app"), 200).await, "who lost nothing");
    assert_eq!(start(&store, &[], 300).await.len(), 120);
    assert!(is_refused(&store, ("person 7", "app"), 300).await);
    assert!(
        is_refused(&store, ("anybody", "app"), 300).await && !is_refused(&store, ("job", "job"), 300).await
    );
    assert!(!is_refused(&store, ("person 7", "app"), 301).await);
}

/// A role of a program is lost with those of many people: its tokens are of no person.
pub async fn a_program_that_loses_something_with_very_many_people_loses_its_tokens_too(store: Store) {
    let names: Vec<_> = (0..120).map(|n| person(&format!("person {n}"))).collect();
    let mut all: Vec<(Revoked, &[&str])> = names.iter().map(|of| (of.clone(), &["admin"][..])).collect();
    all.push((person("job"), &["admin"]));
    all.push((client("job"), &["x"]));
    assert!(start(&store, &all, 100).await.is_empty());
    let less: [(Revoked, &[&str]); 1] = [(client("job"), &["x"])];
    assert_eq!(start(&store, &less, 200).await.len(), 121);
    for token in [("job", "job"), ("person 7", "app")] {
        assert!(is_refused(&store, token, 200).await && !is_refused(&store, token, 201).await, "{token:?}");
    }
}
