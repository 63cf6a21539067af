//! `mcp-auth explain`: the answer of the server itself, without the server.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use mcp_auth::ambient::{SystemClock, SystemRandom};
use mcp_auth::serde_json::{self, Value, json};
use mcp_auth::testing::{Client, TestIssuer};
use mcp_auth_core::ApiKey;
use mcp_auth_runtime::facade::ApiKeyDigest;
use mcp_auth_tests::process::private;

use crate::process::{mcp_auth, stderr, stdout};
use crate::todos;

const RESOURCE: &str = "https://todos.acme.io/mcp";

/// A server that trusts an issuer which nothing answers for, with these lines at the end.
fn trusting(more: &str) -> String {
    format!(
        "[server]\npublic_url = {RESOURCE:?}\n\n[auth]\nbase_scopes = [\"todos.read\"]\n\n[[auth.issuers]]\n\
         issuer = \"https://login.acme.io/\"\n\n{more}"
    )
}

fn directory(toml: &str) -> tempfile::TempDir {
    let directory = todos::directory(toml);
    todos::file(&directory, "operations.json", todos::OPERATIONS);
    directory
}

fn explain(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = mcp_auth();
    command.current_dir(directory).args(["explain", "--scopes", "operations.json"]);
    command.args(arguments).output().unwrap()
}

/// The same with a file that holds this credential, no part of which is shown.
fn with_token(directory: &tempfile::TempDir, token: &str, arguments: &[&str]) -> Output {
    private(&todos::file(directory, "t.jwt", token));
    let output = explain(directory.path(), &[&["--token-file", "t.jwt"], arguments].concat());
    let said = format!("{}{}", stdout(&output), stderr(&output));
    let shown = token.split('.').filter(|part| part.len() > 8).find(|part| said.contains(part));
    assert_eq!(shown, None, "a part of the credential is shown: {said}");
    output
}

fn claims(more: &Value) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let mut claims = json!({
        "iss": "https://login.acme.io/", "aud": RESOURCE, "sub": "alice", "iat": now, "exp": now + 600,
        "scope": "todos.read",
    });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims.to_string()
}

fn with_claims(directory: &tempfile::TempDir, claims: &str, arguments: &[&str]) -> Output {
    todos::file(directory, "claims.json", claims);
    explain(directory.path(), &[&["--claims", "claims.json"], arguments].concat())
}

#[track_caller]
pub(crate) fn says(output: &Output, code: i32, lines: &[&str]) {
    let text = stdout(output);
    assert_eq!(output.status.code(), Some(code), "{text}{}", stderr(output));
    for line in lines {
        assert!(text.lines().any(|said| said.trim() == *line), "{line}\nis not in\n{text}");
    }
}

#[track_caller]
fn refused(output: &Output, why: &str) {
    assert_eq!((output.status.code(), stdout(output).as_str()), (Some(2), ""), "{why}: {}", stderr(output));
    assert!(stderr(output).contains(why), "{why}\nis not in\n{}", stderr(output));
}

