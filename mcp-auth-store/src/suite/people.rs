//! Promises of [`People`](crate::People).

use super::records::{code, grant};
use crate::{Authentication, Browser, Grant, Linked, Person, SecretHash, Store, person_key};

fn linked(subject: &str) -> Linked {
    Linked { issuer: "https://idp.example".into(), subject: subject.into() }
}

async fn logs_in(store: &Store, subject: &str, at: u64) {
    let browser = Browser {
        subject: subject.into(),
        name: Some(format!("{subject} Lee")),
        linked: Some(linked(subject)),
        known_as: None,
        authentication: Authentication { login: Some("upstream".into()), ..Authentication::at(at) },
        logged_in_for: SecretHash::of("a request"),
        logged_in_at: 0,
        expires_at: at + 100,
    };
    let id = SecretHash::of(&format!("{subject} at {at}"));
    store.browser_sessions().begin(None, id, browser, at).await.unwrap();
}

async fn allows(store: &Store, subject: &str, grant_id: &str) {
    let hash = SecretHash::of(&format!("code of {grant_id}"));
    let allowed = crate::Code { subject: subject.into(), ..code("client", "read") };
    store.codes().issue(hash, allowed, 0).await.unwrap();
    let authentication = Authentication { login: Some("before".into()), ..Authentication::at(1) };
    let granted = Grant { subject: subject.into(), last_used: 7, authentication, ..grant(grant_id, "1") };
    store.codes().redeem(hash, grant_id, Some(granted), 1).await.unwrap();
}

async fn subjects(store: &Store, now: u64) -> Vec<String> {
    store.people().list(now).await.unwrap().into_iter().map(|person| person.subject).collect()
}

/// Also those who are logged in nowhere any more, and whose login was not recorded.
pub async fn everybody_of_whom_something_is_kept_is_listed(store: Store) {
    assert_eq!(store.people().list(0).await.unwrap(), []);
    logs_in(&store, "bob", 5).await;
    logs_in(&store, "alice", 3).await;
    logs_in(&store, "alice", 90).await;
    for (subject, grant_id) in [("alice", "a1"), ("alice", "a2"), ("carol", "c1")] {
        allows(&store, subject, grant_id).await;
    }
    let person = |subject: &str, last_used| Person {
        subject: subject.into(),
        name: Some(format!("{subject} Lee")),
        login: Some("upstream".into()),
        linked: Some(linked(subject)),
        last_used: Some(last_used),
        grants: 0,
    };
    let unrecorded =
        Person { name: None, linked: None, login: Some("before".into()), grants: 1, ..person("carol", 7) };
    let all = [Person { grants: 2, ..person("alice", 90) }, person("bob", 5), unrecorded];
    assert_eq!(store.people().list(100).await.unwrap(), all);
    logs_in(&store, "bob", 6).await;
    assert_eq!(store.people().list(100).await.unwrap().len(), 3);
    // The grants and the browser sessions are over, and what was allowed is not.
    assert_eq!(subjects(&store, 300 * 24 * 60 * 60).await, ["alice", "bob", "carol"]);
    assert!(subjects(&store, 900 * 24 * 60 * 60).await.is_empty());
}

/// With who they are; what others have stays.
pub async fn with_a_person_their_sessions_and_tasks_go(store: Store) {
    let issuer = "https://as.example";
    let [alice, bob] = ["alice", "bob"].map(|subject| person_key(issuer, subject));
    let namesake = person_key("https://other.example", "alice");
    let whose = [
        ("app of alice", Some(&alice)),
        ("agent of alice", Some(&alice)),
        ("bob", Some(&bob)),
        ("namesake", Some(&namesake)),
        ("nobody's", None),
    ];
    for (owner, person) in whose {
        let (sessions, person) = (store.sessions(), person.map(String::as_str));
        sessions.keep(owner, "state".into(), 100, 0).await.unwrap();
        assert!(sessions.bind(owner, owner, person, 0).await.unwrap());
        sessions.keep(owner, "state".into(), 100, 1).await.unwrap();
        assert!(sessions.enter(owner, owner, 200, 1).await.unwrap());
        let task = crate::Task {
            operation: "export".into(),
            owner: Some(owner.into()),
            person: person.map(str::to_owned),
            filled: [].into(),
        };
        assert!(store.tasks().record(owner, task, 100, 0).await.unwrap());
    }
    logs_in(&store, "alice", 1).await;
    logs_in(&store, "bob", 1).await;
    let left = async || {
        let mut left = Vec::new();
        for (owner, _) in whose {
            let has_session = store.sessions().state(owner, 2).await.unwrap().is_some();
            let has_task = store.tasks().of_owner(owner, Some(owner), 2).await.unwrap().is_some();
            assert_eq!(has_session, has_task, "{owner}");
            left.extend(has_session.then_some(owner));
        }
        left
    };
    store.end_all_of_person("alice", 2).await.unwrap();
    assert_eq!(left().await.len(), 5, "a person who logs out has their tasks again at the next login");
    assert_eq!(subjects(&store, 2).await, ["alice", "bob"]);
    for _ in 0..2 {
        store.forget_person(issuer, "alice", 2).await.unwrap();
        assert_eq!(left().await, ["bob", "namesake", "nobody's"]);
        assert_eq!(subjects(&store, 2).await, ["bob"]);
    }
}
