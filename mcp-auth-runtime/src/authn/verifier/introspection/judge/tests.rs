//! Holes and what stands for them, each allowed and denied.

use serde_json::json;

use super::super::client_auth::ClientAuth;
use super::*;
use crate::authn::BindingMode;
use crate::authn::tests::support::{ISSUER, NOW, US};

fn rules() -> IntrospectionRules {
    IntrospectionRules::new(
        ISSUER.parse().unwrap(),
        vec![US.to_owned()],
        ClientAuth::None { client_id: None },
    )
}

/// An issuer of two names, each of which stands for this one.
fn of_two_names(stand_for: [&str; 2]) -> IntrospectionRules {
    let mut rules = rules();
    let names = [ISSUER, "https://second.example"].into_iter().zip(stand_for);
    let named =
        |(iss, stands_for): (&str, &str)| Accepted { stands_for: stands_for.into(), ..Accepted::plain(iss) };
    rules.accepted = names.map(named).collect();
    rules
}

fn allowing(clients: &[&str]) -> IntrospectionRules {
    let mut rules = rules();
    rules.tokens.allowed_clients = Some(clients.iter().map(|client| (*client).to_owned()).collect());
    rules
}

/// An answer without holes, with `changes` over it; null removes.
fn verdict(rules: &IntrospectionRules, changes: Value) -> Result<Judged, TokenError> {
    let mut answer = json!({
        "active": true, "iss": ISSUER, "aud": US, "sub": "alice", "client_id": "app", "iat": NOW - 10, "exp": NOW + 600,
        "scope": "a b", "token_type": "Bearer",
    });
    for (name, value) in changes.as_object().unwrap() {
        answer[name] = value.clone();
        if value.is_null() {
            answer.as_object_mut().unwrap().remove(name);
        }
    }
    let claims = answer.as_object().unwrap().clone();
    judge(&rules_of(rules), &rules.accepted, claims, NOW)
}

#[test]
fn an_answer_without_holes_says_who_calls() {
    let Judged { facts, believed_until } = verdict(&rules(), json!({})).unwrap();
    assert_eq!((&*facts.issuer, &*facts.subject), (ISSUER, "alice"));
    assert_eq!((facts.client_id.as_deref(), facts.expires_at), (Some("app"), Some(NOW + 600)));
    assert_eq!(facts.held.scopes.to_string(), "a b");
    assert_eq!(believed_until, NOW + 60);
}

#[test]
fn a_positive_answer_is_believed_until_its_expiry_or_the_ttl_whichever_is_first() {
    assert_eq!(verdict(&rules(), json!({"exp": NOW + 7})).unwrap().believed_until, NOW + 7);
    let mut short = rules();
    short.tokens.token_cache_ttl = std::time::Duration::from_secs(3);
    assert_eq!(verdict(&short, json!({})).unwrap().believed_until, NOW + 3);
    let within_skew = verdict(&rules(), json!({"exp": NOW - 5})).unwrap();
    assert!(within_skew.believed_until < NOW, "asked about again each time");
    assert!(matches!(
        verdict(&rules(), json!({"iat": null, "exp": NOW - 31})),
        Err(TokenError::Expired { .. })
    ));
}

#[test]
fn without_exp_an_answer_is_believed_for_seconds_only() {
    let judged = verdict(&rules(), json!({"exp": null})).unwrap();
    assert_eq!((judged.facts.expires_at, judged.believed_until), (None, NOW + 10));
    for odd in [json!("1800000600"), json!(true), json!(-1), json!([])] {
        assert!(verdict(&rules(), json!({"exp": odd})).is_err());
    }
    let old = verdict(&rules(), json!({"exp": null, "iat": NOW - 24 * 3600 - 31}));
    assert!(matches!(old, Err(TokenError::LivesTooLong { .. })));
    assert!(matches!(
        verdict(&rules(), json!({"exp": null, "nbf": NOW + 31})),
        Err(TokenError::NotYetValid { .. })
    ));
}