#[tokio::test]
async fn the_answer_is_that_of_the_running_server() {
    let directory = directory(&todos::configured(&todos::free_address()));
    let minted = |scopes: &str| {
        let arguments = ["token", "--sub", "alice", "--scope", scopes];
        let output = mcp_auth().current_dir(directory.path()).args(arguments).output().unwrap();
        stdout(&output).trim().to_owned()
    };
    let (reader, writer) = (minted("todos.read"), minted("todos.read todos.write"));
    let running = todos::serve(directory.path()).await;
    let another = reader.replacen("ey", "ez", 1);
    for (token, tool) in [
        (Some(&reader), "list_todos"),
        (Some(&reader), "add_todo"),
        (Some(&writer), "add_todo"),
        (Some(&another), "list_todos"),
        (Some(&another), "ping"),
        (None, "list_todos"),
        (None, "ping"),
    ] {
        let client = Client::new(running.resource());
        let client = token.map_or(client, |token| Client::new(running.resource()).token(token.as_str()));
        let answered = client.call_tool(tool, json!({})).await;
        let arguments = ["--tool", tool, "--json"];
        let output = match token {
            Some(token) => with_token(&directory, token, &arguments),
            None => explain(directory.path(), &arguments),
        };
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let case = format!("{tool}: {report} {}", answered.body());
        if answered.status() == 200 {
            assert_eq!((output.status.code(), &report["verdict"]), (Some(0), &json!("allowed")), "{case}");
            continue;
        }
        assert_eq!((output.status.code(), &report["verdict"]), (Some(1), &json!("denied")), "{case}");
        let answer = &report["answer"];
        assert_eq!(answer["status"], answered.status(), "{case}");
        let headers = answer["headers"].as_array().unwrap();
        let challenge = headers.iter().find(|header| header[0] == "www-authenticate");
        assert_eq!(
            challenge.map(|header| header[1].as_str().unwrap()),
            answered.header("www-authenticate"),
            "{case}"
        );
        assert_eq!(answer["body"]["error"], *answered.error().unwrap(), "{case}");
    }
}

#[test]
fn claims_are_judged_as_if_a_good_signature_stood_over_them() {
    let directory = directory(&trusting(
        "[scopes.\"todos.admin\"]\ndescription = \"All\"\nimplies = [\"todos.write\"]\n\n[tools.add_todo]\n\
         roles = [\"editor\"]\n\n[roles.editor]\nwhen = { claim = \"team\", equals = \"red\" }\n",
    ));
    let all = json!({ "scope": "todos.admin", "team": "red", "client_id": "app" });
    let allowed = with_claims(
        &directory,
        &claims(&all),
        &["--tool", "add_todo", "--arguments", "{\"title\":\"milk\"}"],
    );
    says(
        &allowed,
        0,
        &[
            "operation   tool \"add_todo\": the program declares: todos.write",
            "the configuration adds to it, so it needs: todos.write, role editor (tools.add_todo in mcp.toml, line 14)",
            "credential  a signed token of https://login.acme.io/, whose tokens are accepted (auth.issuers[0].issuer in mcp.toml, \
             line 8)",
            "whether a good signature stands over these claims is not asked",
            "caller      \"alice\", by client \"app\"",
            "scopes: todos.admin",
            "roles: editor",
            "rule        role editor: held, as editor (roles.editor in mcp.toml, line 17)",
            "scope todos.write: held, since todos.admin implies it (scopes.\"todos.admin\".implies in mcp.toml, line 12)",
            "would be allowed, if the signature is good",
        ],
    );
    let other_team = json!({ "scope": "todos.admin", "team": "blue" });
    let denied = with_claims(&directory, &claims(&other_team), &["--tool", "add_todo"]);
    says(
        &denied,
        1,
        &["HTTP 403 Forbidden", "denied: as above if the signature is good, else as an invalid token"],
    );
    assert!(!stdout(&denied).contains("www-authenticate"), "{}", stdout(&denied));
    let fewer = with_claims(&directory, &claims(&json!({ "team": "red" })), &["--tool", "add_todo"]);
    says(&fewer, 1, &["scope todos.write: not held", "HTTP 403 Forbidden"]);
    assert!(stdout(&fewer).contains("error=\"insufficient_scope\""), "{}", stdout(&fewer));
}

