//! `[store]`: what one process knows, the next one knows too.

use mcp_auth::testing::{Answer, Client, Era};
use mcp_auth_tests::process::{Launch, Socket};
use serde_json::json;

use crate::launch::{self, Issuer};

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

const RULED: &str = "auth.base_scopes = []\n[roles.r]\nwhen = { claim = \"groups\", contains = \"r\" }\nimplies = [\"s\"]\n\
                     [roles.s]\nwhen = { claim = \"groups\", contains = \"s\" }\n[tools.confirmed_by_login]\ndisabled = true\n";

/// A process with this `[store]`.
fn with(issuer: &Issuer, url: &str, key: &str) -> Launch {
    let launch =
        launch::toml(RULED).variable("TEST_SERVER", "ruled").variable("MCP_SERVER__LISTEN", "127.0.0.1:0");
    let launch = launch.variable("MCP_SERVER__PUBLIC_URL", launch::RESOURCE);
    let launch = launch.variable("MCP_AUTH__ISSUERS", &issuer.configured()).variable("MCP_STORE__URL", url);
    launch.variable("MCP_STORE__KEY", "env:STORE_KEY").variable("STORE_KEY", key)
}

fn caller(server: &Socket, issuer: &Issuer) -> Client {
    let token = issuer.token("ann").scope("c");
    server.client().era(Era::Stateless).token(token).person(|_| json!({ "action": "cancel" }))
}

async fn call(client: &Client, state: Option<&str>) -> Answer {
    let mut params = json!({ "name": "confirmed", "arguments": { "bucket": "home", "word": "ok" } });
    if let Some(state) = state {
        params["requestState"] = json!(state);
        params["inputResponses"] =
            json!({ "question": { "action": "accept", "content": { "allow": true } } });
    }
    client.request_without_session("tools/call", params).await
}

/// A question of one process is answered to the next one, once, and to none with another store.
async fn a_question_goes_from_process_to_process(url: &str, other: &str) {
    let issuer = Issuer::start().await;
    let started =
        async |url: &str| with(&issuer, "env:DATABASE_URL", KEY).variable("DATABASE_URL", url).http().await;
    let before = started(url).await;
    let asked = call(&caller(&before, &issuer), None).await;
    let state = asked.result().expect("a question")["requestState"].as_str().expect("a state").to_owned();
    drop(before);

    let stranger = started(other).await;
    let refused = call(&caller(&stranger, &issuer), Some(&state)).await;
    assert_eq!(refused.error_code(), Some(-32602), "{}", refused.body());
    drop(stranger);

    let other_key = with(&issuer, "env:DATABASE_URL", &KEY.replace("ff", "fe")).variable("DATABASE_URL", url);
    let ended = other_key.run().await;
    ended.refused(&["the store is encrypted with another key", "store.url"]);
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);

    let after = started(url).await;
    let answered = call(&caller(&after, &issuer), Some(&state)).await;
    assert_eq!(answered.text(), Some("home"), "{}", answered.body());
    drop(after);

    let last = started(url).await;
    let again = call(&caller(&last, &issuer), Some(&state)).await;
    assert_eq!(again.error_code(), Some(-32602), "it counted once: {}", again.body());
}

#[tokio::test]
async fn a_question_of_one_process_is_answered_to_the_next_one_once() {
    let directory = tempfile::tempdir().unwrap();
    let [url, other] =
        ["store", "other"].map(|name| format!("sqlite:{}", directory.path().join(name).display()));
    a_question_goes_from_process_to_process(&url, &other).await;
}

/// The same on each of the servers that `cargo xtask stores` starts, of which each test has a part of its own.
#[tokio::test]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn a_question_of_one_process_is_answered_to_the_next_one_once_on_a_server_of_postgresql() {
    let url = std::env::var("MCP_AUTH_TEST_POSTGRES").expect("the URL of a server");
    let (at, _) = url.rsplit_once('/').expect("a database");
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let names = ["store", "other"].map(|name| format!("question_{name}_{}", std::process::id()));
    for name in &names {
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    }
    let [url, other] = names.map(|name| format!("{at}/{name}"));
    a_question_goes_from_process_to_process(&url, &other).await;
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_question_of_one_process_is_answered_to_the_next_one_once_on_a_server_of_redis() {
    let at = std::env::var("MCP_AUTH_TEST_REDIS").expect("the URL of a server");
    let [url, other] =
        ["store", "other"].map(|name| format!("{at}?prefix=question-{name}-{}", std::process::id()));
    a_question_goes_from_process_to_process(&url, &other).await;
}

#[tokio::test]
async fn a_store_that_is_not_safe_or_not_there_stops_the_start() {
    let (issuer, directory) = (Issuer::start().await, tempfile::tempdir().unwrap());
    let url = format!("sqlite:{}", directory.path().join("store.sqlite").display());
    for (url, key, why) in [
        (&*url, "", "environment variable STORE_KEY is empty"),
        (&*url, "changeme", "environment variable STORE_KEY holds a placeholder"),
        (&*url, "0011", "is not a key: 64 hexadecimal digits"),
        (&*url, &"0".repeat(64), "is not a key: 64 hexadecimal digits"),
        (&*url, &format!("{KEY}00"), "is not a key: 64 hexadecimal digits"),
        ("memory:", KEY, "a store in memory encrypts nothing"),
        ("sqlite:/nowhere/at/all/store", KEY, "cannot open the store /nowhere/at/all/store"),
        ("mysql://localhost/x", KEY, "expected \"memory:\""),
        ("postgres://me:hunter2@localhost/x", KEY, "it holds a password"),
        ("env:NOWHERE", KEY, "environment variable NOWHERE is not set"),
    ] {
        let ended = with(&issuer, url, key).run().await;
        ended.refused(&[why]);
        assert!(!ended.stderr.contains("00112233"), "{}", ended.stderr);
    }
    let keyless = launch::toml(RULED).variable("TEST_SERVER", "ruled").variable("MCP_STORE__URL", &url);
    let keyless = keyless.variable("MCP_AUTH__ISSUERS", &issuer.configured());
    keyless
        .variable("MCP_SERVER__PUBLIC_URL", launch::RESOURCE)
        .run()
        .await
        .refused(&["openssl rand -hex 32"]);
}
