//! Whom a rule is about, and whom it is not.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::*;
use crate::authn::principal::Facts;

fn rule(change: impl FnOnce(&mut DenyRule)) -> DenyRule {
    let mut rule = DenyRule { issuer: Some("https://as.example".to_owned()), ..DenyRule::default() };
    change(&mut rule);
    rule
}

fn principal(via: Via, claims: Value) -> Principal {
    let facts = Facts {
        client_id: Some("app".to_owned()),
        claims: claims.as_object().unwrap().clone().into(),
        ..Facts::of("https://as.example".into(), "uid-1")
    };
    Principal::new(via, facts)
}

fn claims() -> Value {
    json!({ "iss": "https://as.example", "sub": "ann@example.com", "jti": "j1", "iat": 1000.5 })
}

fn marks(presented: &str) -> Marks {
    Marks::of(presented, CredentialHash::of(presented))
}

fn refuses(rule: DenyRule, via: Via, claims: Value) -> bool {
    DenyList::new(vec![DenyRule::default(), rule]).refuses(&marks("x"), &principal(via, claims))
}

#[test]
fn a_rule_is_about_a_credential_where_all_that_it_says_holds() {
    let about = |change: fn(&mut DenyRule)| refuses(rule(change), Via::Jwt, claims());
    assert!(about(|_| {}));
    assert!(about(|rule| rule.subject = Some("uid-1".into())));
    assert!(about(|rule| rule.subject = Some("ann@example.com".into())));
    assert!(about(|rule| rule.client = Some("app".into())));
    assert!(about(|rule| rule.jti = Some("j1".into())));
    assert!(about(|rule| rule.issued_before = Some(1001)));
    assert!(about(|rule| rule.credential = Some(CredentialHash::of("x"))));
    assert!(about(|rule| {
        rule.subject = Some("uid-1".into());
        rule.client = Some("app".into());
        rule.jti = Some("j1".into());
    }));
    for other in [
        rule(|rule| rule.issuer = Some("https://as.example/".into())),
        rule(|rule| rule.subject = Some("uid-2".into())),
        rule(|rule| rule.client = Some("uid-1".into())),
        rule(|rule| rule.jti = Some("j2".into())),
        rule(|rule| rule.issued_before = Some(1000)),
        rule(|rule| rule.credential = Some(CredentialHash::of("y"))),
        rule(|rule| rule.api_key = Some("uid-1".into())),
        rule(|rule| {
            rule.subject = Some("uid-1".into());
            rule.client = Some("other".into());
        }),
        DenyRule::default(),
    ] {
        assert!(!refuses(other.clone(), Via::Jwt, claims()), "{other:?}");
    }
}

#[test]
fn a_token_that_does_not_say_when_it_was_issued_was_issued_before() {
    let before = || rule(|rule| rule.issued_before = Some(1));
    for iat in [json!(null), json!("1000"), json!([]), json!(-5)] {
        assert!(refuses(before(), Via::Jwt, json!({ "iat": iat })), "{iat}");
    }
    assert!(refuses(before(), Via::Jwt, json!({})));
    assert!(!refuses(before(), Via::Jwt, json!({ "iat": 1 })));
}

#[test]
fn a_token_that_does_not_say_which_name_of_its_issuer_is_meant_may_mean_the_denied_one() {
    let of = |stands_for: &str| {
        rule(|rule| {
            rule.issuer = Some("https://old.example".to_owned());
            rule.stands_for = Some(stands_for.to_owned());
        })
    };
    let unsaid = json!({ "sub": "ann@example.com" });
    let shared = || of("https://as.example");
    assert!(refuses(shared(), Via::Introspected, unsaid.clone()));
    assert!(refuses(shared(), Via::Introspected, json!({ "iss": "https://old.example" })));
    assert!(!refuses(shared(), Via::Introspected, claims()), "it says another one");
    assert!(!refuses(of("https://other.example"), Via::Introspected, unsaid.clone()));
    assert!(!refuses(
        rule(|rule| rule.issuer = Some("https://old.example".into())),
        Via::Introspected,
        unsaid
    ));
}

#[test]
fn one_credential_is_denied_without_a_look_at_it_unless_the_rule_says_more() {
    let (x, y) = (marks("x"), marks("y"));
    let alone =
        DenyList::new(vec![DenyRule { credential: Some(CredentialHash::of("x")), ..DenyRule::default() }]);
    assert!(alone.refuses_unread(&x) && !alone.refuses_unread(&y));
    let more = DenyList::new(vec![rule(|rule| rule.credential = Some(CredentialHash::of("x")))]);
    assert!(!more.refuses_unread(&x));
}

#[tokio::test(start_paused = true)]
async fn who_waits_learns_of_a_rule_that_comes_and_of_no_other() {
    let source = watch::Sender::new(Arc::new(DenyList::default()));
    let (denied, hash, principal) = (Denied::by(&source), marks("x"), principal(Via::Jwt, claims()));
    let is_over =
        async || tokio::time::timeout(Duration::from_secs(60), denied.until(&hash, &principal)).await.is_ok();
    assert!(!is_over().await);
    source.send_replace(Arc::new(DenyList::new(vec![rule(|rule| rule.jti = Some("j2".into()))])));
    assert!(!is_over().await);
    let waiting = tokio::time::timeout(Duration::from_secs(60), denied.until(&hash, &principal));
    source.send_replace(Arc::new(DenyList::new(vec![rule(|rule| rule.jti = Some("j1".into()))])));
    assert!(waiting.await.is_ok());
    drop(source);
    assert!(denied.list().refuses(&hash, &principal));
    assert!(!Denied::fixed(DenyList::default()).list().refuses(&hash, &principal));
}

#[test]
fn t66_a_signed_token_is_denied_by_what_is_signed_however_its_signature_is_written() {
    let by = |text: &str| {
        let rule = DenyRule { credential: Some(CredentialHash::of(text)), ..DenyRule::default() };
        DenyList::new(vec![rule])
    };
    assert!(by("h.p").refuses_unread(&marks("h.p.s")) && by("h.p").refuses_unread(&marks("h.p.twin")));
    assert!(by("h.p.s").refuses_unread(&marks("h.p.s")) && !by("h.p.s").refuses_unread(&marks("h.p.twin")));
    for (other, is_meant) in
        [("h.p", true), ("h.p.", true), ("h", false), ("a.h.p.s", false), ("xh.p.s", false)]
    {
        assert_eq!(by("h.p").refuses_unread(&marks(other)), is_meant, "{other}");
    }
}

#[test]
fn who_acts_for_a_caller_is_meant_too() {
    let acted = || {
        let claims = json!({ "sub": "ann", "act": { "sub": "agent", "act": { "client_id": "planner" } } });
        let facts = Facts {
            actor: crate::authn::Actor::of(claims.as_object().unwrap()).unwrap(),
            ..Facts::of("https://as.example".into(), "ann")
        };
        Principal::new(Via::Jwt, facts)
    };
    let refuses = |rule| DenyList::new(vec![rule]).refuses(&marks("x"), &acted());
    assert!(refuses(rule(|rule| rule.subject = Some("agent".into()))));
    assert!(refuses(rule(|rule| rule.client = Some("planner".into()))));
    assert!(!refuses(rule(|rule| rule.subject = Some("planner".into()))));
    assert!(!refuses(rule(|rule| rule.client = Some("agent".into()))));
}
