//! `mcp-auth explain --request-id`: what a log says of a request, and whether it would be decided as it was.

use std::fs::File;
use std::io::Write as _;
use std::process::{Output, Stdio};

use mcp_auth::serde_json::{self, Value, json};
use mcp_auth::testing::Client;

use crate::explain::says;
use crate::process::{mcp_auth, stderr, stdout};
use crate::todos;

const ISSUER: &str = "https://login.acme.io/";

fn configuration(more: &str) -> String {
    format!(
        "[server]\npublic_url = \"https://todos.acme.io/mcp\"\n\n[auth]\nbase_scopes = [\"todos.read\"]\n\n[[auth.issuers]]\n\
         issuer = {ISSUER:?}\n\n{more}"
    )
}

/// A directory with this configuration, the operations of the program, and this log.
fn directory(toml: &str, log: &[Value]) -> tempfile::TempDir {
    let directory = todos::directory(toml);
    todos::file(&directory, "operations.json", todos::OPERATIONS);
    let lines: Vec<String> = log.iter().map(Value::to_string).collect();
    todos::file(&directory, "server.log", &lines.join("\n"));
    directory
}

fn explain(directory: &tempfile::TempDir, arguments: &[&str]) -> Output {
    let mut command = mcp_auth();
    command.current_dir(directory.path()).args(["explain", "--scopes", "operations.json"]);
    command.args(arguments).output().unwrap()
}

fn of(directory: &tempfile::TempDir, request_id: &str) -> Output {
    explain(directory, &["--request-id", request_id, "--log", "server.log"])
}

fn report(directory: &tempfile::TempDir, request_id: &str) -> Value {
    let output = explain(directory, &["--request-id", request_id, "--log", "server.log", "--json"]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)))
}

/// An audit event of alice, who holds `todos.read`, about `add_todo`.
fn event(changes: &Value) -> Value {
    let mut fields = json!({
        "decision": "deny", "request_id": "r-1", "operation": "tools/call", "name": "\"add_todo\"",
        "client_address": "192.0.2.7", "via": "jwt", "issuer": ISSUER, "subject": "\"alice\"", "client_id": "\"app\"",
        "is_client": false, "needed": "todos.write", "held": "todos.read", "refused_by": "rule",
        "reason": "\"this needs the scope todos.write\"",
    });
    for (name, value) in changes.as_object().unwrap() {
        fields[name] = value.clone();
    }
    fields.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    json!({ "timestamp": "2026-11-29T12:00:00Z", "level": "WARN", "fields": fields, "target": "mcp_auth::audit" })
}

fn allowed(changes: &Value) -> Value {
    let mut event = event(&json!({ "decision": "allow", "refused_by": null, "reason": null }));
    event["fields"].as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    event
}

#[track_caller]
fn refused(output: &Output, why: &[&str]) {
    assert_eq!((output.status.code(), stdout(output).as_str()), (Some(2), ""), "{why:?}: {}", stderr(output));
    for why in why {
        assert!(stderr(output).contains(why), "{why}\nis not in\n{}", stderr(output));
    }
}

#[tokio::test]
async fn what_a_running_server_logged_is_found_by_what_its_answer_said() {
    let directory = directory(&todos::configured(&todos::free_address()), &[]);
    let log = directory.path().join("server.log");
    let file = File::create(&log).unwrap();
    let subscriber = tracing_subscriber::fmt().json().with_writer(move || file.try_clone().unwrap()).finish();
    let arguments = ["token", "--sub", "alice", "--scope", "todos.read"];
    let token = stdout(&mcp_auth().current_dir(directory.path()).args(arguments).output().unwrap());
    let mut requests = Vec::new();
    {
        let _logged = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);
        let running = todos::serve(directory.path()).await;
        let stranger = || Client::new(running.resource());
        let alice = || stranger().token(token.trim());
        for (client, tool, status, today) in [
            (alice(), "list_todos", 200, Some(true)),
            (alice(), "add_todo", 403, Some(true)),
            (alice(), "no_tool", 200, Some(true)),
            (stranger(), "ping", 200, Some(true)),
            (stranger(), "add_todo", 401, Some(true)),
            (stranger().token("no.such.token"), "ping", 401, None),
        ] {
            let answer = client.call_tool(tool, json!({})).await;
            assert_eq!(answer.status(), status, "{tool}: {}", answer.body());
            requests.push((tool, answer.header("x-request-id").unwrap().to_owned(), today));
        }
    }
    for (tool, id, today) in requests {
        let report = report(&directory, &id);
        assert_eq!(report["then"]["same_today"], json!(today), "{tool}: {report}");
        assert_eq!(report["then"]["request_id"], *id, "{report}");
        assert!(!report.to_string().contains(token.trim()), "{report}");
    }
}

