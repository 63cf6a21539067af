//! Promises of [`UpstreamGrants`](crate::UpstreamGrants).

use mcp_auth_core::{ScopeSet, SecretText};
use serde_json::json;

use super::race::{MANY, at_once, count};
use crate::{ConnectedAccount, Connection, Lease, Leased, SecretHash, Store, UpstreamGrant};

const ANN: Connection<'static> = Connection { subject: "ann", upstream: "google" };

fn grant(refresh_token: Option<&str>) -> UpstreamGrant {
    UpstreamGrant {
        provider: "https://a.example".into(),
        account: None,
        access_token: Some(SecretText::new("access")),
        access_expires_at: Some(50),
        refresh_token: refresh_token.map(SecretText::new),
        nonce: refresh_token.map(|token| SecretText::new(format!("nonce of {token}"))),
        scopes: ScopeSet::parse_lossy("openid email"),
        claims: [("groups".to_owned(), json!(["staff"]))].into_iter().collect(),
        let_in_by: ["group staff".to_owned()].into(),
        seen_at: 1,
        is_over: false,
    }
}

fn holder(name: &str) -> SecretHash {
    SecretHash::of(name)
}

async fn lease(store: &Store, name: &str, until: u64, now: u64) -> Leased {
    let lease = Lease { holder: holder(name), until };
    store.upstream_grants().lease(ANN, lease, now).await.unwrap()
}

async fn found(store: &Store, now: u64) -> Option<UpstreamGrant> {
    store.upstream_grants().find(ANN, now).await.unwrap()
}

/// Of this person at this provider alone.
pub async fn what_a_login_gave_is_found_until_its_time(store: Store) {
    let grants = store.upstream_grants();
    grants.keep(ANN, grant(Some("1")), 100, 1).await.unwrap();
    assert_eq!(found(&store, 99).await, Some(grant(Some("1"))));
    assert_eq!(found(&store, 100).await, None);
    for other in [Connection { subject: "bob", ..ANN }, Connection { upstream: "github", ..ANN }] {
        assert_eq!(grants.find(other, 2).await.unwrap(), None);
    }
    let bare = UpstreamGrant { seen_at: 2, ..UpstreamGrant::default() };
    let github = Connection { upstream: "github", ..ANN };
    grants.keep(github, bare.clone(), 100, 2).await.unwrap();
    assert_eq!(grants.find(github, 2).await.unwrap(), Some(bare));
    assert_eq!(found(&store, 2).await, Some(grant(Some("1"))));
}

/// Google gives a refresh token at the first login alone.
pub async fn a_login_without_a_refresh_token_leaves_the_one_of_before(store: Store) {
    let grants = store.upstream_grants();
    grants.keep(ANN, grant(Some("1")), 100, 1).await.unwrap();
    let login = UpstreamGrant { claims: serde_json::Map::new(), seen_at: 5, ..grant(None) };
    grants.keep(ANN, login.clone(), 200, 5).await.unwrap();
    let before = grant(Some("1"));
    let after = UpstreamGrant { refresh_token: before.refresh_token, nonce: before.nonce, ..login.clone() };
    assert_eq!(found(&store, 199).await, Some(after));
    grants.keep(ANN, grant(Some("2")), 300, 6).await.unwrap();
    assert_eq!(found(&store, 299).await, Some(grant(Some("2"))));
    // What is over leaves nothing to a later login.
    assert!(matches!(lease(&store, "a", 40, 10).await, Leased::Taken(_)));
    assert!(grants.release(ANN, holder("a"), grant(None).over(11), 11).await.unwrap());
    assert_eq!(found(&store, 12).await, Some(grant(None).over(11)));
    grants.keep(ANN, login.clone(), 300, 12).await.unwrap();
    assert_eq!(found(&store, 13).await, Some(login));
}

