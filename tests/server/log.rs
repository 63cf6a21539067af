//! The log of a process: nothing waits for its reader, and what a stranger sent stays on its line.

use std::time::{Duration, Instant};

use mcp_auth::testing::Client;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::timeout;

use crate::launch::{self, Issuer};
use crate::process::{listening, text};
use mcp_auth::serde_json;

const PATIENCE: Duration = Duration::from_secs(60);

/// So many decisions about [`verbose`] names are 3 MB of lines: more than a pipe, the queue, and what is on its way
/// from the one to the other hold together.
const MANY: usize = 1500;

/// A name that is ten times as long in a log.
fn verbose(name: usize) -> String {
    format!("{name}{}", "\u{10ffff}".repeat(200))
}

/// How many lines were lost, if this line says so.
fn lost(line: &str) -> Option<usize> {
    let (_, lost) = line.split_once("lines of the log were lost since the start")?;
    Some(lost.split_once("dropped=").expect("their number").1.parse().expect("a number"))
}

#[tokio::test]
async fn h35_a_standard_error_that_nothing_reads_does_not_stop_a_server_over_stdio() {
    let issuer = Issuer::start().await;
    // Who keeps the decisions only has to know that some are missing.
    let launch = launch::trusting(&issuer).variable("MCP_LOG__FILTER", "mcp_auth::audit=info");
    let mut pipe = launch.variable("MCP_AUTH__CONNECT", "anonymous").unread().stdio();
    let calls = async {
        for call in 0..MANY {
            pipe.call_tool(&verbose(call), json!({})).await;
        }
        assert!(pipe.request("tools/list", json!({})).await["result"]["tools"].is_array());
    };
    timeout(PATIENCE, calls).await.expect("every call is answered");
    pipe.read_on();
    pipe.hang_up();
    let ended = pipe.ended(PATIENCE).await;
    ended.well();
    let decisions = ended.stderr.lines().filter(|line| line.contains(" mcp_auth::audit: ")).count();
    let lost = ended.stderr.lines().filter_map(lost).next_back().expect("it says that lines were lost");
    assert!(lost > 0 && decisions > 0);
    assert_eq!(decisions + lost, MANY + 1);
}

#[tokio::test]
async fn h35_a_standard_error_that_nothing_reads_does_not_stop_a_server_over_http() {
    let issuer = Issuer::start().await;
    let launch = launch::trusting(&issuer).variable("MCP_LOG__LEVEL", "info");
    let mut process = launch.command().spawn().unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
    let url = format!("http://{}", listening(&mut log).await);
    let strangers = async {
        let client = Client::new(format!("{url}/mcp"));
        for request in 0..MANY {
            assert_eq!(client.call_tool(&verbose(request), json!({})).await.status(), 401, "{request}");
        }
        assert_eq!(reqwest::get(format!("{url}/healthz")).await.unwrap().status(), 200);
        while reqwest::get(format!("{url}/readyz")).await.unwrap().status() != 200 {}
        let alice = client.token(issuer.token("alice").scope("read"));
        assert_eq!(alice.call_tool("read_note", json!({})).await.status(), 200);
    };
    timeout(PATIENCE, strangers).await.expect("every request is answered");
    let (mut decisions, mut said) = (0, 0);
    let reading = async {
        while decisions + said < MANY + 1 {
            let line = log.next_line().await.unwrap().expect("it runs on");
            decisions += usize::from(line.contains(" mcp_auth::audit: "));
            said = lost(&line).unwrap_or(said);
        }
    };
    timeout(PATIENCE, reading).await.expect("every line is written or counted");
    assert!(said > 0 && decisions > 0, "{said} of {decisions}");
    assert_eq!(decisions + said, MANY + 1);
}

#[tokio::test]
async fn without_a_level_a_server_over_stdio_logs_its_decisions_and_no_more() {
    let launch = launch::toml("").variable("TEST_SERVER", "open");
    let mut pipe = launch.stdio();
    assert_eq!(text(&pipe.call_tool("ping", json!({})).await), "pong");
    pipe.hang_up();
    let ended = pipe.ended(PATIENCE).await;
    ended.well();
    let lines: Vec<&str> = ended.stderr.lines().filter(|line| line.contains(" INFO ")).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line.contains("mcp_auth::audit")), "{lines:?}");
}

