//! API keys: the same verdicts as with a token, in each place where a key may stand, and none where it may not.

use mcp_auth::serde_json;
use mcp_auth::testing::{Answer, Client, Era, TestServer};
use mcp_auth_core::ApiKey;
use mcp_auth_core::ambient::SystemRandom;
use mcp_auth_runtime::facade::ApiKeyDigest;
use mcp_auth_tests::clock::MovedClock;
use serde_json::{Value, json};

use crate::everything::{CONFIG, Everything};
use crate::launch;
use crate::process::{Launch, refusal, text};
use crate::wire::{Reply, Wire};

/// A key, and what the configuration keeps of it.
pub(crate) struct Made {
    key: ApiKey,
    digest: String,
}

pub(crate) fn made() -> Made {
    let key = ApiKey::make(&SystemRandom);
    let digest = ApiKeyDigest::of(&key).to_string();
    Made { key, digest }
}

impl Made {
    pub(crate) fn text(&self) -> &str {
        self.key.expose()
    }

    /// Its block, by this name and then some.
    pub(crate) fn block(&self, name: &str, more: &str) -> String {
        format!("[[auth.api_keys]]\nname = {name:?}\ndigest = {:?}\n{more}\n", self.digest)
    }
}

/// A server that accepts keys and nothing else.
async fn keys_only(toml: &str) -> TestServer {
    Everything::default().start_with(toml).await
}

fn who(answer: &Answer) -> Value {
    let who = answer.text().unwrap_or_else(|| panic!("{} {}", answer.status(), answer.body()));
    serde_json::from_str(who).expect("JSON")
}

/// Refused with this status and error, and without running anything.
fn refused(answer: &Answer, status: u16, error: &str) -> String {
    assert_eq!(answer.status(), status, "{}", answer.body());
    let challenge = answer.challenge().expect("a challenge");
    assert_eq!(challenge.error(), Some(error), "{challenge:?}");
    challenge.get("error_description").expect("a description").to_owned()
}