#[test]
fn everything_that_is_wrong_with_claims_is_said() {
    let directory = directory(&trusting(""));
    let output = with_claims(
        &directory,
        &claims(&json!({ "aud": "https://other.example", "exp": 5, "iat": 1 })),
        &["--tool", "ping"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    for part in ["audience", "expired", "HTTP 401 Unauthorized", "error=\"invalid_token\""] {
        assert!(stdout(&output).contains(part), "{part}: {}", stdout(&output));
    }
    let stranger =
        with_claims(&directory, &claims(&json!({ "iss": "https://evil.example" })), &["--tool", "ping"]);
    assert_eq!(stranger.status.code(), Some(1));
    assert!(stdout(&stranger).contains("https://evil.example"), "{}", stdout(&stranger));
}

#[test]
fn a_token_whose_keys_are_not_at_hand_is_judged_but_for_its_signature() {
    let directory = directory(&trusting(""));
    let issuer = TestIssuer::new("https://login.acme.io/", Arc::new(SystemClock));
    let token = issuer.token("alice", RESOURCE).scope("todos.write").mint();
    let allowed = with_token(&directory, &token, &["--tool", "add_todo"]);
    says(&allowed, 0, &["would be allowed, if the signature is good"]);
    assert!(
        stdout(&allowed).contains("the keys of its issuer are fetched with --fetch"),
        "{}",
        stdout(&allowed)
    );
    let elsewhere = issuer.token("alice", "https://other.example/mcp").mint();
    let denied = with_token(&directory, &elsewhere, &["--tool", "list_todos"]);
    says(&denied, 1, &["HTTP 401 Unauthorized", "denied"]);
}

#[test]
fn a_token_that_is_bound_to_a_certificate_is_judged_with_the_one_that_the_client_shows() {
    // What stands for a certificate: a SEQUENCE of one NULL, and of one INTEGER; the SHA-256 of the first.
    let pem = |base64: &str| format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
    let bound = claims(&json!({ "cnf": { "x5t#S256": "yJNGE5QvV0MPSLUbATDZkjxL_jbmFmurzdt778ZGjwg" } }));
    let server = "trusted_proxies = [\"10.0.0.0/8\"]\nclient_cert_header = {}";
    let toml =
        trusting("certificate_bound = \"required\"").replacen("[server]", &format!("[server]\n{server}"), 1);
    let directory = directory(&toml);
    todos::file(&directory, "own.pem", &pem("MAIFAA=="));
    todos::file(&directory, "other.pem", &pem("MAMCAQE="));
    todos::file(&directory, "none.pem", "hunter2");
    let ask = |claims: &str, more: &[&str]| {
        with_claims(&directory, claims, &[&["--tool", "list_todos"], more].concat())
    };
    let good = "would be allowed, if the signature is good";
    says(&ask(&bound, &["--client-cert", "own.pem"]), 0, &[good]);
    let plain = claims(&json!({}));
    for (claims, shown, why) in [
        (&bound, &["--client-cert", "other.pem"][..], "the token is bound to another client certificate"),
        (&bound, &[], "the request came without one"),
        (&plain, &["--client-cert", "own.pem"], "the token is not bound to a client certificate"),
    ] {
        let output = ask(claims, shown);
        says(&output, 1, &["HTTP 401 Unauthorized", "denied"]);
        assert!(stdout(&output).contains(why), "{why}\nis not in\n{}", stdout(&output));
    }
    let output = ask(&bound, &["--client-cert", "none.pem"]);
    assert!(
        stderr(&output).contains("--client-cert none.pem: this is not one certificate in PEM"),
        "{output:?}"
    );
}

#[test]
fn an_api_key_is_judged_whole_and_from_where_it_may_come() {
    let key = ApiKey::make(&SystemRandom);
    let toml = format!(
        "[server]\npublic_url = {RESOURCE:?}\n[auth]\nbase_scopes = []\n[[auth.api_keys]]\nname = \"nightly\"\n\
         digest = \"{}\"\nscopes = [\"todos.read\"]\nallowed_addresses = [\"10.0.0.0/8\"]\n",
        ApiKeyDigest::of(&key)
    );
    let directory = directory(&toml);
    let ask = |arguments: &[&str]| {
        with_token(&directory, key.expose(), &[&["--tool", "list_todos"], arguments].concat())
    };
    says(
        &ask(&["--from", "10.1.2.3"]),
        0,
        &["credential  an API key (auth.api_keys[0].name in mcp.toml, line 6)", "allowed"],
    );
    says(&ask(&["--from", "192.0.2.1"]), 1, &["HTTP 401 Unauthorized", "denied"]);
    says(&ask(&[]), 1, &["denied"]);
}

#[test]
fn over_stdio_the_caller_is_whom_the_configuration_names() {
    let directory = directory(
        "[server]\ntransport = \"stdio\"\n[stdio]\nlocal_scopes = [\"todos.read\"]\n[auth]\nbase_scopes = []\nverify = \"none\"\n",
    );
    let ask = |tool: &str| explain(directory.path(), &["--tool", tool]);
    says(&ask("list_todos"), 0, &["allowed"]);
    let denied = ask("add_todo");
    says(&denied, 1, &["rule        scope todos.write: not held", "denied"]);
    assert!(
        stdout(&denied).contains("\"required\":[\"todos.write\"]") && !stdout(&denied).contains("HTTP"),
        "{}",
        stdout(&denied)
    );
}

#[test]
fn a_scope_that_the_call_fills_is_told_with_the_value_of_the_call() {
    let directory = directory(&trusting(""));
    let rule = todos::OPERATIONS.replacen("[\"todos.read\"],", "[\"todos:{list}:read\"],", 1);
    todos::file(&directory, "operations.json", &rule);
    let claims = claims(&json!({ "scope": "todos:home:read" }));
    let ask = |arguments: &[&str]| {
        with_claims(&directory, &claims, &[&["--tool", "list_todos"], arguments].concat())
    };
    says(
        &ask(&["--arguments", "{\"list\": \"home\"}"]),
        0,
        &["rule        scope todos:home:read: held", "would be allowed, if the signature is good"],
    );
    let other = ask(&["--arguments", "{\"list\": \"work\"}"]);
    says(&other, 1, &["rule        scope todos:work:read: not held", "HTTP 403 Forbidden"]);
    assert!(stdout(&other).contains("scope=\"todos:home:read todos:work:read\""), "{}", stdout(&other));
    let unfit = ask(&["--arguments", "{\"list\": \"a:b\"}"]);
    assert_eq!(unfit.status.code(), Some(1));
    assert!(
        stdout(&unfit).contains("`list` cannot be filled into a scope: it has ':'"),
        "{}",
        stdout(&unfit)
    );
    says(
        &ask(&[]),
        2,
        &[
            "rule        scope todos:{list}:read: each call fills it",
            "answer      the call fills a scope: say with which --arguments",
            "could not be told",
        ],
    );
}

#[test]
fn what_a_guard_or_an_issuer_has_to_say_is_not_made_up() {
    let directory =
        directory(&(trusting("") + "introspection = { client_id = \"a\", client_secret = \"env:S\" }\n"));
    let opaque = {
        private(&todos::file(&directory, "t.jwt", "an-opaque-token-of-its-issuer"));
        let mut command = mcp_auth();
        command.current_dir(directory.path()).env("S", "hunter2hunter2hunter2");
        command.args([
            "explain",
            "--scopes",
            "operations.json",
            "--tool",
            "list_todos",
            "--token-file",
            "t.jwt",
        ]);
        command.output().unwrap()
    };
    says(&opaque, 2, &["could not be told"]);
    assert!(stdout(&opaque).contains("its issuer has to be asked about it"), "{}", stdout(&opaque));

    let guarded = self::directory(&trusting(""));
    let rule = todos::OPERATIONS.replacen(
        "\"scopes\": [\"todos.read\"],",
        "\"scopes\": [\"todos.read\"], \"guard\": \"is_awake\",",
        1,
    );
    todos::file(&guarded, "operations.json", &rule);
    let asked = with_claims(&guarded, &claims(&json!({})), &["--tool", "list_todos"]);
    says(
        &asked,
        0,
        &["would be allowed, if the signature is good and its guard \"is_awake\" lets the call pass"],
    );
}

/// The directory of this configuration, for a program whose `list_todos` has this in its rule.
fn with_rule(toml: &str, more: &str) -> tempfile::TempDir {
    let directory = directory(toml);
    let scopes = "\"scopes\": [\"todos.read\"],";
    let rule = todos::OPERATIONS.replacen(scopes, &format!("{scopes} {more},"), 1);
    todos::file(&directory, "operations.json", &rule);
    directory
}

#[test]
fn a_token_that_is_bound_to_a_key_is_judged_as_if_its_proof_were_good() {
    let bound = claims(&json!({ "cnf": { "jkt": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" } }));
    let on = directory(&trusting("dpop = \"allowed\""));
    says(
        &with_claims(&on, &bound, &["--tool", "list_todos"]),
        0,
        &[
            "it is bound to a key: each request brings a proof of that key beside it (DPoP)",
            "would be allowed, if the signature is good and the proof beside the token is good",
        ],
    );
    says(&with_claims(&on, &bound, &["--tool", "add_todo"]), 1, &["HTTP 403 Forbidden"]);
    let off = directory(&trusting(""));
    says(&with_claims(&off, &bound, &["--tool", "list_todos"]), 1, &["HTTP 401 Unauthorized", "denied"]);
    let required = directory(&trusting("dpop = \"required\""));
    says(
        &with_claims(&required, &claims(&json!({})), &["--tool", "list_todos"]),
        1,
        &["HTTP 401 Unauthorized"],
    );
}

#[test]
fn claims_that_a_method_takes_are_supposed_to_fit() {
    let directory = with_rule(&trusting(""), "\"claims\": true");
    says(
        &with_claims(&directory, &claims(&json!({})), &["--tool", "list_todos"]),
        0,
        &[
            "operation   tool \"list_todos\": the program declares: todos.read, claims",
            "would be allowed, if the signature is good and the claims fit that type",
        ],
    );
}

#[test]
fn a_confirmation_is_supposed_to_be_given_where_somebody_can_give_it() {
    let in_client = with_rule(&trusting(""), "\"confirmed\": true");
    says(
        &with_claims(&in_client, &claims(&json!({})), &["--tool", "list_todos"]),
        0,
        &["would be allowed, if the signature is good and the person confirms it"],
    );

    // On the page of the built-in issuer its own people do, and nobody else.
    let key = ApiKey::make(&SystemRandom);
    let toml = todos::configured(&todos::free_address())
        + &format!(
            "[[auth.api_keys]]\nname = \"nightly\"\ndigest = \"{}\"\nscopes = [\"todos.read\"]\n",
            ApiKeyDigest::of(&key)
        );
    let by_login = with_rule(&toml, "\"confirmed\": \"login\"");
    let mut minting = mcp_auth();
    minting.current_dir(by_login.path()).args(["token", "--sub", "alice", "--scope", "todos.read"]);
    let token = stdout(&minting.output().unwrap()).trim().to_owned();
    says(
        &with_token(&by_login, &token, &["--tool", "list_todos"]),
        0,
        &["would be allowed, if the person confirms it"],
    );
    let refused = "this caller has no such page, so nobody can confirm the call";
    let by_key = with_token(&by_login, key.expose(), &["--tool", "list_todos"]);
    assert_eq!(by_key.status.code(), Some(1), "{}", stdout(&by_key));
    assert!(stdout(&by_key).contains(refused), "{}", stdout(&by_key));

    let over_stdio = with_rule(
        "[server]\ntransport = \"stdio\"\n[stdio]\nlocal_scopes = [\"todos.read\"]\n[auth]\nbase_scopes = []\nverify = \"none\"\n",
        "\"confirmed\": \"login\"",
    );
    let local = explain(over_stdio.path(), &["--tool", "list_todos"]);
    assert_eq!(local.status.code(), Some(1), "{}", stdout(&local));
    assert!(stdout(&local).contains(refused), "{}", stdout(&local));
}

#[test]
fn a_tool_that_is_added_while_the_server_runs_cannot_be_explained() {
    let directory = directory(&trusting(""));
    todos::file(
        &directory,
        "operations.json",
        &todos::OPERATIONS.replacen('{', "{\"tools_change\": true,", 1),
    );
    refused(&explain(directory.path(), &["--tool", "get_pet"]), "It adds tools while it runs");
}

#[test]
fn the_local_caller_is_told_by_the_key_that_makes_it_one() {
    let directory = directory(
        "[server]\ntransport = \"stdio\"\n[stdio]\nlocal_roles = [\"editor\"]\n[roles.editor]\n[auth]\nbase_scopes = []\n\
         verify = \"none\"\n",
    );
    let denied = explain(directory.path(), &["--tool", "add_todo"]);
    assert_eq!(denied.status.code(), Some(1), "{}", stderr(&denied));
    assert!(stdout(&denied).contains("(stdio.local_roles in mcp.toml, line 4)"), "{}", stdout(&denied));
}

#[test]
fn what_cannot_be_explained_is_refused_and_nothing_secret_is_repeated() {
    let directory = directory(&trusting(""));
    let path = directory.path();
    refused(
        &explain(path, &["--tool", "add_tdo"]),
        "the program has no tool \"add_tdo\"; did you mean \"add_todo\"?",
    );
    refused(&explain(path, &["--prompt", "x"]), "the program has no prompt \"x\": it has no prompt");
    refused(&explain(path, &[]), "--tool");
    refused(&explain(path, &["--tool", "ping", "--prompt", "x"]), "cannot be used with");
    refused(&explain(path, &["--tool", "ping", "--arguments", "[1]"]), "--arguments is not one JSON object");
    refused(&explain(path, &["--tool", "ping", "--arguments", "{\"a\":1,\"a\":2}"]), "with no key twice");

    std::fs::create_dir(path.join("folder")).unwrap();
    private(&todos::file(&directory, "huge", &"a".repeat(70_000)));
    todos::file(&directory, "huge.json", &format!("{{\"a\": \"{}\"}}", "a".repeat(70_000)));
    private(&todos::file(&directory, "words", "hunter2 is not one word"));
    todos::file(&directory, "list.json", "[]");
    todos::file(&directory, "twice.json", "{\"sub\": \"a\", \"sub\": \"b\"}");
    for (arguments, why) in [
        (["--token-file", "folder"], "cannot read folder"),
        (["--token-file", "huge"], "huge is not text of at most 64 KiB"),
        (["--token-file", "words"], "words, is not a bearer token"),
        (["--token-file", "gone"], "cannot read gone"),
        (["--claims", "folder"], "--claims folder: "),
        (["--claims", "huge.json"], "longer than 64 KiB"),
        (["--claims", "list.json"], "this is not one JSON object"),
        (["--claims", "twice.json"], "with no key twice"),
    ] {
        let output = explain(path, &[&["--tool", "ping"], &arguments[..]].concat());
        refused(&output, why);
        assert!(!stderr(&output).contains("hunter2"), "{}", stderr(&output));
    }

    let token =
        TestIssuer::new("https://login.acme.io/", Arc::new(SystemClock)).token("alice", RESOURCE).mint();
    todos::file(&directory, "token.json", &token);
    refused(&explain(path, &["--tool", "ping", "--claims", "token.json"]), "name it with --token-file");
    let body = format!("{{\"token\": \"{token}\"}}");
    for careless in [
        vec!["--tool", "ping", "--token-file", &token],
        vec!["--tool", "ping", "--claims", &token],
        vec!["--tool", "ping", "--arguments", &body],
        vec!["--tool", &token],
        vec!["--tool", "ping", &token],
    ] {
        let output = explain(path, &careless);
        refused(&output, "an argument holds a token");
        let shown = token.split('.').find(|part| stderr(&output).contains(*part));
        assert_eq!(shown, None, "{}", stderr(&output));
    }
}
