//! Each claim, good and bad.
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::check::*;
use super::claim_test::{ClaimAt, ClaimTest, ClaimTests};
use super::rules::TokenRules;
use crate::authn::error::TokenError;
use crate::authn::principal::Facts;
use crate::authn::scope_prefix::ScopePrefix;

const NOW: u64 = 1_800_000_000;
const US: &str = "https://rs.example/mcp";

fn rules() -> TokenRules {
    TokenRules::new(vec![US.into()])
}

/// Good claims with `changes` over them; null removes a claim, `json!("null")` sets null.
fn claims(changes: Value) -> Map<String, Value> {
    let mut claims = json!({
        "iss": "https://as.example", "aud": US, "sub": "alice", "client_id": "app",
        "iat": NOW, "exp": NOW + 600, "scope": "todos.read",
    });
    let claims = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.remove(name)),
            Value::String(s) if s == "null" => drop(claims.insert(name.clone(), Value::Null)),
            value => drop(claims.insert(name.clone(), value.clone())),
        }
    }
    claims.clone()
}

fn verdict(rules: &TokenRules, changes: Value) -> Result<Facts, TokenError> {
    check(rules, "https://as.example".into(), claims(changes), NOW)
}

fn passes(changes: Value) -> Facts {
    verdict(&rules(), changes.clone()).unwrap_or_else(|e| panic!("{changes}: {e}"))
}

fn refused(changes: Value) -> TokenError {
    verdict(&rules(), changes.clone()).expect_err(&changes.to_string())
}

#[test]
fn a_good_token_says_who_calls() {
    let token = passes(json!({}));
    assert_eq!((&*token.issuer, &*token.subject), ("https://as.example", "alice"));
    assert_eq!((token.client_id.as_deref(), token.expires_at), (Some("app"), Some(NOW + 600)));
    assert_eq!(token.held.scopes.to_string(), "todos.read");
    assert_eq!(token.claims.get()["sub"], "alice");
}

#[test]
fn t19_an_id_token_is_refused() {
    assert!(matches!(refused(json!({"aud": "app", "nonce": "n"})), TokenError::Audience(_)));
    assert!(matches!(refused(json!({"at_hash": "x"})), TokenError::IdToken));
    assert!(matches!(refused(json!({"c_hash": "x"})), TokenError::IdToken));
    passes(json!({"nonce": "n"}));
}

#[test]
fn t24_audience_is_compared_byte_for_byte() {
    let others = [
        "https://rs.example/mcp/",
        "HTTPS://RS.EXAMPLE/MCP",
        "https://rs.example/MCP",
        "https://rs.example/mcp.evil",
        "https://rs.example/mc",
        "https://rs.example",
        "https://other.example/mcp",
        "",
        "https://rs.example:443/mcp",
        "https://rs.example/mcp ",
    ];
    for other in others {
        assert!(matches!(refused(json!({"aud": other})), TokenError::Audience(_)), "{other}");
        assert!(matches!(refused(json!({"aud": [other]})), TokenError::Audience(_)), "[{other}]");
    }
    passes(json!({"aud": US}));
    passes(json!({"aud": [US]}));
}

#[test]
fn t23_audience_absent_or_of_another_shape_is_refused() {
    assert!(matches!(refused(json!({"aud": null})), TokenError::MissingClaim("aud")));
    for odd in [json!("null"), json!(5), json!({US: 1}), json!([US, 5]), json!([[US]]), json!(true)] {
        assert!(refused(json!({"aud": odd.clone()})).to_string().contains("aud"), "{odd}");
    }
    assert!(matches!(refused(json!({"aud": []})), TokenError::Audience(_)));
}