/// Two that asked the provider with one refresh token would end all of its family.
pub async fn of_a_hundred_who_want_to_renew_at_once_one_may(store: Store) {
    assert_eq!(lease(&store, "a", 30, 1).await, Leased::Absent);
    store.upstream_grants().keep(ANN, grant(Some("1")), 100, 1).await.unwrap();
    let outcomes = at_once(|n| {
        let store = store.clone();
        async move { lease(&store, &n.to_string(), 30, 2).await }
    })
    .await;
    assert_eq!(count(&outcomes, &Leased::Taken(Box::new(grant(Some("1"))))), 1);
    assert_eq!(count(&outcomes, &Leased::Held), MANY - 1);
}

/// As long as it has the lease its holder writes, and when it gave it back it does not.
pub async fn what_is_renewed_is_there_before_the_lease_is_given_back(store: Store) {
    let grants = store.upstream_grants();
    grants.keep(ANN, grant(Some("1")), 100, 1).await.unwrap();
    assert!(!grants.renew(ANN, holder("a"), grant(Some("x")), 2).await.unwrap(), "nobody has the lease");
    assert!(matches!(lease(&store, "a", 30, 2).await, Leased::Taken(_)));
    assert!(matches!(lease(&store, "a", 31, 2).await, Leased::Taken(_)), "it is its own");
    assert!(grants.renew(ANN, holder("a"), grant(Some("2")), 3).await.unwrap());
    assert_eq!(lease(&store, "b", 30, 3).await, Leased::Held);
    assert_eq!(found(&store, 99).await, Some(grant(Some("2"))), "its time is that of the login");
    assert!(grants.release(ANN, holder("a"), grant(Some("3")), 4).await.unwrap());
    assert!(!grants.release(ANN, holder("a"), grant(Some("x")), 4).await.unwrap());
    assert!(!grants.renew(ANN, holder("a"), grant(Some("x")), 4).await.unwrap());
    assert_eq!(lease(&store, "b", 30, 4).await, Leased::Taken(Box::new(grant(Some("3")))));
    assert!(!grants.renew(ANN, holder("a"), grant(Some("x")), 5).await.unwrap(), "another one has it");
    assert_eq!(found(&store, 100).await, None);
}

/// A process that died is not waited for, and one that was only slow overwrites nothing.
pub async fn the_lease_of_a_dead_holder_ends_and_a_late_one_overwrites_nothing(store: Store) {
    let grants = store.upstream_grants();
    grants.keep(ANN, grant(Some("1")), 100, 1).await.unwrap();
    assert!(matches!(lease(&store, "slow", 30, 2).await, Leased::Taken(_)));
    assert_eq!(lease(&store, "next", 60, 29).await, Leased::Held);
    assert_eq!(lease(&store, "next", 60, 30).await, Leased::Taken(Box::new(grant(Some("1")))));
    for late in [31, 61] {
        assert!(!grants.renew(ANN, holder("slow"), grant(Some("x")), late).await.unwrap());
        assert!(!grants.release(ANN, holder("slow"), grant(Some("x")), late).await.unwrap());
    }
    // Nobody else took it: what the provider gave last is not lost.
    assert!(grants.renew(ANN, holder("next"), grant(Some("2")), 61).await.unwrap());
    assert!(grants.release(ANN, holder("next"), grant(Some("3")), 62).await.unwrap());
    assert_eq!(found(&store, 63).await, Some(grant(Some("3"))));
}

/// What it gave is newer than what is renewed meanwhile.
pub async fn a_login_takes_the_lease_from_whoever_renews_what_was_before(store: Store) {
    let grants = store.upstream_grants();
    grants.keep(ANN, grant(Some("1")), 100, 1).await.unwrap();
    assert!(matches!(lease(&store, "a", 30, 2).await, Leased::Taken(_)));
    grants.keep(ANN, grant(Some("2")), 100, 3).await.unwrap();
    assert!(!grants.renew(ANN, holder("a"), grant(Some("x")), 4).await.unwrap());
    assert_eq!(found(&store, 4).await, Some(grant(Some("2"))));
    // One that gave no refresh token does not: the one that is being renewed goes on.
    assert!(matches!(lease(&store, "b", 30, 5).await, Leased::Taken(_)));
    grants.keep(ANN, grant(None), 100, 6).await.unwrap();
    assert_eq!(lease(&store, "c", 30, 6).await, Leased::Held);
    assert!(grants.release(ANN, holder("b"), grant(Some("3")), 7).await.unwrap());
    assert_eq!(found(&store, 8).await, Some(grant(Some("3"))));
}