#[test]
fn without_aud_the_client_must_be_one_that_is_allowed() {
    for hole in [json!({"aud": null}), json!({"aud": []})] {
        assert!(verdict(&rules(), hole.clone()).is_err(), "no client is named: any would do");
        assert!(verdict(&allowing(&["app"]), hole.clone()).is_ok());
        assert!(matches!(verdict(&allowing(&["other"]), hole.clone()), Err(TokenError::Client)));
        let mut nobody = hole;
        nobody["client_id"] = Value::Null;
        assert!(matches!(verdict(&allowing(&["app"]), nobody), Err(TokenError::Client)));
    }
    let other = json!({"aud": "https://other.example"});
    assert!(
        matches!(verdict(&allowing(&["app"]), other), Err(TokenError::Audience(_))),
        "one that is there counts"
    );
    assert!(verdict(&allowing(&["app"]), json!({"aud": ""})).is_err());
}

#[test]
fn without_iss_the_issuer_that_was_asked_stands_for_it_and_another_one_is_refused() {
    assert_eq!(&*verdict(&rules(), json!({"iss": null})).unwrap().facts.issuer, ISSUER);
    for rules in [rules(), of_two_names([ISSUER, "https://second.example"])] {
        for other in [
            json!("https://as.example/"),
            json!("https://other.example"),
            json!(""),
            json!([ISSUER]),
            json!(5),
        ] {
            assert!(verdict(&rules, json!({"iss": other.clone()})).is_err(), "{other}");
        }
    }
}

#[test]
fn t70_an_answer_is_of_the_name_that_it_says_and_without_one_of_none_unless_all_are_one() {
    let second = "https://second.example";
    let (several, shared) = (of_two_names([ISSUER, second]), of_two_names([ISSUER, ISSUER]));
    let issuer = |rules: &IntrospectionRules, iss: Value| {
        verdict(rules, json!({"iss": iss})).map(|judged| judged.facts.issuer.to_string())
    };
    assert_eq!(issuer(&several, json!(ISSUER)).unwrap(), ISSUER);
    assert_eq!(issuer(&several, json!(second)).unwrap(), second);
    assert!(matches!(issuer(&several, Value::Null), Err(TokenError::UnsaidIssuer)));
    assert_eq!(issuer(&shared, json!(second)).unwrap(), ISSUER);
    assert_eq!(issuer(&shared, Value::Null).unwrap(), ISSUER);
    assert!(matches!(issuer(&rules(), json!(second)), Err(TokenError::UnknownIssuer(_))));
}

#[test]
fn without_sub_the_username_stands_for_it_only_where_that_is_asked_for() {
    let hole = json!({"sub": null, "username": "alice@example.com"});
    assert!(matches!(verdict(&rules(), hole.clone()), Err(TokenError::MissingClaim("sub"))));
    let asked = IntrospectionRules { username_as_subject: true, ..rules() };
    assert_eq!(verdict(&asked, hole).unwrap().facts.subject, "alice@example.com");
    assert_eq!(
        verdict(&asked, json!({"username": "mallory"})).unwrap().facts.subject,
        "alice",
        "sub comes first"
    );
    assert!(verdict(&asked, json!({"sub": null})).is_err(), "neither: a client is not a subject by itself");
    assert!(verdict(&asked, json!({"sub": null, "username": 5})).is_err());
    assert!(verdict(&asked, json!({"sub": "", "username": ""})).is_err());
}

#[test]
fn without_sub_a_token_is_its_clients_only_where_the_issuers_rules_say_that_it_is_a_programs() {
    use crate::authn::{ClaimAt, ClaimTest};
    let test = |claim: &str, test: ClaimTest| {
        let at = ClaimAt { written: claim.to_owned(), names: vec![claim.to_owned()] };
        let mut rules = rules();
        rules.tokens.client_when = [(at, test)].into_iter().collect();
        rules
    };
    let hole = json!({"sub": null});
    assert!(matches!(verdict(&rules(), hole.clone()), Err(TokenError::MissingClaim("sub"))));
    let facts = verdict(&test("sub", ClaimTest::Present(false)), hole.clone()).unwrap().facts;
    assert_eq!((&*facts.subject, facts.client_id.as_deref(), facts.is_client), ("app", Some("app"), true));
    let said = test("aut", ClaimTest::OneOf(vec![json!("APPLICATION")]));
    assert!(verdict(&said, hole.clone()).is_err());
    assert!(verdict(&said, json!({"sub": null, "aut": "APPLICATION"})).unwrap().facts.is_client);
    assert!(verdict(&said, json!({"sub": null, "aut": "APPLICATION", "client_id": null})).is_err());
    let person = verdict(&test("sub", ClaimTest::Present(false)), json!({})).unwrap().facts;
    assert_eq!((&*person.subject, person.is_client), ("alice", false));
}

