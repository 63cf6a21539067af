//! Which tokens of an issuer are accepted by what their claims say, and whose they are.

use mcp_auth::serde_json;
use serde_json::{Value, json};

use super::bench::Bench;

/// What a tool is told of the caller.
async fn who(bench: &Bench, changes: Value) -> Value {
    let token = bench.token(changes.clone());
    let answer = bench.server.client().token(token).call_tool("whoami", json!({})).await;
    let text = answer.text().unwrap_or_else(|| panic!("{changes}: {} {}", answer.status(), answer.body()));
    serde_json::from_str(text).expect("JSON")
}

#[tokio::test]
async fn t63_other_tokens_of_the_issuer_are_refused_by_what_their_claims_say() {
    let bench = Bench::with(
        "require_claims = { token_use = \"access\", ver = [\"1.0\", 2], client_id = { present = true }, \
         \"/ctx/kind\" = { starts_with = \"api\" }, \"urn:x:y.z/w\" = true }\n\
         refuse_claims = { is_anonymous = true, amr = \"guest\", \"/ext/a~1b\" = { ends_with = \"-test\" } }",
    )
    .await;
    let good = json!({ "token_use": "access", "ver": 2, "ctx": { "kind": "api/v1" }, "urn:x:y.z/w": true });
    let with = |changes: Value| {
        let mut all = good.clone();
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        bench.token(all)
    };
    for fine in [
        json!({}),
        json!({ "ver": "1.0" }),
        json!({ "is_anonymous": false }),
        json!({ "amr": ["pwd"], "ext": { "a/b": "live" } }),
    ] {
        bench.accepts(&with(fine.clone()), &fine.to_string()).await;
    }
    for bad in [
        json!({ "token_use": "id" }),
        json!({ "token_use": null }),
        json!({ "token_use": ["access"] }),
        json!({ "token_use": { "access": true } }),
        json!({ "ver": "2" }),
        json!({ "ver": 1.0 }),
        json!({ "client_id": null, "azp": "app" }),
        json!({ "ctx": null, "ctx.kind": "api", "/ctx/kind": "api", "ctx/kind": "api" }),
        json!({ "ctx": [{ "kind": "api" }] }),
        json!({ "ctx": { "kind": "xapi" } }),
        json!({ "urn:x:y.z/w": "true" }),
        json!({ "urn:x:y.z/w": null, "urn:x:y": { "z/w": true } }),
        json!({ "is_anonymous": true }),
        json!({ "amr": "guest" }),
        json!({ "amr": ["pwd", "guest"] }),
        json!({ "ext": { "a/b": "x-test" } }),
        json!({ "ext": { "a/b": ["y", "x-test"] } }),
    ] {
        bench.refuses(&with(bad.clone()), &bad.to_string()).await;
    }
}

#[tokio::test]
async fn t64_callers_named_alike_by_two_claims_are_two_callers() {
    let bench = Bench::with("subject_claims = [\"uid\", \"sub\"]").await;
    let id = async |changes: Value| who(&bench, changes).await["id"].clone();
    let alice = id(json!({ "uid": "00u1", "sub": "alice" })).await;
    assert_eq!(alice, id(json!({ "uid": "00u1", "sub": "alice@new.example" })).await, "the same uid");
    for other in [
        json!({ "uid": "alice", "sub": "00u1" }),
        json!({ "sub": "00u1" }),
        json!({ "uid": "", "sub": "00u1" }),
        json!({ "sub": "alice" }),
        json!({ "sub": "00u1", "client_id": "00u1" }),
    ] {
        assert_ne!(alice, id(other.clone()).await, "{other}");
    }
    // A name that people may choose makes nobody a program.
    assert_eq!(alice, id(json!({ "uid": "00u1", "client_id": "00u1" })).await);
    assert_eq!(who(&bench, json!({ "uid": "00u1" })).await["subject"], "00u1");
    for bad in [
        json!({ "uid": 5 }),
        json!({ "uid": [] }),
        json!({ "uid": "a\r\nb" }),
        json!({ "sub": null }),
        json!({ "sub": "", "uid": "" }),
    ] {
        bench.refuses(&bench.token(bad.clone()), &bad.to_string()).await;
    }
    let usual = Bench::new().await;
    usual.refuses(&usual.token(json!({ "sub": "", "uid": "00u1" })), "uid is not asked").await;
}

#[tokio::test]
async fn t65_a_program_and_a_person_of_one_name_are_two_callers() {
    let bench = Bench::with(
        "client_claims = [\"cid\"]\n\
         client_when = { gty = \"client-credentials\", sub = { ends_with = \"@clients\" }, uid = { present = false } }",
    )
    .await;
    let id = async |changes: Value| who(&bench, changes).await["id"].clone();
    let person = id(json!({ "uid": "1" })).await;
    assert_eq!(person, id(json!({ "uid": "2", "cid": "app", "gty": "password" })).await);
    let program = id(json!({ "uid": "1", "gty": "client-credentials" })).await;
    assert_ne!(person, program);
    for same in [json!({}), json!({ "uid": "" }), json!({ "uid": "1", "cid": "alice" })] {
        assert_eq!(program, id(same.clone()).await, "{same}");
    }
    assert_eq!(who(&bench, json!({ "cid": "app", "client_id": "other" })).await["client_id"], "app");
    assert_eq!(who(&bench, json!({ "client_id": "other" })).await["client_id"], Value::Null);
}
