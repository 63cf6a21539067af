//! A refusal gets the sentence of the provider that is meant, and of no other one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_auth_core::seen::Excerpt;
use serde_json::{Value, json};

use super::*;
use crate::authn::error::TokenError;

static ONE: [Hint; 6] = [
    Hint { when: Sign::Encrypted, says: "one: encrypted" },
    Hint { when: Sign::Opaque, says: "one: opaque" },
    Hint { when: Sign::Missing("sub"), says: "one: sub" },
    Hint { when: Sign::Audience(Aud::Is("account")), says: "one: account" },
    Hint { when: Sign::Audience(Aud::Absent), says: "one: no aud" },
    Hint { when: Sign::Inactive, says: "one: inactive" },
];
static OTHER: [Hint; 5] = [
    Hint { when: Sign::Encrypted, says: "other: encrypted" },
    Hint { when: Sign::Type("application/other-at+jwt"), says: "other: typ" },
    Hint { when: Sign::Issuer("old.other.example/*/"), says: "other: old issuer" },
    Hint { when: Sign::Algorithm("HS256"), says: "other: HS256" },
    Hint { when: Sign::Begins(&["oth_"]), says: "other: its own tokens" },
];

const ISS: &str = "https://one.example";

fn hinted(iss: &str, asked: Option<&[&str]>, hints: &'static [Hint]) -> Hinted {
    let asked = asked.map(|starts| starts.iter().map(|start| (*start).to_owned()).collect());
    Hinted { names: vec![iss.to_owned()], asked, hints }
}

fn one() -> Hinted {
    hinted(ISS, None, &ONE)
}

fn other() -> Hinted {
    hinted("https://other.example", None, &OTHER)
}

fn hints(issuers: impl IntoIterator<Item = Hinted>) -> Hints {
    Hints::new(issuers.into_iter().collect(), ONE.iter().chain(&OTHER))
}

fn jwt(header: Value, claims: Value) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.AAAA", part(header), part(claims))
}

fn jwe() -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"dir","enc":"A256GCM"}"#);
    format!("{header}..AAAA.AAAA.AAAA")
}

fn malformed() -> TokenError {
    TokenError::Malformed("not three parts")
}

#[test]
fn what_cannot_be_read_gets_a_hint_only_where_one_provider_can_be_meant() {
    for error in [malformed(), TokenError::Unclaimed] {
        assert_eq!(hints([one()]).of(&jwe(), &error), Some("one: encrypted"));
        assert_eq!(hints([other()]).of(&jwe(), &error), Some("other: encrypted"));
        assert_eq!(hints([one(), other()]).of(&jwe(), &error), None, "either");
        let unnamed = hinted("https://built-in.example", None, &[]);
        assert_eq!(hints([one(), unnamed]).of(&jwe(), &error), None, "or one of no preset");
        let second = hinted("https://two.example", None, &ONE);
        assert_eq!(hints([one(), second]).of(&jwe(), &error), Some("one: encrypted"), "both are of it");
        assert_eq!(hints([one()]).of("opaque", &error), Some("one: opaque"));
        assert_eq!(hints([other()]).of("opaque", &error), None, "it has no such hint");
        assert_eq!(hints([]).of(&jwe(), &error), None);
    }
}

#[test]
fn a_token_that_names_its_issuer_gets_the_hints_of_that_one_alone() {
    let missing = TokenError::MissingClaim("sub");
    let of = |iss: &str, error: &TokenError| {
        hints([one(), other()]).of(&jwt(json!({ "alg": "HS256" }), json!({ "iss": iss })), error)
    };
    assert_eq!(of(ISS, &missing), Some("one: sub"));
    assert_eq!(of("https://other.example", &missing), None);
    assert_eq!(of(ISS, &TokenError::MissingClaim("exp")), None);
    assert_eq!(of("https://other.example", &TokenError::Algorithm), Some("other: HS256"));
    assert_eq!(of(ISS, &TokenError::Algorithm), None);
    let rs256 = jwt(json!({ "alg": "RS256" }), json!({ "iss": "https://other.example" }));
    assert_eq!(hints([other()]).of(&rs256, &TokenError::Algorithm), None, "another algorithm");
}

#[test]
fn a_sign_that_says_whose_it_is_needs_no_configured_issuer_in_the_token() {
    let both = hints([one(), other()]);
    let typ = |typ: &str, hints: &Hints| {
        let token = jwt(json!({ "alg": "RS256", "typ": typ }), json!({ "iss": "https://unknown.example" }));
        hints.of(&token, &TokenError::Type(Excerpt::of(typ)))
    };
    assert_eq!(typ("application/other-at+jwt", &both), Some("other: typ"));
    assert_eq!(typ("application/other-at+jwt", &hints([one()])), None, "its provider is not configured");
    assert_eq!(typ("logout+jwt", &both), None);
    let iss = |iss: &str, hints: &Hints| {
        hints.of(
            &jwt(json!({ "alg": "RS256" }), json!({ "iss": iss })),
            &TokenError::UnknownIssuer(Excerpt::of(iss)),
        )
    };
    assert_eq!(iss("https://old.other.example/a/", &both), Some("other: old issuer"));
    assert_eq!(iss("https://old.other.example/a/b/", &both), None);
    assert_eq!(iss("https://old.other.example/a/", &hints([one()])), None);
    assert_eq!(hints([one()]).of("oth_abc", &TokenError::Unclaimed), Some("other: its own tokens"));
    assert_eq!(hints([one()]).of("xoth_abc", &TokenError::Unclaimed), Some("one: opaque"));
}

#[test]
fn an_audience_is_looked_at_only_where_it_is_what_was_refused() {
    let error = || TokenError::Audience(Excerpt::of("x"));
    let of = |aud: Value, error: &TokenError| {
        hints([one()]).of(&jwt(json!({ "alg": "RS256" }), json!({ "iss": ISS, "aud": aud })), error)
    };
    assert_eq!(of(json!("account"), &error()), Some("one: account"));
    assert_eq!(of(json!(["x", "account"]), &error()), Some("one: account"));
    assert_eq!(of(json!([]), &error()), Some("one: no aud"));
    assert_eq!(of(json!("account2"), &error()), None);
    assert_eq!(of(json!("account"), &TokenError::Expired { ago_secs: 1 }), None);
    assert_eq!(of(Value::Null, &TokenError::MissingClaim("aud")), Some("one: no aud"));
}

#[test]
fn an_opaque_token_is_of_the_issuer_that_was_asked_about_it() {
    let asked = |starts: &'static [&'static str]| hinted(ISS, Some(starts), &ONE);
    let both = |starts| hints([other(), asked(starts)]);
    assert_eq!(both(&[]).of("abc", &TokenError::Inactive), Some("one: inactive"));
    assert_eq!(both(&["ab"]).of("abc", &TokenError::MissingClaim("sub")), Some("one: sub"));
    assert_eq!(both(&["x"]).of("abc", &TokenError::Inactive), None);
}

#[test]
fn what_no_issuer_made_and_what_is_our_own_trouble_get_no_hint() {
    let long = "a".repeat(20_000);
    for presented in ["mcpk_abc", long.as_str()] {
        assert_eq!(hints([one()]).of(presented, &TokenError::Unclaimed), None);
    }
    for error in TokenError::one_of_each().iter().filter(|error| error.retry_after().is_some()) {
        assert_eq!(hints([one()]).of("opaque", error), None, "{error}");
    }
}