#[test]
fn a_refused_request_is_told_step_by_step_and_what_it_would_need_today() {
    let directory = directory(&configuration(""), &[event(&json!({}))]);
    says(
        &of(&directory, "r-1"),
        1,
        &[
            "log         2026-11-29T12:00:00Z: deny tools/call \"add_todo\" for \"alice\"",
            "by rule: this needs the scope todos.write",
            "from 192.0.2.7",
            "then it needed: todos.write",
            "the caller was \"alice\" of https://login.acme.io/, by client \"app\", known by jwt",
            "who held the scopes: todos.read; and the roles: none",
            "it does not say the arguments, the token's other claims, nor until when the token was good",
            "operation   tool \"add_todo\": the program declares: todos.write",
            "that it was good then is what the log says; it is not checked again",
            "rule        scope todos.write: not held",
            "HTTP 403 Forbidden",
            "denied",
            "denied then, and it would be today",
        ],
    );
}

#[test]
fn what_the_configuration_changed_since_is_said() {
    let roles = "[roles.editor]\nwhen = { claim = \"team\", equals = \"red\" }\n\n";
    for (toml, log, code, compared) in [
        (
            "[scopes.\"todos.read\"]\nimplies = [\"todos.write\"]\n".to_owned(),
            event(&json!({})),
            0,
            "denied then; today the rule would let it pass",
        ),
        (
            format!("{roles}[tools.add_todo]\nroles = [\"editor\"]\n"),
            allowed(&json!({ "held": "todos.write" })),
            1,
            "allowed then; it would be refused today",
        ),
        (
            format!("{roles}[tools.add_todo]\nroles = [\"editor\"]\n"),
            allowed(&json!({ "held": "todos.write", "roles": "editor" })),
            0,
            "allowed then, and it would be today",
        ),
        (
            "[tools.add_todo]\ndisabled = true\n".to_owned(),
            allowed(&json!({ "held": "todos.write" })),
            1,
            "allowed then; it would be refused today",
        ),
        (
            format!("[[auth.deny]]\nissuer = {ISSUER:?}\nsubject = \"alice\"\n"),
            allowed(&json!({ "held": "todos.write" })),
            1,
            "allowed then; it would be refused today",
        ),
    ] {
        let directory = directory(&configuration(&toml), &[log]);
        says(&of(&directory, "r-1"), code, &[compared]);
    }
    // An issuer that is not trusted any more, a key that is gone, and a tool.
    let gone = "allowed then; it would be refused today";
    for changes in [
        json!({ "issuer": "https://login.old.example/" }),
        json!({ "via": "api-key", "issuer": "urn:mcp-auth:api-key", "subject": "\"ci\"", "client_id": null }),
        json!({ "name": "\"drop_todos\"" }),
        // A role that the log names and the configuration no longer has gives nothing.
        json!({ "held": "", "roles": "editor" }),
    ] {
        let directory = directory(&configuration(""), &[allowed(&changes)]);
        says(&of(&directory, "r-1"), 1, &[gone]);
    }
}

#[test]
fn what_only_the_program_or_the_moment_decided_is_not_called_the_same_or_another() {
    for (changes, code, compared) in [
        (
            json!({ "refused_by": "guard", "reason": "\"not yours\"", "held": "todos.write" }),
            0,
            "denied then, not by the rule but by guard, which is not asked again; the rule lets it pass",
        ),
        (
            json!({ "refused_by": "limit", "reason": "\"too many calls\"" }),
            1,
            "denied then for another reason; today the rule would refuse it already",
        ),
        (
            json!({ "refused_by": "credential", "via": null, "subject": null, "issuer": null, "held": null }),
            2,
            "whether it would be the same today cannot be told from the log",
        ),
        (
            json!({ "operation": "tools/list", "name": "\"\"" }),
            2,
            "only calls of tools, prompts and resources are decided again",
        ),
    ] {
        let directory = directory(&configuration(""), &[event(&changes)]);
        says(&of(&directory, "r-1"), code, &[compared]);
    }
}

