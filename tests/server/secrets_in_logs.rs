//! What a client holds besides its token is in no line of a log: the secret of a page, a state, a cursor, a proof.

use std::sync::{Arc, Mutex};

use mcp_auth::testing::{Era, TestServer};
use serde_json::{Value, json};

use crate::credentials::{SECRETS_OF_CHILD, log_at_trace, parts_of, written_by};
use crate::dpop::bench::Bench;
use crate::wire::Wire;

/// The kinds of secrets.
const KINDS: [&str; 4] = ["page", "state", "cursor", "proof"];

/// The lines of the child's log that hold a secret of this kind, without what they hold, where `is_read` says so.
fn lines_that_hold(kind: &str, is_read: impl Fn(&str) -> bool) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a directory");
    let secrets = directory.path().join("secrets");
    let log = written_by("secrets_in_logs::child_that_asks_and_lists_and_logs_at_trace", &secrets);
    let is_of = |target: &str| log.lines().any(|line| line.contains(target));
    assert!(is_of(" rmcp::") && is_of(" mcp_auth"), "what both say is what a log at trace holds");
    let secrets = std::fs::read_to_string(secrets).expect("secrets");
    let secrets: Vec<&str> =
        secrets.lines().filter_map(|line| line.strip_prefix(kind)?.strip_prefix(' ')).collect();
    assert!(secrets.len() >= 3, "{kind}: {secrets:?}");
    let parts: Vec<&str> =
        secrets.iter().flat_map(|secret| parts_of(secret)).filter(|part| part.len() > 8).collect();
    let holds = |line: &&str| parts.iter().any(|part| line.contains(part));
    let shortened = |line: &str| line.chars().take(160).collect();
    log.lines().filter(|line| is_read(line)).filter(holds).map(shortened).collect()
}

/// Whether rmcp wrote this line.
fn is_rmcps(line: &str) -> bool {
    line.contains(" rmcp::")
}

#[test]
fn c19_nothing_but_what_rmcp_writes_at_trace_holds_a_page_a_state_a_cursor_or_a_proof() {
    for kind in KINDS {
        assert_eq!(lines_that_hold(kind, |line| !is_rmcps(line)), [""; 0], "{kind}");
    }
}

#[test]
fn c19_nothing_that_rmcp_writes_at_trace_holds_a_proof() {
    assert_eq!(lines_that_hold("proof", is_rmcps), [""; 0]);
}

/// Asks for a call of `tool` on 2026-07-28, brings back what its person said, and that once more and forged.
async fn confirms(server: &TestServer, tool: &str, token: &str, secrets: &Secrets) {
    let client = server.client().token(token).person(|_| json!({ "action": "cancel" }));
    let mut params = json!({ "name": tool, "arguments": { "text": "milk" } });
    if tool != "write_note" {
        params["arguments"] = json!({});
    }
    let asked = client.request_without_session("tools/call", params.clone()).await;
    let asked = asked.result().unwrap_or_else(|| panic!("{tool}: {}", asked.body())).clone();
    let state = asked["requestState"].as_str().expect("a state");
    secrets.keep("state", state);
    if let Some(url) = asked["inputRequests"]["question"]["params"]["url"].as_str() {
        log_in(server, url, secrets).await;
    }
    params["inputResponses"] = json!({ "question": { "action": "accept", "content": { "allow": true } } });
    for (state, runs) in
        [(format!("{state}AAAA"), false), (state.to_owned(), true), (state.to_owned(), false)]
    {
        params["requestState"] = json!(state);
        let answer = client.request_without_session("tools/call", params.clone()).await;
        let ran = answer.result().is_some_and(|result| result["isError"] != true);
        assert_eq!(ran, runs, "{tool}: {}", answer.body());
    }
}

/// Says yes on the page at `url`. A client logs the URL it asks for, so this one is written by hand.
async fn log_in(server: &TestServer, url: &str, secrets: &Secrets) {
    let (_, id) = url.split_once("?id=").expect("the secret of the page");
    secrets.keep("page", id);
    let wire = Wire::of(server);
    let yes = json!({ "login": "alice", "allow": true }).to_string();
    let host = format!("Host: {}\r\n", wire.host());
    assert_eq!(wire.post(&format!("/confirm?id={id}"), &host, yes).await.status(), 200);
}

/// The secrets that were given out so far.
#[derive(Clone, Default)]
struct Secrets(Arc<Mutex<Vec<String>>>);

impl Secrets {
    fn keep(&self, kind: &str, secret: &str) {
        assert!(KINDS.contains(&kind), "{kind}");
        self.0.lock().unwrap().push(format!("{kind} {secret}"));
    }
}

#[tokio::test]
#[ignore = "the child of the tests above"]
async fn child_that_asks_and_lists_and_logs_at_trace() {
    let Some(path) = std::env::var_os(SECRETS_OF_CHILD) else {
        return; // a person runs the ignored tests
    };
    log_at_trace();
    let toml = "[issuer]\n[limits]\npage_size = 1\n[tools.write_note]\nconfirm = \"login\"\n\
                [tools.export_notes]\nconfirm = true\n[tools.works]\nconfirm = true\n";
    let bench = Arc::new(Bench::of(toml, "dpop = \"allowed\"").await);
    let (server, secrets) = (&bench.server, Secrets::default());
    let alice = || server.token("alice").scope("write export read").mint();
    // Called directly, called through rmcp, and confirmed on a page.
    for tool in ["export_notes", "works", "write_note"] {
        confirms(server, tool, &alice(), &secrets).await;
    }
    for era in &Era::ALL[1..] {
        let (of, kept) = (Arc::clone(&bench), secrets.clone());
        let client = server.client().era(*era).token(alice()).person(move |question: &Value| {
            let url = question["url"].as_str().expect("a page").to_owned();
            let (of, kept) = (Arc::clone(&of), kept.clone());
            tokio::spawn(async move { log_in(&of.server, &url, &kept).await });
            json!({ "action": "accept" })
        });
        let answer = client.call_tool("write_note", json!({ "text": "milk" })).await;
        assert_eq!(answer.text(), Some("milk"), "{era:?}: {}", answer.body());
    }
    for era in Era::ALL {
        let client = server.client().era(era).token(alice());
        for list in ["tools/list", "resources/list"] {
            let page = client.request(list, json!({})).await;
            let cursor = page.result().expect("a page")["nextCursor"].as_str().expect("a cursor").to_owned();
            secrets.keep("cursor", &cursor);
            assert!(client.request(list, json!({ "cursor": cursor })).await.is_success());
            let forged = client.request(list, json!({ "cursor": format!("{cursor}AAAA") })).await;
            assert_eq!(forged.error_code(), Some(-32602), "{}", forged.body());
        }
    }
    let token = bench.token();
    let (good, of_another) = (bench.proof(&token).signed(), bench.proof("another").signed());
    let far = bench.proof(&token).claim("htu", json!("https://elsewhere.test/")).signed();
    let broken = format!("{good}AAAA");
    for (proof, status) in [(&good, 200), (&good, 401), (&of_another, 401), (&far, 401), (&broken, 401)] {
        secrets.keep("proof", proof);
        assert_eq!(bench.send("DPoP", &token, &[proof.as_bytes()]).await.status, status);
    }
    std::fs::write(path, secrets.0.lock().unwrap().join("\n")).expect("written");
}