/// What the server `which` writes where its tool panics, with these variables.
async fn panicking(which: &str, variables: &[(&str, &str)]) -> String {
    let issuer = Issuer::start().await;
    let launch = launch::trusting(&issuer).variable("MCP_AUTH__CONNECT", "anonymous");
    let launch = launch.variable("TEST_SERVER", which).variable("RUST_BACKTRACE", "0");
    let launch = variables.iter().fold(launch, |launch, (name, value)| launch.variable(name, value));
    let mut pipe = launch.stdio();
    pipe.call_tool("panics", json!({})).await;
    pipe.hang_up();
    pipe.ended(PATIENCE).await.stderr
}

/// The events of panics in a log of JSON, and how many lines are none.
fn panics(log: &str) -> (Vec<serde_json::Value>, usize) {
    let lines: Vec<serde_json::Value> =
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let others = log.lines().count() - lines.len();
    (lines.into_iter().filter(|line| line["target"] == "mcp_auth_runtime::observe::panics").collect(), others)
}

#[tokio::test]
async fn a_panic_is_one_line_of_the_log_with_its_place_and_thread() {
    for filter in ["info", "error", "mcp_auth::audit=info"] {
        let log = panicking("everything", &[("MCP_LOG__FORMAT", "json"), ("MCP_LOG__FILTER", filter)]).await;
        let (panics, others) = panics(&log);
        assert_eq!((panics.len(), others), (1, 0), "{filter}: {log}");
        let (level, fields) = (&panics[0]["level"], &panics[0]["fields"]);
        assert_eq!((level, &fields["message"]), (&json!("ERROR"), &json!("panicked: a tool that panics")));
        assert!(fields["at"].as_str().unwrap().contains("everything.rs:"), "{fields}");
        assert!(!fields["thread"].as_str().unwrap().is_empty(), "{fields}");
        assert!(fields.get("backtrace").is_none(), "{fields}");
    }
}

#[tokio::test]
async fn backtrace_that_is_asked_for_is_a_field_of_the_panics_line() {
    let log = panicking("everything", &[("MCP_LOG__FORMAT", "json"), ("RUST_BACKTRACE", "1")]).await;
    let (panics, others) = panics(&log);
    assert_eq!((panics.len(), others), (1, 0), "{log}");
    assert!(panics[0]["fields"]["backtrace"].as_str().unwrap().contains('\n'), "{log}");
    let text = panicking("everything", &[("RUST_BACKTRACE", "1")]).await;
    let line = text.lines().find(|line| line.contains("panicked: a tool that panics")).expect("a line");
    assert!(line.contains("backtrace=") && line.contains("\\n"), "{text}");
}

#[tokio::test]
async fn a_log_that_is_off_leaves_panics_to_the_hook_that_was_there() {
    let log = panicking("everything", &[("MCP_LOG__LEVEL", "off")]).await;
    assert!(log.contains("a tool that panics") && !log.contains("ERROR"), "{log}");
    let log = panicking("hooked", &[("MCP_LOG__LEVEL", "off")]).await;
    assert_eq!(log, "the program's own hook\n");
}

#[tokio::test]
async fn hook_of_the_program_is_called_beside_the_log() {
    let log = panicking("hooked", &[("MCP_LOG__FORMAT", "json")]).await;
    let (panics, others) = panics(&log);
    assert_eq!((panics.len(), others), (1, 1), "{log}");
    assert!(log.contains("the program's own hook\n"), "{log}");
}

#[tokio::test]
async fn a_panic_that_ends_the_program_is_in_its_log() {
    let ended = launch::toml("").variable("TEST_SERVER", "ends").variable("RUST_BACKTRACE", "0").stdio();
    let ended = ended.ended(PATIENCE).await;
    assert_eq!(ended.status.code(), Some(101), "{ended:?}");
    let last = ended.stderr.lines().last().expect("a line");
    assert!(last.contains("ERROR") && last.contains("the program ends\\n ERROR forged"), "{ended:?}");
}