#[test]
fn a_call_that_was_stopped_or_refused_late_is_one_request_of_two_events() {
    for last in [
        json!({ "decision": "stop", "refused_by": "limit", "reason": "\"took too long\"" }),
        json!({ "refused_by": "method", "reason": "\"no\"" }),
    ] {
        let directory = directory(&configuration(""), &[allowed(&json!({})), event(&last)]);
        let report = report(&directory, "r-1");
        assert_eq!(
            report["then"]["decision"],
            last.get("decision").unwrap_or(&json!("deny")).clone(),
            "{report}"
        );
        assert_eq!(report["steps"][0]["step"], "log");
    }
}

#[test]
fn a_request_that_is_not_found_or_is_several_is_an_error_that_says_what_to_do() {
    let other = event(&json!({ "request_id": "r-2" }));
    let unnamed = event(&json!({ "request_id": null }));
    let directory_with = |log: &[Value]| directory(&configuration(""), log);
    refused(
        &of(&directory_with(&[other.clone(), unnamed]), "r-1"),
        &[
            "no request \"r-1\" is in it",
            "It has 2 decisions",
            "1 of them name no request",
            "rotated",
            "--log -",
        ],
    );
    for twice in [
        vec![allowed(&json!({})), allowed(&json!({}))],
        vec![event(&json!({})), event(&json!({}))],
        vec![event(&json!({})), allowed(&json!({}))],
        vec![allowed(&json!({})), event(&json!({ "subject": "\"bob\"" }))],
        vec![allowed(&json!({})), event(&json!({ "name": "\"ping\"" }))],
    ] {
        refused(&of(&directory_with(&twice), "r-1"), &["several requests are called \"r-1\"", "add_todo"]);
    }
    let directory = directory_with(&[]);
    todos::file(&directory, "server.log", "INFO mcp_auth::audit: decision=\"allow\" request_id=\"r-1\"\n");
    refused(
        &of(&directory, "r-1"),
        &["no decision of an mcp-auth server is in it; 1 of its lines are not JSON", "[log]"],
    );
    todos::file(&directory, "server.log", "");
    refused(&of(&directory, "r-1"), &["no decision"]);
    refused(&explain(&directory, &["--request-id", "r-1", "--log", "none.log"]), &["--log none.log: "]);
    for wrong in [
        &["--request-id", "r-1"][..],
        &["--log", "server.log"],
        &["--request-id", "r-1", "--log", "server.log", "--tool", "add_todo"],
        &["--request-id", "r-1", "--log", "server.log", "--arguments", "{}"],
        &["--request-id", "r-1", "--log", "server.log", "--fetch"],
        &["--request-id", "r-1", "--log", "-", "--scopes", "-"],
    ] {
        let output = mcp_auth().current_dir(directory.path()).arg("explain").args(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", stdout(&output));
    }
}

#[test]
fn a_log_comes_through_standard_input_too_among_lines_that_are_not_json() {
    let directory = directory(&configuration(""), &[]);
    let mut command = mcp_auth();
    command.current_dir(directory.path()).args(["explain", "--scopes", "operations.json"]);
    command.args(["--request-id", "r-1", "--log", "-"]);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut running = piped.unwrap();
    let log = format!("starting\n{}\n\u{1b}[2Jx\n", event(&json!({})));
    running.stdin.take().unwrap().write_all(log.as_bytes()).unwrap();
    let output = running.wait_with_output().unwrap();
    says(
        &output,
        1,
        &["2 of its lines are not JSON and were passed over", "denied then, and it would be today"],
    );
}

#[test]
fn what_strangers_wrote_into_the_log_is_made_visible() {
    let evil = "x\u{1b}[2J\n\u{202e}y";
    let quoted = format!("{evil:?}");
    let changes = json!({
        "name": quoted, "subject": quoted, "client_id": quoted, "reason": quoted, "actor": evil, "held": evil,
        "needed": evil, "roles": evil, "client_address": evil, "hint": evil, "issuer": evil, "tenant": evil, "refused_by": evil,
    });
    let one = directory(&configuration(""), &[event(&changes)]);
    let several = [event(&changes), event(&json!({ "decision": evil, "operation": evil }))];
    let several = directory(&configuration(""), &several);
    for directory in [one, several] {
        let output = of(&directory, "r-1");
        let said = format!("{}{}", stdout(&output), stderr(&output));
        assert!(!said.contains(['\u{1b}', '\u{202e}']) && said.contains("[2J"), "{said:?}");
        assert!(!said.lines().any(|line| line.starts_with('y')), "{said}");
    }
}