async fn get(wire: Wire, path: &str) -> Reply {
    let host = wire.host();
    wire.raw(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await
}

async fn whoami(client: Client) -> Answer {
    client.call_tool("whoami", json!({})).await
}

#[tokio::test]
async fn the_bearer_of_a_key_may_do_what_its_block_gives_and_no_more_in_every_era() {
    let (ci, other) = (made(), made());
    let roles = "[roles.viewer]\n[roles.manager]\nimplies = [\"viewer\"]\n";
    let toml = [
        ci.block("ci", "scopes = [\"write\"]\nroles = [\"manager\"]"),
        other.block("other", ""),
        roles.to_owned(),
    ];
    let server = keys_only(&toml.concat()).await;
    for era in Era::ALL {
        let client = |made: &Made| server.client().era(era).token(made.text());
        let answer = who(&whoami(client(&ci)).await);
        assert_eq!(answer["subject"], "ci");
        assert_eq!(answer["issuer"], "urn:mcp-auth:api-key");
        assert_eq!(answer["client_id"], Value::Null);
        assert_eq!((&answer["scopes"], &answer["roles"]), (&json!("write"), &json!("manager viewer")));
        assert_eq!(client(&ci).call_tool("read_note", json!({})).await.status(), 200, "implied");
        assert_eq!(client(&other).call_tool("who", json!({})).await.text(), Some("other"));
        refused(&client(&other).call_tool("read_note", json!({})).await, 403, "insufficient_scope");
        refused(&client(&ci).call_tool("export_notes", json!({})).await, 403, "insufficient_scope");
        refused(&whoami(client(&made())).await, 401, "invalid_token");
    }
}

#[tokio::test]
async fn t60_a_key_is_no_token_and_a_token_no_key_wherever_they_stand() {
    let ci = made();
    let server = keys_only(&format!("[issuer]\n[auth]\nx_api_key = true\n{}", ci.block("ci", ""))).await;
    let token = server.token("alice").mint();
    assert_eq!(who(&whoami(server.client().token(ci.text())).await)["subject"], "ci");
    assert_eq!(who(&whoami(server.client().token(token.clone())).await)["subject"], "alice");
    assert_eq!(who(&whoami(server.client().header("x-api-key", ci.text())).await)["subject"], "ci");
    let said = refused(&whoami(server.client().header("x-api-key", &token)).await, 401, "invalid_token");
    assert_eq!(said, "this is not an API key");

    // What bears the prefix is judged as a key alone, whatever else it is.
    for (text, said) in [
        (format!("mcpk_{token}"), "the API key is malformed; was it copied whole?"),
        (ci.text()[..50].to_owned(), "the API key is malformed; was it copied whole?"),
        (made().text().to_owned(), "the API key is not accepted"),
    ] {
        assert_eq!(refused(&whoami(server.client().token(text)).await, 401, "invalid_token"), said);
    }
}

#[tokio::test]
async fn where_keys_are_all_there_is_no_metadata_and_no_challenge_names_any() {
    let ci = made();
    let server = keys_only(&ci.block("ci", "")).await;
    let wire = Wire::of(&server);
    for path in [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
    ] {
        let reply = get(wire, path).await;
        assert_eq!(reply.status(), 404, "{path}");
    }
    assert_eq!(get(wire, "/readyz").await.status(), 200, "it has all that it needs");
    let header = |answer: &Answer| answer.header("www-authenticate").expect("a challenge").to_owned();
    let anonymous = whoami(server.client()).await;
    assert_eq!((anonymous.status(), &*header(&anonymous)), (401, "Bearer scope=\"base\""));
    assert!(!anonymous.body().contains("resource_metadata"), "{}", anonymous.body());
    let denied = server.client().token(ci.text()).call_tool("read_note", json!({})).await;
    assert_eq!(denied.status(), 403);
    assert!(!header(&denied).contains("resource_metadata") && !denied.body().contains("resource_metadata"));

    // Without base scopes, and so without anything to name.
    let bare = TestServer::builder(Everything::default()).toml(&ci.block("ci", "")).expect("a configuration");
    let bare = bare.start().await.expect("keys are enough");
    let anonymous = whoami(bare.client()).await;
    assert_eq!((anonymous.status(), &*header(&anonymous)), (401, "Bearer realm=\"mcp\""));

    // The twin: with an issuer beside the keys, both are there.
    let both = keys_only(&format!("[issuer]\n{}", ci.block("ci", ""))).await;
    assert_eq!(get(Wire::of(&both), "/.well-known/oauth-protected-resource").await.status(), 200);
    assert!(header(&whoami(both.client()).await).contains("resource_metadata"));
    assert_eq!(who(&whoami(both.client().token(ci.text())).await)["subject"], "ci");
}

#[tokio::test]
async fn a_key_in_its_header_counts_where_that_is_on_and_reaches_no_tool_anywhere() {
    let ci = made();
    let on = keys_only(&format!("[auth]\nx_api_key = true\n{}", ci.block("ci", "scopes = [\"read\"]"))).await;
    let off = keys_only(&ci.block("ci", "")).await;
    for era in Era::ALL {
        let with_key = |server: &TestServer| server.client().era(era).header("x-api-key", ci.text());
        assert_eq!(who(&whoami(with_key(&on)).await)["subject"], "ci");
        let parts = with_key(&on).call_tool("request_parts", json!({})).await;
        let parts = parts.text().expect("the parts");
        assert!(!parts.contains("x-api-key") && !parts.contains("mcpk_"), "{parts}");

        let ignored = whoami(with_key(&off)).await;
        assert_eq!((ignored.status(), ignored.challenge().expect("one").error()), (401, None), "as without");
        let parts = with_key(&off).token(ci.text()).call_tool("request_parts", json!({})).await;
        assert!(!parts.text().expect("the parts").contains("mcpk_"), "and stripped all the same");
    }
}

#[tokio::test]
async fn h09_a_key_beside_another_credential_or_said_badly_is_a_bad_request() {
    let ci = made();
    let server = keys_only(&format!("[issuer]\n[auth]\nx_api_key = true\n{}", ci.block("ci", ""))).await;
    let (wire, key) = (Wire::of(&server), ci.text());
    let token = server.token("alice").mint();
    for lines in [
        format!("Authorization: Bearer {token}\r\nX-API-Key: {key}\r\n"),
        format!("Authorization: Bearer {key}\r\nX-API-Key: {key}\r\n"),
        format!("Authorization: Bearer\r\nX-API-Key: {key}\r\n"),
        format!("X-API-Key: {key}\r\nX-Api-Key: {key}\r\n"),
        format!("X-API-Key: {key},{key}\r\n"),
        format!("X-API-Key: Bearer {key}\r\n"),
        "X-API-Key:\r\n".to_owned(),
        "X-API-Key: caf\u{e9}\r\n".to_owned(),
    ] {
        let reply = wire.call("who", &lines).await;
        assert_eq!(reply.status(), 400, "{lines}: {}", reply.text());
        let challenge = reply.header("www-authenticate").expect("a challenge");
        assert!(challenge.contains("error=\"invalid_request\""), "{lines}: {challenge}");
    }
    for lines in
        [format!("X-API-Key: {key}\r\n"), format!("Authorization: Basic eA==\r\nX-API-Key: {key}\r\n")]
    {
        assert_eq!(wire.call("who", &lines).await.status(), 200, "{lines}");
    }
}

#[tokio::test]
async fn a_key_is_changed_by_two_digests_and_its_bearer_stays_the_same() {
    let (old, new) = (made(), made());
    let both = format!("[[auth.api_keys]]\nname = \"ci\"\ndigest = [{:?}, {:?}]\n", old.digest, new.digest);
    let server = keys_only(&both).await;
    let id = async |server: &TestServer, made: &Made| {
        who(&whoami(server.client().token(made.text())).await)["id"].clone()
    };
    let before = id(&server, &old).await;
    assert_eq!(id(&server, &new).await, before);
    let after = keys_only(&new.block("ci", "")).await;
    assert_eq!(id(&after, &new).await, before);
    refused(&whoami(after.client().token(old.text())).await, 401, "invalid_token");
}

#[tokio::test]
async fn j34_a_session_stays_its_callers_when_the_key_is_changed_and_is_no_other_keys() {
    let (old, new, other) = (made(), made(), made());
    let ci = format!("[[auth.api_keys]]\nname = \"ci\"\ndigest = [{:?}, {:?}]\n", old.digest, new.digest);
    let server = keys_only(&format!("{ci}{}", other.block("other", ""))).await;
    let client = server.client().era(Era::Legacy("2025-11-25")).token(old.text());
    assert_eq!(client.initialize().await.status(), 200);
    let session = client.session().expect("a session").to_owned();
    let list = async |made: &Made| {
        let lines = format!(
            "Host: {}\r\nAuthorization: Bearer {}\r\nMcp-Session-Id: {session}\r\nMcp-Protocol-Version: 2025-11-25\r\n",
            Wire::of(&server).host(),
            made.text()
        );
        let lines = format!(
            "{lines}Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
        );
        let body = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/list" }).to_string();
        Wire::of(&server).post("/mcp", &lines, body).await.status()
    };
    assert_eq!((list(&old).await, list(&new).await, list(&other).await), (200, 200, 404));
}

#[tokio::test]
async fn a_key_ends_when_its_block_says_so() {
    let ci = made();
    let clock = MovedClock::at(1_801_353_600 - 60); // a minute before 2027-01-31
    let everything = Everything::default();
    let toml = ci.block("ci", "expires = 2027-01-31");
    let server = everything.builder(&toml).ambient(clock.ambient()).start().await.expect("it starts");
    assert_eq!(whoami(server.client().token(ci.text())).await.status(), 200);
    clock.advance(60);
    let said = refused(&whoami(server.client().token(ci.text())).await, 401, "invalid_token");
    assert_eq!(said, "the API key expired");
}

#[tokio::test]
async fn a_key_for_certain_addresses_works_from_there_and_is_unknown_elsewhere() {
    let (here, elsewhere) = (made(), made());
    let toml = [
        here.block("here", "allowed_addresses = [\"127.0.0.0/8\"]"),
        elsewhere.block("elsewhere", "allowed_addresses = [\"10.0.0.0/8\", \"::1\"]"),
    ];
    let server = keys_only(&toml.concat()).await;
    assert_eq!(whoami(server.client().token(here.text())).await.status(), 200);
    let from_elsewhere = whoami(server.client().token(elsewhere.text())).await;
    let unknown = whoami(server.client().token(made().text())).await;
    refused(&from_elsewhere, 401, "invalid_token");
    assert_eq!(from_elsewhere.body(), unknown.body(), "who found the key does not learn that it is one");
}

#[tokio::test]
async fn h12_behind_trusted_proxies_the_address_is_what_they_say_and_never_what_a_client_says() {
    let (office, any) = (made(), made());
    let keys =
        [office.block("office", "allowed_addresses = [\"203.0.113.0/24\"]"), any.block("any", "")].concat();
    let trusting = |header: &str| {
        format!(
            "[server]\ntrusted_proxies = [\"127.0.0.0/8\", \"10.0.0.0/8\"]\nclient_address_header = {header:?}\n{keys}"
        )
    };
    let server = keys_only(&trusting("X-Forwarded-For")).await;
    let none = keys_only(&keys).await;
    let status = async |server: &TestServer, key: &Made, lines: &str| {
        let wire = Wire::of(server);
        wire.call("who", &format!("Authorization: Bearer {}\r\n{lines}", key.text())).await.status()
    };
    for (lines, expected) in [
        ("X-Forwarded-For: 203.0.113.9\r\n", 200),
        ("X-Forwarded-For: 198.51.100.1, 203.0.113.9, 10.0.0.2\r\n", 200),
        ("X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 203.0.113.9\r\n", 200),
        ("X-Forwarded-For: 203.0.113.9, 198.51.100.1\r\n", 401),
        ("X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 198.51.100.1\r\n", 401),
        ("X-Forwarded-For: 203.0.113.9, unknown\r\n", 401),
        ("X-Forwarded-For: 203.0.113.9, \r\n", 200),
        ("Forwarded: for=203.0.113.9\r\nX-Real-IP: 203.0.113.9\r\nCF-Connecting-IP: 203.0.113.9\r\n", 401),
        ("X-Forwarded-For: \", 203.0.113.9\r\n", 200),
        ("X-Forwarded-For: \", 198.51.100.1\r\n", 401),
        ("", 401),
    ] {
        assert_eq!(status(&server, &office, lines).await, expected, "{lines}");
        assert_eq!(status(&none, &office, lines).await, 401, "no proxy is trusted: {lines}");
        assert_eq!(status(&server, &any, lines).await, 200, "and nobody else is touched by it: {lines}");
    }
    let forwarded = keys_only(&trusting("forwarded")).await;
    for (lines, expected) in [
        ("Forwarded: for=\"203.0.113.9:4711\";proto=https\r\n", 200),
        ("Forwarded: for=203.0.113.9, for=198.51.100.1\r\n", 401),
        ("X-Forwarded-For: 203.0.113.9\r\n", 401),
    ] {
        assert_eq!(status(&forwarded, &office, lines).await, expected, "{lines}");
    }
}

#[tokio::test]
async fn the_audit_says_which_key_it_was_from_where_and_why_it_was_refused() {
    let (old, ci, office) = (made(), made(), made());
    let toml = [
        "[server]\nlisten = \"127.0.0.1:0\"\ntrusted_proxies = [\"127.0.0.1\"]\n".to_owned(),
        format!(
            "[[auth.api_keys]]\nname = \"ci\"\nscopes = [\"read\"]\ndigest = [{:?}, {:?}]\n",
            old.digest, ci.digest
        ),
        office.block("office", "allowed_addresses = [\"203.0.113.0/24\"]"),
    ];
    let socket = launch::toml(&toml.concat()).audited().http().await;
    let from = |made: &Made| socket.client().token(made.text()).header("x-forwarded-for", "198.51.100.7");
    assert_eq!(from(&ci).call_tool("read_note", json!({})).await.status(), 200);
    assert_eq!(from(&ci).call_tool("write_note", json!({ "text": "x" })).await.status(), 403);
    assert_eq!(from(&office).call_tool("who", json!({})).await.status(), 401);
    assert_eq!(from(&made()).call_tool("who", json!({})).await.status(), 401);
    assert_eq!(from(&old).call_tool("read_note", json!({})).await.status(), 200);
    let mut lines = Vec::new();
    let audited = |lines: &[String]| -> Vec<Value> {
        let events = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        events
            .filter(|event| event["target"] == "mcp_auth::audit")
            .map(|event| event["fields"].clone())
            .collect()
    };
    while audited(&lines).len() < 5 {
        lines.extend(socket.lines());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let events = audited(&lines);
    for event in &events {
        assert_eq!(event["client_address"], "198.51.100.7", "{events:#?}");
    }
    for (event, made) in [(&events[0], &ci), (&events[1], &ci), (&events[4], &old)] {
        assert_eq!((&event["via"], &event["issuer"]), (&json!("api-key"), &json!("urn:mcp-auth:api-key")));
        assert!(event["subject"].as_str().is_some_and(|subject| subject.contains("ci")), "{events:#?}");
        assert_eq!(event["key"], made.digest[7..15], "which of the two keys");
    }
    for (event, reason) in [
        (&events[2], "API key `office` may not be used from 198.51.100.7"),
        (&events[3], "API key is not one of auth.api_keys"),
    ] {
        assert!(event["reason"].as_str().is_some_and(|said| said.contains(reason)), "{event:#?}");
        assert_eq!((&event["via"], &event["key"]), (&Value::Null, &Value::Null), "no caller is known");
    }
    let log = lines.concat();
    assert!(!log.contains("mcpk_") && !log.contains(&ci.digest[7..]), "{log}");
}

/// A process over stdio that accepts the keys of `toml`, with `key` as its credential.
fn over_stdio(toml: &str, key: &str) -> Launch {
    let toml = format!("[server]\ntransport = \"stdio\"\n[stdio]\ncredential = \"env:KEY\"\n{CONFIG}{toml}");
    launch::toml(&toml).variable("KEY", key)
}

#[tokio::test]
async fn over_stdio_a_key_is_a_credential_as_over_http() {
    let ci = made();
    let mut pipe = over_stdio(&ci.block("ci", "scopes = [\"read\"]"), ci.text()).stdio();
    let answer = pipe.open().await;
    assert!(answer.get("result").is_some(), "{answer}");
    assert_eq!(text(&pipe.call_tool("who", json!({})).await), "ci");
    assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");
    let (code, data) = refusal(&pipe.call_tool("write_note", json!({ "text": "x" })).await);
    assert_eq!((code, &data["required"]), (403, &json!(["write"])));
}

#[tokio::test]
async fn over_stdio_a_key_that_is_unknown_ended_or_for_certain_addresses_stops_the_start() {
    let ci = made();
    let place = "the credential in environment variable KEY (stdio.credential)";
    for (more, key, why) in [
        ("", made().text(), "API key is not one of auth.api_keys"),
        ("", &ci.text()[..50], "an API key has 54 characters; this has 50"),
        ("expires = \"2020-01-01\"", ci.text(), "API key `ci` expired"),
        (
            "allowed_addresses = [\"127.0.0.1\"]",
            ci.text(),
            "may not be used from an address that is not known",
        ),
    ] {
        let ended = over_stdio(&ci.block("ci", more), key).run().await;
        ended.refused(&[place, why]);
        assert!(
            !ended.stderr.contains(&ci.text()[5..50]) && !ended.stderr.contains(&ci.digest[7..]),
            "{}",
            ended.stderr
        );
    }
}