#[tokio::test]
async fn a_panic_that_is_caught_does_not_wait_for_the_log() {
    let issuer = Issuer::start().await;
    let launch = launch::trusting(&issuer).variable("MCP_AUTH__CONNECT", "anonymous");
    let mut pipe = launch.variable("RUST_BACKTRACE", "0").unread().stdio();
    for call in 0..100 {
        pipe.call_tool(&verbose(call), json!({})).await; // from now on nothing more is written
    }
    let started = Instant::now();
    for _ in 0..100 {
        pipe.call_tool("panics", json!({})).await;
    }
    // Where each one waits for as long as a panic does that ends the process, it is five seconds.
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[cfg(unix)]
#[tokio::test]
async fn what_was_logged_before_a_second_signal_is_written() {
    let launch = launch::toml("").variable("TEST_SERVER", "noisy").variable("MCP_LOG__LEVEL", "info");
    let mut pipe = launch.stdio();
    pipe.post("tools/call", json!({ "name": "wait", "arguments": {} })).await;
    pipe.hears("waiting").await;
    pipe.terminate().await;
    pipe.hears("shutting down").await;
    pipe.terminate().await;
    let ended = pipe.ended(PATIENCE).await;
    assert_eq!(ended.status.code(), Some(143), "{ended:?}");
    assert!(ended.stderr.contains("second signal: exiting at once"), "{ended:?}");
}

/// The lines of a tool's own in a log of JSON.
fn said_by_a_tool(lines: impl IntoIterator<Item = String>) -> Vec<serde_json::Value> {
    let lines = lines.into_iter().filter_map(|line| serde_json::from_str::<serde_json::Value>(&line).ok());
    lines.filter(|line| line["fields"]["message"] == "said by a tool").collect()
}

#[tokio::test]
async fn event_of_a_tool_stands_in_a_span_of_its_call_whichever_way_the_call_came() {
    let issuer = Issuer::start().await;
    let token = issuer.token("alice\" decision=\"allow").client("the app").mint();
    let launch = || {
        let launch = launch::trusting_only(&issuer).variable("TEST_SERVER", "logs");
        launch.variable("MCP_LOG__FORMAT", "json").variable("MCP_LOG__LEVEL", "warn")
    };
    let named = |line: &serde_json::Value, tool: &str| {
        let span = &line["span"];
        assert_eq!(span["operation"], json!(format!("\"tools/call {tool}\"")), "{line}");
        assert_eq!(span["subject"], json!(r#""alice\" decision=\"allow""#), "{line}");
        assert_eq!(span["client_id"], json!(r#""the app""#), "{line}");
        assert!(!span["jsonrpc_id"].as_str().unwrap().is_empty(), "{line}");
        assert!(!line.to_string().contains(&token), "{line}");
    };

    let server = launch().http().await;
    let alice = server.client().token(&token);
    for tool in ["direct", "forwarded"] {
        assert_eq!(alice.call_tool(tool, json!({})).await.text(), Some("logged"));
    }
    let mut lines = Vec::new();
    let logged = async {
        while lines.len() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            lines.extend(said_by_a_tool(server.lines()));
        }
    };
    timeout(PATIENCE, logged).await.expect("both are logged");
    named(&lines[0], "direct");
    named(&lines[1], "forwarded");

    let stdio = launch().variable("MCP_STDIO__CREDENTIAL", "env:TOKEN").variable("TOKEN", &token);
    let mut pipe = stdio.stdio();
    for tool in ["direct", "forwarded"] {
        assert_eq!(text(&pipe.call_tool(tool, json!({})).await), "logged");
    }
    pipe.hang_up();
    let ended = pipe.ended(PATIENCE).await;
    let lines = said_by_a_tool(ended.stderr.lines().map(str::to_owned));
    assert_eq!(lines.len(), 2, "{}", ended.stderr);
    named(&lines[0], "direct");
    named(&lines[1], "forwarded");
}

#[tokio::test]
async fn claim_that_is_missing_or_malformed_is_named_in_the_audit_and_not_to_the_client() {
    let issuer = Issuer::start().await;
    let server = launch::trusting(&issuer).audited().http().await;
    let alice = || issuer.token("alice").scope("read");
    for (token, told, audited) in [
        (alice().without_claim("sub"), "the token lacks a required claim", ": `sub`"),
        (alice().without_claim("exp"), "the token lacks a required claim", ": `exp`"),
        (alice().claim("sub", 5), "the token has a malformed claim", ": `sub` is not a string"),
        (alice().claim("exp", "s3cr3t"), "the token has a malformed claim", ": `exp` "),
    ] {
        server.audit_events();
        let refused = server.client().token(token).call_tool("read_note", json!({})).await;
        assert_eq!(
            (refused.status(), refused.challenge().unwrap().get("error_description")),
            (401, Some(told))
        );
        let mut events = Vec::new();
        let audit = async {
            while events.is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
                events = server.audit_events();
            }
        };
        timeout(PATIENCE, audit).await.expect("it is audited");
        let reason = events[0]["reason"].as_str().unwrap();
        assert!(reason.contains(&format!("{told}{audited}")) && !reason.contains("s3cr3t"), "{reason}");
    }
}

/// The decision in an event of the audit, and its reason.
type Said = (&'static str, Option<&'static str>);

/// What is called of the server `logs`, by method and name, and what its audit says of it.
const SAID: [(&str, &str, &[Said]); 11] = [
    ("tools/call", "direct", &[("allow", None)]),
    ("tools/call", "forwarded", &[("allow", None)]),
    ("tools/call", "forbids", &[("deny", Some("not yours"))]),
    ("tools/call", "forbids_by_rmcp", &[("deny", Some("not yours"))]),
    ("tools/call", "forbids_late", &[("allow", None), ("deny", Some("not yours"))]),
    ("tools/call", "fails", &[("allow", None)]),
    ("tools/call", "breaks", &[("allow", None)]),
    (
        "tools/call",
        "tenant",
        &[("deny", Some("the token lacks the claim `tenant`, which this operation needs"))],
    ),
    ("tools/call", "weekday", &[("deny", Some("only on weekdays"))]),
    ("prompts/get", "greet", &[("deny", Some("not yours"))]),
    ("resources/read", "about://server", &[("deny", Some("not yours"))]),
];

/// The parameters that name `name` to `method`.
fn naming(method: &str, name: &str) -> serde_json::Value {
    match method {
        "resources/read" => json!({ "uri": name }),
        _ => json!({ "name": name, "arguments": {} }),
    }
}

/// Checks the events of one call after the other.
#[track_caller]
fn says(events: &[serde_json::Value]) {
    let said = SAID.iter().flat_map(|(method, name, said)| said.iter().map(move |said| (method, name, said)));
    let said: Vec<_> = said.collect();
    assert_eq!(events.len(), said.len(), "{events:#?}");
    for (event, (method, name, (decision, reason))) in events.iter().zip(said) {
        assert_eq!((&event["operation"], &event["name"]), (&json!(method), &json!(format!("{name:?}"))));
        let reason = reason.map_or(serde_json::Value::Null, |reason| json!(format!("{reason:?}")));
        assert_eq!((&event["decision"], &event["reason"]), (&json!(decision), &reason), "{name}");
        let needed = if *name == "tenant" { "authenticated, claims" } else { "authenticated" };
        assert_eq!((&event["subject"], &event["needed"]), (&json!("\"alice\""), &json!(needed)));
    }
}

#[tokio::test]
async fn refusal_of_a_method_itself_is_audited_as_one_and_not_as_allowed() {
    let issuer = Issuer::start().await;
    let token = issuer.token("alice").mint();
    let launch = || launch::trusting_only(&issuer).variable("TEST_SERVER", "logs").audited();
    let is_call =
        |event: &serde_json::Value| SAID.iter().any(|(method, ..)| event["operation"] == json!(method));

    let server = launch().http().await;
    let alice = server.client().token(&token);
    for (method, name, _) in SAID {
        alice.request(method, naming(method, name)).await;
    }
    let mut events = Vec::new();
    let audit = async {
        while events.len() < SAID.iter().map(|(.., said)| said.len()).sum() {
            tokio::time::sleep(Duration::from_millis(10)).await;
            events.extend(server.audit_events().into_iter().filter(is_call));
        }
    };
    timeout(PATIENCE, audit).await.expect("every call is audited");
    says(&events);

    let stdio = launch().variable("MCP_STDIO__CREDENTIAL", "env:TOKEN").variable("TOKEN", &token);
    let mut pipe = stdio.stdio();
    for (method, name, _) in SAID {
        pipe.request(method, naming(method, name)).await;
    }
    pipe.hang_up();
    let log = pipe.ended(PATIENCE).await.stderr;
    let events = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let events =
        events.filter(|event| event["target"] == "mcp_auth::audit").map(|mut event| event["fields"].take());
    says(&events.filter(is_call).collect::<Vec<_>>());
}

#[tokio::test]
async fn refusal_of_a_guard_is_audited_with_its_reason_and_by_whom() {
    let issuer = Issuer::start().await;
    let toml = "auth.base_scopes = []\n[roles.r]\nwhen = { claim = \"groups\", contains = \"r\" }\n\
                [roles.s]\nwhen = { claim = \"groups\", contains = \"s\" }\n\
                [tools.confirmed_by_login]\ndisabled = true\n"; // there is no page
    let launch = || {
        let launch = launch::toml(toml).variable("TEST_SERVER", "ruled").audited();
        let launch = launch.variable("MCP_SERVER__LISTEN", "127.0.0.1:0");
        let launch = launch.variable("MCP_SERVER__PUBLIC_URL", launch::RESOURCE);
        launch.variable("MCP_AUTH__ISSUERS", &issuer.configured())
    };
    let token = |group: &str| issuer.token("alice").claim("groups", json!([group])).mint();
    let arguments = |word: &str| json!({ "bucket": "home", "word": word });
    let said = [
        ("s", "ok", "allow", None, None),
        ("s", "deny", "deny", Some("guard"), Some("no")),
        ("s", "odd", "deny", Some("guard"), Some("this could not be decided; it is refused")),
        ("s", "need", "deny", Some("rule"), Some("this needs the scope g")),
        // Whom the rule refuses does not reach the guard.
        ("r", "deny", "deny", Some("rule"), Some("this needs the role s")),
    ];
    let is_said = |events: &[serde_json::Value]| {
        assert_eq!(events.len(), said.len(), "{events:#?}");
        for (event, (_, word, decision, by, reason)) in events.iter().zip(said) {
            let reason = reason.map_or(serde_json::Value::Null, |reason| json!(format!("{reason:?}")));
            let found = (&event["decision"], &event["refused_by"], &event["reason"]);
            assert_eq!(found, (&json!(decision), &json!(by), &reason), "{word}");
            assert_eq!((&event["name"], &event["subject"]), (&json!("\"guarded\""), &json!("\"alice\"")));
        }
    };
    let is_call = |event: &serde_json::Value| event["operation"] == "tools/call";

    let server = launch().http().await;
    for (group, word, ..) in said {
        server.client().token(token(group)).call_tool("guarded", arguments(word)).await;
    }
    let mut events = Vec::new();
    let audit = async {
        while events.len() < said.len() {
            tokio::time::sleep(Duration::from_millis(10)).await;
            events.extend(server.audit_events().into_iter().filter(is_call));
        }
    };
    timeout(PATIENCE, audit).await.expect("every call is audited");
    is_said(&events);

    let mut events = Vec::new();
    for (group, word, ..) in said {
        let stdio = launch().variable("MCP_STDIO__CREDENTIAL", "env:TOKEN").variable("TOKEN", &token(group));
        let mut pipe = stdio.stdio();
        pipe.call_tool("guarded", arguments(word)).await;
        pipe.hang_up();
        let log = pipe.ended(PATIENCE).await.stderr;
        let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let audit = lines.filter(|line| line["target"] == "mcp_auth::audit");
        events.extend(audit.map(|mut line| line["fields"].take()).filter(is_call));
    }
    is_said(&events);
}

#[tokio::test]
async fn call_whose_client_goes_away_is_audited_as_allowed() {
    let issuer = Issuer::start().await;
    let server = launch::trusting_only(&issuer).variable("TEST_SERVER", "logs").audited().http().await;
    let alice = server.client().token(issuer.token("alice").mint());
    let late = alice.call_tool("forbids_late", json!({}));
    assert!(timeout(Duration::from_millis(300), late).await.is_err(), "it takes longer");
    let mut events = Vec::new();
    let audit = async {
        while events.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
            events.extend(server.audit_events());
        }
    };
    timeout(PATIENCE, audit).await.expect("it is audited");
    assert_eq!((&events[0]["name"], &events[0]["decision"]), (&json!("\"forbids_late\""), &json!("allow")));
}