/// It is of that account alone: a tool would act for another one. Nor does who renews it write over the new one.
pub async fn the_refresh_token_of_another_account_does_not_stay(store: Store) {
    let grants = store.upstream_grants();
    let of = |account: &str, token: Option<&str>| UpstreamGrant {
        account: Some(ConnectedAccount {
            subject: account.into(),
            name: None,
            known_as: None,
            login: "accounts".into(),
        }),
        ..grant(token)
    };
    grants.keep(ANN, of("work", Some("1")), 100, 1).await.unwrap();
    grants.keep(ANN, of("work", None), 100, 2).await.unwrap();
    assert_eq!(found(&store, 3).await.unwrap().refresh_token, of("work", Some("1")).refresh_token);
    assert!(matches!(lease(&store, "a", 30, 3).await, Leased::Taken(_)));
    grants.keep(ANN, of("private", None), 100, 4).await.unwrap();
    assert_eq!(found(&store, 5).await, Some(of("private", None)));
    assert!(!grants.renew(ANN, holder("a"), of("work", Some("x")), 5).await.unwrap());
    grants.keep(ANN, grant(None), 100, 6).await.unwrap();
    assert_eq!(found(&store, 7).await, Some(grant(None)));
    // Nor does that of another provider, or of somebody who logged in elsewhere.
    let moved = UpstreamGrant { provider: "https://b.example".into(), ..grant(None) };
    let mut elsewhere = of("work", None);
    elsewhere.account.as_mut().unwrap().login = "own".into();
    for (before, after) in [(grant(Some("1")), moved), (of("work", Some("1")), elsewhere)] {
        grants.keep(ANN, before, 100, 8).await.unwrap();
        grants.keep(ANN, after.clone(), 100, 9).await.unwrap();
        assert_eq!(found(&store, 10).await, Some(after));
    }
}

/// Nobody renews what is gone, and what is kept of others stays.
pub async fn what_is_kept_of_one_provider_goes_alone(store: Store) {
    let grants = store.upstream_grants();
    let (github, bob) = (Connection { upstream: "github", ..ANN }, Connection { subject: "bob", ..ANN });
    for of in [ANN, github, bob] {
        grants.keep(of, grant(Some("1")), 100, 1).await.unwrap();
    }
    assert!(matches!(lease(&store, "a", 30, 2).await, Leased::Taken(_)));
    grants.forget(ANN, 3).await.unwrap();
    assert_eq!(found(&store, 4).await, None);
    assert!(!grants.release(ANN, holder("a"), grant(Some("x")), 4).await.unwrap());
    assert_eq!(found(&store, 4).await, None);
    for stays in [github, bob] {
        assert_eq!(grants.find(stays, 4).await.unwrap(), Some(grant(Some("1"))));
    }
    grants.forget(ANN, 4).await.unwrap();
}

/// Of all providers, and that of others stays.
pub async fn with_a_person_goes_what_providers_gave_for_them(store: Store) {
    let grants = store.upstream_grants();
    let github = Connection { upstream: "github", ..ANN };
    let bob = Connection { subject: "bob", ..ANN };
    for of in [ANN, github, bob] {
        grants.keep(of, grant(Some("1")), 100, 1).await.unwrap();
    }
    assert!(matches!(lease(&store, "a", 30, 2).await, Leased::Taken(_)));
    store.end_person("ann", 3).await.unwrap();
    for gone in [ANN, github] {
        assert_eq!(grants.find(gone, 4).await.unwrap(), None);
    }
    assert!(!grants.renew(ANN, holder("a"), grant(Some("x")), 4).await.unwrap(), "it does not come back");
    assert_eq!(grants.find(bob, 4).await.unwrap(), Some(grant(Some("1"))));
    grants.forget_person("nobody", 4).await.unwrap();
}