#[test]
fn t23_an_audience_may_be_absent_where_that_is_allowed_and_one_that_is_there_must_be_ours() {
    let clients = Some(vec!["app".to_owned()]);
    let optional = TokenRules { audience_optional: true, allowed_clients: clients, ..rules() };
    for fine in [json!({"aud": null}), json!({"aud": []}), json!({"aud": US}), json!({"aud": ["x", US]})] {
        assert!(verdict(&optional, fine.clone()).is_ok(), "{fine}");
    }
    for bad in [
        json!({"aud": "https://other.example"}),
        json!({"aud": ["https://other.example"]}),
        json!({"aud": ""}),
        json!({"aud": [""]}),
        json!({"aud": "null"}),
        json!({"aud": {}}),
        json!({"aud": [[]]}),
        json!({"aud": false}),
        json!({"aud": null, "client_id": "other"}),
        json!({"aud": null, "client_id": null}),
        json!({"aud": [], "client_id": "other"}),
    ] {
        assert!(verdict(&optional, bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn t25_other_audiences_beside_ours_pass_unless_single_audience() {
    let both = json!({"aud": ["https://other.example", US]});
    passes(both.clone());
    let single = TokenRules { single_audience: true, ..rules() };
    assert!(matches!(verdict(&single, both), Err(TokenError::SeveralAudiences)));
    assert!(verdict(&single, json!({"aud": [US]})).is_ok());
}

#[test]
fn t27_issuer_is_one_string() {
    for odd in [
        json!(["https://evil", "https://as.example"]),
        json!(["https://as.example"]),
        json!(5),
        json!("null"),
    ] {
        assert!(issuer(&claims(json!({"iss": odd.clone()}))).is_err(), "{odd}");
    }
    assert!(matches!(issuer(&claims(json!({"iss": null}))), Err(TokenError::MissingClaim("iss"))));
    assert_eq!(issuer(&claims(json!({}))).unwrap(), "https://as.example");
}

#[test]
fn t31_exp_is_a_number_and_required() {
    assert!(matches!(refused(json!({"exp": null})), TokenError::MissingClaim("exp")));
    for odd in [json!("null"), json!(true), json!((NOW + 600).to_string()), json!({}), json!([NOW + 600])] {
        assert!(
            matches!(refused(json!({"exp": odd.clone()})), TokenError::Claim { claim: "exp", .. }),
            "{odd}"
        );
    }
    passes(json!({"exp": NOW as f64 + 600.5}));
}

#[test]
fn t33_t34_absurd_expiry_is_refused() {
    for odd in [
        json!(1e308),
        json!(18_446_744_073_709_551_616.0),
        json!(u64::MAX),
        json!(1e18),
        json!(-1),
        json!(-1e9),
        json!(LAST_DATE + 1),
    ] {
        assert!(
            matches!(refused(json!({"exp": odd.clone()})), TokenError::Claim { claim: "exp", .. }),
            "{odd}"
        );
    }
    assert!(read(br#"{"exp":1e999}"#).is_err());
    assert!(matches!(refused(json!({"exp": LAST_DATE})), TokenError::LivesTooLong { .. }));
}

#[test]
fn t34_lifetime_is_bounded_with_and_without_iat() {
    let day = DEFAULT.as_secs();
    const DEFAULT: Duration = crate::authn::verifier::jwt::bounds::MAX_TOKEN_LIFETIME.default;
    passes(json!({"exp": NOW + day}));
    assert!(matches!(refused(json!({"exp": NOW + day + 1})), TokenError::LivesTooLong { .. }));
    passes(json!({"iat": null, "exp": NOW + day + 30}));
    assert!(matches!(refused(json!({"iat": null, "exp": NOW + day + 31})), TokenError::LivesTooLong { .. }));
    let spread = json!({"iat": NOW - day, "exp": NOW + 1});
    assert!(matches!(refused(spread), TokenError::LivesTooLong { .. }));
}

#[test]
fn t36_expiry_allows_exactly_the_skew() {
    let skew = 30;
    let at = |exp: u64| json!({"exp": exp, "iat": NOW - 600});
    passes(at(NOW - (skew - 5)));
    passes(at(NOW - (skew - 1)));
    assert!(matches!(refused(at(NOW - skew)), TokenError::Expired { ago_secs: 30 }));
    assert!(matches!(refused(at(NOW - (skew + 5))), TokenError::Expired { ago_secs: 35 }));
    let none = TokenRules { clock_skew: Duration::ZERO, ..rules() };
    assert!(verdict(&none, at(NOW)).is_err());
    assert!(verdict(&none, at(NOW + 1)).is_ok());
}

#[test]
fn t37_nbf_and_iat_in_the_future_are_refused_beyond_the_skew() {
    passes(json!({"nbf": NOW + 30}));
    assert!(matches!(
        refused(json!({"nbf": NOW + 31})),
        TokenError::NotYetValid { claim: "nbf", in_secs: 31 }
    ));
    assert!(matches!(refused(json!({"nbf": NOW as f64 + 30.5})), TokenError::NotYetValid { .. }));
    passes(json!({"iat": NOW + 30}));
    assert!(matches!(
        refused(json!({"iat": NOW + 31})),
        TokenError::NotYetValid { claim: "iat", in_secs: 31 }
    ));
    for claim in ["nbf", "iat"] {
        for odd in [json!(NOW.to_string()), json!(1e308), json!(true), json!("null"), json!([])] {
            assert!(
                matches!(refused(json!({claim: odd.clone()})), TokenError::Claim { .. }),
                "{claim} {odd}"
            );
        }
        passes(json!({claim: null}));
    }
}

#[test]
fn t39_times_in_the_wrong_order_are_refused() {
    assert!(matches!(
        refused(json!({"iat": NOW + 20, "exp": NOW + 10})),
        TokenError::Claim { claim: "exp", .. }
    ));
    assert!(matches!(
        refused(json!({"nbf": NOW + 20, "exp": NOW + 10})),
        TokenError::Claim { claim: "nbf", .. }
    ));
    passes(json!({"nbf": NOW - 20, "iat": NOW - 20, "exp": NOW + 10}));
}

#[test]
fn t46_subject_is_a_short_plain_string() {
    assert!(matches!(refused(json!({"sub": null})), TokenError::MissingClaim("sub")));
    let long = "x".repeat(10 * 1024);
    for odd in [
        json!(""),
        json!("null"),
        json!(5),
        json!({}),
        json!(["alice"]),
        json!(long),
        json!("x".repeat(256)),
        json!("a\r\nb"),
        json!("a\u{0}"),
        json!("\u{202e}a"),
        json!("a\u{2066}b"),
        json!("a\u{2028}b"),
        json!("a\u{85}b"),
        json!("\u{61c}a"),
        json!("alice\u{200b}"),
        json!("alice\u{e0041}"),
        json!("alice\u{fe01}"),
    ] {
        assert!(
            matches!(refused(json!({"sub": odd.clone()})), TokenError::Claim { claim: "sub", .. }),
            "{odd}"
        );
    }
    for fine in ["x".repeat(255), "auth0|5f7c".into(), "日本 語".into(), "می\u{200c}خواهم".into()] {
        assert_eq!(passes(json!({"sub": fine})).subject, fine);
    }
}

#[test]
fn t48_the_first_scope_claim_present_counts_alone() {
    let both = json!({"scope": "a", "scp": ["b"], "permissions": ["c"]});
    let by = |names: &[&str]| TokenRules {
        scope_claims: names.iter().map(|n| (*n).to_owned()).collect(),
        ..rules()
    };
    for (names, expected) in [
        (&["scope"][..], "a"),
        (&["scp", "scope"], "b"),
        (&["roles", "permissions", "scope"], "c"),
        (&["roles"], ""),
    ] {
        assert_eq!(verdict(&by(names), both.clone()).unwrap().held.scopes.to_string(), expected, "{names:?}");
    }
    let null_first = verdict(&by(&["scope", "scp"]), json!({"scope": "null", "scp": ["admin"]})).unwrap();
    assert!(null_first.held.scopes.is_empty(), "present and null is present");
}

#[test]
fn t49_a_scope_string_is_split_on_the_space_only_and_array_members_not_at_all() {
    for text in ["a\tadmin", "a\u{a0}admin", "a\u{2003}admin", "a,admin", "\"admin\"", "a\nadmin"] {
        assert!(!passes(json!({"scope": text})).held.scopes.contains("admin"), "{text:?}");
    }
    assert!(passes(json!({"scope": "a admin"})).held.scopes.contains("admin"));
    assert!(!passes(json!({"scope": ["a admin"]})).held.scopes.contains("admin"));
    assert!(passes(json!({"scope": ["a", "admin"]})).held.scopes.contains("admin"));
}

#[test]
fn t73_scopes_count_with_their_prefix_alone_where_there_is_one() {
    let prefixed = TokenRules { scope_prefix: Some(ScopePrefix::new("api://todos/")), ..rules() };
    let held = |scope: Value| verdict(&prefixed, json!({"scope": scope})).unwrap().held.scopes.to_string();
    for same in [
        json!("api://todos/a b api://other/c openid"),
        json!(["api://todos/a", "b", "api://other/c", "openid"]),
    ] {
        assert_eq!(held(same), "a openid");
    }
    assert_eq!(held(json!("admin")), "");
    assert_eq!(passes(json!({"scope": "api://todos/a"})).held.scopes.to_string(), "api://todos/a");
}

#[test]
fn t51_too_many_scopes_are_refused() {
    let many = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>();
    assert_eq!(passes(json!({"scope": many(1024).join(" ")})).held.scopes.len(), 1024);
    assert!(matches!(refused(json!({"scope": many(1025).join(" ")})), TokenError::Claim { .. }));
    assert!(matches!(refused(json!({"scope": many(1025)})), TokenError::Claim { .. }));
}

#[test]
fn t52_a_scope_claim_of_another_shape_grants_nothing() {
    for odd in
        [json!("null"), json!({}), json!(5), json!(["todos.read", 5]), json!({"todos.read": true}), json!("")]
    {
        let odd = json!({ "scope": odd });
        assert!(passes(odd.clone()).held.scopes.is_empty(), "{odd}");
    }
    assert!(passes(json!({"scope": null})).held.scopes.is_empty());
}

#[test]
fn t53_what_binds_a_token_to_its_sender_is_kept_for_the_binding() {
    for cnf in [json!({"jkt": "x"}), json!({"x5t#S256": "x"}), json!({}), json!("null")] {
        assert!(passes(json!({"cnf": cnf})).confirmation.is_some());
    }
    assert!(passes(json!({})).confirmation.is_none());
}

#[test]
fn t54_only_allowed_clients_pass_where_the_issuer_names_some() {
    let only = TokenRules { allowed_clients: Some(vec!["app".into()]), ..rules() };
    assert!(verdict(&only, json!({})).is_ok());
    assert!(verdict(&only, json!({"client_id": null, "azp": "app"})).is_ok());
    for other in [
        json!({"client_id": "other"}),
        json!({"client_id": null}),
        json!({"client_id": "other", "azp": "app"}),
    ] {
        assert!(matches!(verdict(&only, other.clone()), Err(TokenError::Client)), "{other}");
    }
    assert_eq!(passes(json!({"client_id": null})).client_id.as_deref(), None);
    for odd in [json!(5), json!(""), json!("a\nb"), json!(["app"])] {
        assert!(matches!(refused(json!({"client_id": odd})), TokenError::Claim { claim: "client_id", .. }));
    }
}

fn tests(claim: &str, test: ClaimTest) -> ClaimTests {
    [(ClaimAt { written: claim.to_owned(), names: vec![claim.to_owned()] }, test)].into_iter().collect()
}

fn named(claims: &[&str]) -> Vec<String> {
    claims.iter().map(|claim| (*claim).to_owned()).collect()
}

#[test]
fn t63_a_required_claim_must_say_what_is_asked_and_a_refused_one_must_not() {
    let access = tests("token_use", ClaimTest::OneOf(vec![json!("access")]));
    let rules = TokenRules { require_claims: access, ..rules() };
    assert!(verdict(&rules, json!({"token_use": "access"})).is_ok());
    for other in [json!(null), json!("id"), json!(["access"]), json!("null"), json!("Access")] {
        let error = verdict(&rules, json!({"token_use": other})).expect_err("refused");
        assert!(matches!(error, TokenError::RequiredClaim { .. }), "{error}");
        assert!(error.to_string().contains("`token_use`"), "{error}");
    }
    let anonymous = tests("is_anonymous", ClaimTest::OneOf(vec![json!(true)]));
    let rules = TokenRules { refuse_claims: anonymous, ..rules };
    let with = |anonymous: Value| json!({"token_use": "access", "is_anonymous": anonymous});
    for fine in [json!(null), json!(false), json!("true")] {
        assert!(verdict(&rules, with(fine.clone())).is_ok(), "{fine}");
    }
    for bad in [json!(true), json!([false, true])] {
        assert!(matches!(verdict(&rules, with(bad)), Err(TokenError::RefusedClaim { .. })));
    }
}

#[test]
fn t64_the_first_subject_claim_that_says_something_counts_and_must_be_well_formed() {
    let rules = TokenRules { subject_claims: named(&["uid", "sub"]), ..rules() };
    let subject = |changes: Value| {
        let facts = verdict(&rules, changes)?;
        Ok((facts.subject, facts.subject_claim.as_deref().map(str::to_owned)))
    };
    let by = |subject: &str, claim: Option<&str>| (subject.to_owned(), claim.map(str::to_owned));
    assert_eq!(subject(json!({"uid": "00u1"})).unwrap(), by("00u1", Some("uid")));
    assert_eq!(subject(json!({})).unwrap(), by("alice", None));
    assert_eq!(subject(json!({"uid": ""})).unwrap(), by("alice", None));
    for odd in [json!(5), json!("null"), json!(["alice"]), json!("a\u{202e}"), json!("x".repeat(256))] {
        let error: TokenError = subject(json!({"uid": odd})).expect_err("refused");
        assert!(matches!(error, TokenError::Subject { .. }), "{error}");
    }
    for none in [json!({"sub": null}), json!({"sub": "", "uid": ""}), json!({"sub": "", "uid": null})] {
        let error: TokenError = subject(none).expect_err("refused");
        assert!(error.to_string().contains("`uid`, `sub`, which names the subject, is absent"), "{error}");
    }
    let alone = TokenRules { subject_claims: named(&["uid"]), ..rules };
    assert!(matches!(verdict(&alone, json!({"uid": ""})), Err(TokenError::Subject { .. })));
    assert!(verdict(&alone, json!({"sub": null, "uid": "00u1"})).is_ok());
    assert!(verdict(&alone, json!({})).is_err(), "another claim is not asked");
}

#[test]
fn t65_what_says_that_a_program_calls_makes_it_one_and_so_does_a_subject_that_is_the_client() {
    let grant = tests("gty", ClaimTest::OneOf(vec![json!("client-credentials")]));
    let clients = TokenRules { client_when: grant, ..rules() };
    for (changes, is_client) in [
        (json!({"gty": "client-credentials"}), true),
        (json!({"gty": "password"}), false),
        (json!({"gty": ["client-credentials"]}), false),
        (json!({}), false),
        (json!({"sub": "app"}), true),
    ] {
        assert_eq!(verdict(&clients, changes.clone()).unwrap().is_client, is_client, "{changes}");
    }
    assert!(!passes(json!({"gty": "client-credentials"})).is_client);
}

#[test]
fn t54_the_client_is_named_by_the_first_client_claim_present_and_by_no_other() {
    let by_cid = TokenRules { client_claims: named(&["cid", "appid"]), ..rules() };
    let client = |changes: Value| verdict(&by_cid, changes).unwrap().client_id;
    assert_eq!(client(json!({"cid": "a", "appid": "b"})).as_deref(), Some("a"));
    assert_eq!(client(json!({"appid": "b"})).as_deref(), Some("b"));
    assert_eq!(client(json!({"azp": "c"})), None, "client_id and azp are not asked");
    let only = TokenRules { allowed_clients: Some(vec!["app".into()]), ..by_cid };
    assert!(verdict(&only, json!({"cid": "app"})).is_ok());
    for other in [json!({}), json!({"azp": "app"}), json!({"cid": "x", "client_id": "app", "appid": "app"})] {
        assert!(matches!(verdict(&only, other.clone()), Err(TokenError::Client)), "{other}");
    }
}