#[test]
fn what_is_not_an_access_token_is_refused_however_active() {
    for kind in ["Bearer", "bearer", "access_token", "urn:x"] {
        assert!(verdict(&rules(), json!({"token_type": kind})).is_ok(), "{kind}");
    }
    for kind in [
        json!("Refresh"),
        json!("refresh_token"),
        json!("REFRESH"),
        json!("id_token"),
        json!("N_A"),
        json!(5),
    ] {
        assert!(
            matches!(verdict(&rules(), json!({"token_type": kind.clone()})), Err(TokenError::Type(_))),
            "{kind}"
        );
    }
    for usage in ["access", "access_token"] {
        assert!(verdict(&rules(), json!({"token_use": usage})).is_ok());
    }
    for usage in [json!("refresh_token"), json!("id"), json!(""), json!(["access_token"])] {
        assert!(matches!(verdict(&rules(), json!({"token_use": usage})), Err(TokenError::Type(_))));
    }
    assert!(verdict(&rules(), json!({"typ": "Bearer"})).is_ok());
    for typ in ["Refresh", "Offline", "ID"] {
        assert!(matches!(verdict(&rules(), json!({"typ": typ})), Err(TokenError::Type(_))), "{typ}");
    }
    assert!(matches!(verdict(&rules(), json!({"at_hash": "x"})), Err(TokenError::IdToken)));
}

#[test]
fn t53_a_token_that_its_issuer_bound_to_a_key_is_not_a_bearer_token() {
    assert!(verdict(&rules(), json!({"cnf": {"jkt": "x"}})).unwrap().facts.confirmation.is_some());
    for kind in ["DPoP", "dpop", "PoP"] {
        assert!(matches!(verdict(&rules(), json!({"token_type": kind})), Err(TokenError::SenderConstrained)));
    }
}

#[test]
fn t53_a_token_of_the_dpop_type_is_refused_where_its_issuer_does_not_say_to_which_key_it_is_bound() {
    let mut on = rules();
    (on.tokens.bindings.dpop, on.tokens.bindings.certificate) = (BindingMode::Allowed, BindingMode::Allowed);
    let (jkt, x5t) =
        ("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    let said = |kind: &str, cnf: Value| verdict(&on, json!({ "token_type": kind, "cnf": cnf }));
    for kind in ["DPoP", "dpop"] {
        for cnf in [json!({"x5t#S256": x5t}), json!({}), json!([jkt]), json!(jkt)] {
            assert!(matches!(said(kind, cnf.clone()), Err(TokenError::SenderConstrained)), "{cnf}");
        }
        for cnf in [json!({"jkt": jkt}), json!({"jkt": jkt, "x5t#S256": x5t})] {
            assert!(said(kind, cnf).is_ok());
        }
    }
    assert!(said("Bearer", json!({"x5t#S256": x5t})).is_ok());
}

#[test]
fn of_google_the_audience_is_a_client_and_must_be_one_that_is_allowed() {
    let google = |clients: &[&str]| IntrospectionRules {
        kind: IntrospectionKind::GoogleTokeninfo,
        ..allowing(clients)
    };
    let answer = |aud: &str, azp: &str| json!({"iss": null, "client_id": null, "aud": aud, "azp": azp});
    let judged = verdict(&google(&["web", "phone"]), answer("web", "phone")).unwrap();
    assert_eq!(judged.facts.client_id.as_deref(), Some("phone"));
    for (aud, azp) in [("web", "web"), ("phone", "web"), (US, "phone"), ("other", "phone")] {
        assert!(verdict(&google(&["phone"]), answer(aud, azp)).is_err(), "{aud} {azp}");
    }
    assert!(verdict(&google(&["web"]), json!({"aud": null, "azp": "web", "client_id": null})).is_err());
}

#[test]
fn of_github_only_tokens_of_our_own_app_pass() {
    let client =
        ClientAuth::Basic { client_id: "Iv1.ours".into(), secret: mcp_auth_core::SecretText::new("s") };
    let github = IntrospectionRules { kind: IntrospectionKind::GithubCheckToken, client, ..rules() };
    let answer = |client: &str| json!({"iss": null, "aud": null, "client_id": client});
    assert!(verdict(&github, answer("Iv1.ours")).is_ok());
    for other in ["Iv1.other", "iv1.ours", "app"] {
        assert!(matches!(verdict(&github, answer(other)), Err(TokenError::Client)), "{other}");
    }
}
