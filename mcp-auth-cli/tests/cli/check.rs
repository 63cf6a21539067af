//! `mcp-auth check`: gives the server's own verdict on a configuration, without starting the server.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use mcp_auth::serde_json::{self, Value};
use mcp_auth_tests::process::private;

use crate::process::{mcp_auth, stderr, stdout};
use crate::todos;

mod credential;
mod locked;

fn check(directory: &Path, arguments: &[&str]) -> Output {
    mcp_auth().current_dir(directory).arg("check").args(arguments).output().unwrap()
}

/// Checks `toml` against the operations of the small server; returns the exit code and the output.
fn verdict(toml: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let directory = todos::directory(toml);
    todos::file(&directory, "operations.json", todos::OPERATIONS);
    let output = check(directory.path(), &[&["--scopes", "operations.json"], arguments].concat());
    (output.status.code(), format!("{}{}", stdout(&output), stderr(&output)))
}

fn json(output: &Output) -> Value {
    assert!(output.stderr.is_empty(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A server that verifies another issuer's tokens, with these lines added under `[auth]`.
fn verify(more: &str) -> String {
    format!(
        "[server]\npublic_url = \"https://todos.acme.io/mcp\"\n[auth]\nbase_scopes = [\"todos.read\"]\n{more}\n\
         [[auth.issuers]]\nissuer = \"https://login.acme.io/\"\n"
    )
}

/// What gives scopes where tokens hold none.
const GRANTS: &str = "[roles.reader]\nwhen = { claim = \"team\", equals = \"a\" }\ngrants = [\"todos.read\", \"todos.write\"]\n";

#[test]
fn says_what_is_served_whom_it_trusts_and_who_may_do_what() {
    let (code, text) = verdict(&todos::configured("127.0.0.1:4711"), &[]);
    assert_eq!(code, Some(0), "{text}");
    for line in [
        "mcp.toml",
        "  over          HTTP, listening on 127.0.0.1:4711",
        "  MCP endpoint  http://127.0.0.1:4711/mcp (from listen and path; the resource identifier)",
        "  metadata      http://127.0.0.1:4711/.well-known/oauth-protected-resource/mcp",
        "                http://127.0.0.1:4711/.well-known/oauth-protected-resource",
        "  issuer       http://127.0.0.1:4711 (built in, for development only: its login asks no password)",
        "  users        alice, bob",
        "  signing key  in .mcp-auth",
        "  first login  asks for todos.read (base_scopes)",
        "  connecting   needs a verified caller",
        "  anonymous    may call ping",
        "  KIND  OPERATION   NEEDS        DESCRIPTION",
        "  tool  list_todos  todos.read   Whose todos.",
        "  tool  ping        public       Is it up?",
        "  todos.read   yes          list_todos  See your todos",
        "fine",
    ] {
        assert!(text.lines().any(|said| said == line), "{line}\nis not in\n{text}");
    }
    let (_, text) = verdict(&verify(""), &[]);
    assert!(
        text.contains("  algorithms  the one that each key says in its alg, else RS256, ES256, EdDSA\n"),
        "{text}"
    );
}

#[test]
fn each_part_of_a_rule_is_said() {
    let directory =
        todos::directory(&(verify("") + "[roles.boss]\nwhen = { claim = \"job\", equals = \"boss\" }\n"));
    let scopes = "\"scopes\": [\"todos.read\"],";
    let more = "\"roles\": [[\"boss\"]], \"claims\": true, \"max_age\": 300, \"acr_values\": [\"phr\"], \"guard\": \"may\", \
                \"confirmed\": true,";
    todos::file(
        &directory,
        "operations.json",
        &todos::OPERATIONS.replacen(scopes, &format!("{scopes} {more}"), 1),
    );
    let output = check(directory.path(), &["--scopes", "operations.json"]);
    let rule = "todos.read, role boss, claims, login 5m, acr phr, guard may, confirmed";
    assert!(stdout(&output).contains(rule), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn tools_that_are_added_while_the_server_runs_may_bring_what_is_not_there_yet() {
    let toml = verify("")
        + "[tools.get_pet]\nscopes = [\"todos.read\"]\n[scopes.\"pets.read\"]\ndescription = \"Pets\"\n";
    let directory = todos::directory(&toml);
    let with = |operations: &str| {
        todos::file(&directory, "operations.json", operations);
        check(directory.path(), &["--json", "--scopes", "operations.json"])
    };
    let fixed = json(&with(todos::OPERATIONS));
    assert_eq!(fixed["verdict"], "refused", "{fixed}");
    let changing = json(&with(&todos::OPERATIONS.replacen('{', "{\"tools_change\": true,", 1)));
    let warnings = changing["warnings"].to_string();
    assert!(
        warnings.contains("get_pet") && warnings.contains("a tool that is added at run time may bring it"),
        "{changing}"
    );
    assert!(changing["notes"].to_string().contains("this server adds tools while it runs"), "{changing}");
}

#[test]
fn says_whom_a_server_of_others_tokens_trusts() {
    let toml = verify("") + "audience = [\"api\", \"https://todos.acme.io/mcp\"]\nalgorithms = [\"ES256\"]\n";
    let (code, text) = verdict(&toml, &[]);
    assert_eq!(code, Some(0), "{text}");
    for line in [
        "  MCP endpoint  https://todos.acme.io/mcp (public_url; the resource identifier)",
        "  metadata      https://todos.acme.io/.well-known/oauth-protected-resource/mcp",
        "  issuer      https://login.acme.io/",
        "  audience    api",
        "              https://todos.acme.io/mcp",
        "  algorithms  ES256",
        "  keys        discovered at the start, from the issuer's metadata",
    ] {
        assert!(text.lines().any(|said| said == line), "{line}\nis not in\n{text}");
    }
}

#[test]
fn says_which_claims_give_which_roles() {
    let toml = verify("")
        + r#"
        [roles.manager]
        implies = ["viewer"]
        when = [
            { claim = ["realm_access", "roles"], contains = "todo-managers" },
            { claim = "team", any = ["leads", 5], issuer = "https://login.acme.io/" },
        ]
        [roles.support]
        when = { claim = "department", equals = "support" }
        [roles.viewer]
        "#;
    let (code, text) = verdict(&toml, &[]);
    assert_eq!(code, Some(0), "{text}");
    for line in [
        "  ROLE     IMPLIES  HELD WHEN THE CLAIM",
        "  manager  viewer   realm_access > roles contains \"todo-managers\"",
        "                    team is or contains one of \"leads\", 5, from https://login.acme.io/",
        "  support           department is \"support\"",
        "  viewer            (only by a role that implies it)",
    ] {
        assert!(text.lines().any(|said| said == line), "{line}\nis not in\n{text}");
    }
    let (_, without) = verdict(&verify(""), &[]);
    assert!(!without.contains("Roles"), "{without}");

    let directory = todos::directory(&toml);
    let report = json(&check(directory.path(), &["--json"]));
    let (manager, support, viewer) = (&report["roles"][0], &report["roles"][1], &report["roles"][2]);
    let when = serde_json::json!([
        { "claim": ["realm_access", "roles"], "contains": "todo-managers" },
        { "claim": ["team"], "any": ["leads", 5], "issuer": "https://login.acme.io/" },
    ]);
    assert_eq!((&manager["role"], &manager["when"]), (&"manager".into(), &when));
    assert_eq!(manager["implies"], serde_json::json!(["viewer"]));
    assert_eq!(support["when"], serde_json::json!([{ "claim": ["department"], "equals": "support" }]));
    assert_eq!(viewer["when"], serde_json::json!([]));
}

#[test]
fn what_the_server_would_refuse_is_refused_all_at_once_in_its_own_words() {
    let toml = "[issuer]\n[scopes.\"todos.raed\"]\ndescription = \"x\"\n";
    let (code, text) = verdict(toml, &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.starts_with("error: 2 reasons not to start:\n"), "{text}");
    assert!(text.contains("tool `list_todos` needs todos.read, so auth.base_scopes must say"), "{text}");
    assert!(text.contains("did you mean \"todos.read\"?: scopes.\"todos.raed\" in mcp.toml"), "{text}");
    // Without the list of operations, neither mistake can be found.
    let directory = todos::directory(toml);
    let output = check(directory.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("not checked"));
}

#[test]
fn mistakes_in_the_file_and_files_that_are_not_there_are_refused() {
    let (code, text) = verdict("[auth]\nverfy = \"none\"\nvisibility = \"some\"", &[]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("2 mistakes in the configuration") && text.contains("did you mean verify?"),
        "{text}"
    );
    let nowhere = tempfile::tempdir().unwrap();
    let output = check(nowhere.path(), &[]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let said = stderr(&output);
    assert!(
        said.contains("no configuration file found; tried ") && said.matches("mcp.toml").count() == 1,
        "{said}"
    );
}

#[test]
fn files_profile_environment_and_arguments_are_found_as_the_server_finds_them() {
    let directory = todos::directory(&todos::configured("127.0.0.1:1"));
    todos::file(&directory, "mcp.two.toml", "server.listen = \"127.0.0.1:2\"");
    let elsewhere = todos::file(&directory, "five.toml", &todos::configured("127.0.0.1:5"));
    let listens = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = mcp_auth();
        command.current_dir(directory.path()).envs(variables.iter().copied()).args(["check", "--json"]);
        json(&command.args(arguments).output().unwrap())["serves"]["listen"].as_str().unwrap().to_owned()
    };
    assert_eq!(listens(&[], &[]), "127.0.0.1:1");
    assert_eq!(listens(&[], &["--profile", "two"]), "127.0.0.1:2");
    assert_eq!(listens(&[("MCP_PROFILE", "two")], &[]), "127.0.0.1:2");
    assert_eq!(listens(&[("MCP_SERVER__LISTEN", "127.0.0.1:3")], &["--profile", "two"]), "127.0.0.1:3");
    assert_eq!(
        listens(&[("MCP_SERVER__LISTEN", "127.0.0.1:3")], &["--listen", "127.0.0.1:4"]),
        "127.0.0.1:4"
    );
    assert_eq!(listens(&[("MCP_CONFIG", elsewhere.to_str().unwrap())], &[]), "127.0.0.1:5");
    assert_eq!(listens(&[], &["--config", "five.toml"]), "127.0.0.1:5");
}

#[test]
fn profile_that_is_laid_over_the_file_is_named_and_none_is_not() {
    let directory = todos::directory(&todos::configured("127.0.0.1:1"));
    todos::file(&directory, "mcp.two.toml", "server.listen = \"127.0.0.1:2\"");
    let first = |output: &Output| stdout(output).lines().next().unwrap().to_owned();
    assert_eq!(first(&check(directory.path(), &["--profile", "two"])), "mcp.toml, with mcp.two.toml over it");
    assert_eq!(first(&check(directory.path(), &[])), "mcp.toml");
    assert_eq!(json(&check(directory.path(), &["--json", "--profile", "two"]))["profile"], "mcp.two.toml");
    assert_eq!(json(&check(directory.path(), &["--json"]))["profile"], Value::Null);
}

#[test]
fn mistakes_and_what_each_later_stage_would_refuse_are_told_in_one_run() {
    // A bad value, a scope that no operation declares, and a URL that is not safe.
    let toml = "[server]\npublic_url = \"http://todos.acme.io/mcp\"\n[limits]\nbody = 0\n[auth]\nbase_scopes = []\n\
                [[auth.issuers]]\nissuer = \"https://login.acme.io/\"\n[scopes.\"todos.raed\"]\n";
    let (code, text) = verdict(toml, &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.starts_with("error: 3 reasons not to start:\n"), "{text}");
    for reason in [
        "limits.body in mcp.toml, line 4",
        "server.public_url in mcp.toml, line 2",
        "did you mean \"todos.read\"?",
    ] {
        assert!(text.contains(reason), "{reason}: {text}");
    }
    let (_, text) = verdict(toml, &["--json"]);
    let refused: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(refused["errors"].as_array().unwrap().len(), 3);
}

#[test]
fn each_unwise_thing_is_warned_of_and_its_wise_twin_is_not() {
    for (unwise, wise, warning) in [
        (
            verify("clock_skew = \"5m\"").replace("clock_skew = \"5m\"\n", "") + "clock_skew = \"5m\"",
            verify(""),
            "clock_skew is 5m",
        ),
        (
            verify("") + "max_token_lifetime = \"30d\"",
            verify("") + "max_token_lifetime = \"1d\"",
            "max_token_lifetime is 30days",
        ),
        (
            verify("visibility = \"granted\""),
            verify("visibility = \"all\""),
            "given more than auth.base_scopes: add_todo",
        ),
        (
            verify("").replace("https://login.acme.io/", "https://acme.supabase.co/auth/v1")
                + "provider = \"supabase\"\n"
                + GRANTS,
            verify("").replace("https://login.acme.io/", "https://acme.supabase.co/auth/v1")
                + "provider = \"supabase\"\nallowed_clients = [\"todos\"]\n"
                + GRANTS,
            "at Supabase it stands for the whole project. Tokens that people gave to other servers pass here too",
        ),
        (
            verify("").replace("https://login.acme.io/", "https://acme.okta.com/oauth2/default")
                + "audience = \"api://default\"\n",
            verify("").replace("https://login.acme.io/", "https://acme.okta.com/oauth2/default"),
            "which says so until you set its audience",
        ),
        (
            verify("") + "audience = \"a-client\"\n",
            verify("") + "audience = \"https://todos.acme.io/mcp\"\n",
            "it may stand for a whole project or a client of the issuer",
        ),
        (verify("").replace("[\"todos.read\"]", "[]"), verify(""), "auth.base_scopes is empty"),
        (verify("").replace("\"todos.read\"", "\"openid\""), verify(""), "auth.base_scopes names \"openid\""),
        (
            verify("").replace("login.acme.io", "login.example.com"),
            verify(""),
            "is a name from documentation: auth.issuers[0].issuer",
        ),
        (
            verify("").replace("todos.acme.io", "todos.example.com"),
            verify(""),
            "is a name from documentation: server.public_url",
        ),
        (
            verify("")
                .replace("https://todos.acme.io", "http://localhost:80")
                .replace("[server]", "[server]\nlisten = \"0.0.0.0:80\""),
            verify("").replace("[server]", "[server]\nlisten = \"0.0.0.0:80\""),
            "which other machines can reach in plain HTTP",
        ),
        (
            todos::configured("127.0.0.1:1").replace("[server]", "[server]\ntransport = \"stdio\""),
            todos::configured("127.0.0.1:1").replace(
                "[server]",
                "[stdio]\nlocal_scopes = [\"todos.read\"]\n[server]\ntransport = \"stdio\"",
            ),
            "no caller can connect over stdio",
        ),
    ] {
        let (code, text) = verdict(&unwise, &[]);
        assert_eq!(code, Some(0), "{warning}: {text}");
        assert!(text.contains(warning) && text.contains("\nfine, with "), "{warning}: {text}");
        let (code, text) = verdict(&unwise, &["--deny-warnings"]);
        assert_eq!(code, Some(1), "{warning}: {text}");
        assert!(text.lines().any(|line| line.starts_with("refused: ")), "{text}");
        let (code, text) = verdict(&wise, &["--deny-warnings"]);
        assert_eq!(code, Some(0), "{warning}: {text}");
        assert!(!text.contains(warning), "{text}");
    }
}

#[test]
fn what_is_usual_and_worth_knowing_is_noted_and_never_denied() {
    let bare = todos::configured("127.0.0.1:1").replace("description = \"Change your todos\"", "");
    for (toml, note) in [
        (
            verify("").replace("[server]", "[server]\nlisten = \"0.0.0.0:80\""),
            "a proxy in front must terminate TLS",
        ),
        (verify("connect = \"anonymous\""), "anyone may connect and list"),
        (bare.replace("[scopes.\"todos.write\"]", ""), "scope \"todos.write\" has no description"),
    ] {
        let (code, text) = verdict(&toml, &["--deny-warnings"]);
        assert_eq!(code, Some(0), "{note}: {text}");
        assert!(text.contains("note: ") && text.contains(note), "{note}: {text}");
    }
}

#[cfg(unix)]
#[test]
fn file_that_everyone_can_write_and_key_that_everyone_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let chmod =
        |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let directory = todos::directory(&todos::configured("127.0.0.1:1"));
    let (config, state) = (directory.path().join("mcp.toml"), directory.path().join(".mcp-auth"));
    chmod(&config, 0o666);
    let output = check(directory.path(), &["--deny-warnings"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("run: chmod o-w "), "{}", stdout(&output));
    chmod(&config, 0o644);
    assert_eq!(check(directory.path(), &["--deny-warnings"]).status.code(), Some(0));
    assert!(!state.exists(), "checking writes nothing");

    assert!(mcp_auth().current_dir(directory.path()).arg("token").output().unwrap().status.success());
    assert_eq!(check(directory.path(), &[]).status.code(), Some(0));
    chmod(&state.join("signing-keys.json"), 0o644);
    let output = check(directory.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("run chmod 600 on it"), "{}", stderr(&output));
}

#[test]
fn credentials_are_asked_for_and_never_shown() {
    let toml = todos::configured("127.0.0.1:1").replace(
        "[scopes.\"todos.read\"]",
        "clients = [{ client_id = \"m2m\", client_secret = \"env:M2M\", scopes = [\"todos.read\"] }]\n[scopes.\"todos.read\"]",
    );
    let directory = todos::directory(&toml);
    let missing = check(directory.path(), &[]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        stderr(&missing).contains("environment variable M2M is not set: issuer.clients[0].client_secret")
    );
    for arguments in [&["check"][..], &["check", "--json"]] {
        let there = mcp_auth()
            .current_dir(directory.path())
            .env("M2M", "hunter2hunter2hunter2")
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(there.status.code(), Some(0), "{}", stderr(&there));
        let text = format!("{}{}", stdout(&there), stderr(&there));
        assert!(text.contains("m2m") && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn json_holds_the_verdict_and_everything_else() {
    let directory = todos::directory(&todos::configured("127.0.0.1:4711"));
    todos::file(&directory, "operations.json", todos::OPERATIONS);
    let fine = json(&check(directory.path(), &["--json", "--scopes", "operations.json"]));
    assert_eq!(fine["verdict"], "fine");
    assert_eq!(fine["serves"]["transport"], "http");
    assert_eq!(fine["serves"]["resource"], "http://127.0.0.1:4711/mcp");
    assert_eq!(fine["trusts"]["verify"], "tokens");
    assert_eq!(fine["trusts"]["built_in"]["issuer"], "http://127.0.0.1:4711");
    assert_eq!(fine["trusts"]["issuers"], serde_json::json!([]));
    assert_eq!(fine["access"]["public"], serde_json::json!(["ping"]));
    assert_eq!(fine["operations"][1]["needs"], "todos.write");
    assert_eq!(fine["scopes"][0]["needed_by"], serde_json::json!(["list_todos"]));
    assert_eq!(json(&check(directory.path(), &["--json"]))["operations"], Value::Null);

    let unwise = todos::directory(&verify("visibility = \"granted\""));
    todos::file(&unwise, "operations.json", todos::OPERATIONS);
    let output = check(unwise.path(), &["--json", "--deny-warnings", "--scopes", "operations.json"]);
    assert_eq!((output.status.code(), json(&output)["verdict"].as_str()), (Some(1), Some("unwise")));

    let refused = todos::directory("[auth]\nverify = \"tokens\"\n[server]\nlisten = \"0.0.0.0:1\"");
    let output = check(refused.path(), &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let refused = json(&output);
    assert_eq!(
        (refused["verdict"].as_str(), refused["errors"].as_array().unwrap().len()),
        (Some("refused"), 2)
    );
}

#[test]
fn a_description_has_no_power_over_the_terminal_in_json_either() {
    let directory = todos::directory(&todos::configured("127.0.0.1:1"));
    let evil = todos::OPERATIONS.replace("Is it up?", "Is\u{9b}2J it\u{202e} up?");
    todos::file(&directory, "operations.json", &evil);
    let output = check(directory.path(), &["--json", "--scopes", "operations.json"]);
    assert!(!stdout(&output).contains(['\u{9b}', '\u{202e}']), "{}", stdout(&output));
    assert!(json(&output)["operations"].to_string().contains("Is\u{9b}2J it\u{202e} up?"));
}

#[test]
fn operations_come_from_a_file_or_standard_input_and_nothing_else_passes_for_them() {
    let directory = todos::directory(&todos::configured("127.0.0.1:1"));
    let piped = |text: &str| {
        let mut command = mcp_auth();
        command.current_dir(directory.path()).args(["check", "--scopes", "-"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = piped(todos::OPERATIONS);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("  tool  add_todo "));
    for (output, why) in [
        (piped("KIND  OPERATION"), "this is not what a server prints for `--scopes json`"),
        (piped(&todos::OPERATIONS.replace("\"public\"", "\"nobody\"")), "which this version does not know"),
        (check(directory.path(), &["--scopes", "gone.json"]), "--scopes gone.json: "),
        (check(directory.path(), &["--deny-warning"]), "--deny-warnings"),
    ] {
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{why}");
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
}

#[test]
fn no_port_is_opened_and_no_request_is_sent() {
    // The port is taken and the issuer does not answer: neither affects the check.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    issuer.set_nonblocking(true).unwrap();
    let toml = format!(
        "[server]\nlisten = \"{}\"\n[auth]\nbase_scopes = []\n[[auth.issuers]]\nissuer = \"http://{}\"\n",
        taken.local_addr().unwrap(),
        issuer.local_addr().unwrap()
    );
    let directory = todos::directory(&toml);
    assert_eq!(check(directory.path(), &[]).status.code(), Some(0));
    assert_eq!(issuer.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn says_which_api_keys_there_are_and_that_nothing_is_published_for_them() {
    let toml = format!(
        "[server]\nlisten = \"127.0.0.1:4711\"\n[auth]\nx_api_key = true\n[[auth.api_keys]]\nname = \"nightly\"\ndigest = \
         \"sha256:{:0>64}\"\nscopes = [\"todos.read\"]\nroles = [\"manager\"]\nexpires = 2099-01-31\n\
         allowed_addresses = [\"10.0.0.0/8\"]\n[[auth.api_keys]]\nname = \"old\"\ndigest = \"sha256:{:0>64}\"\n\
         expires = 2020-01-31\n[roles.manager]\n",
        "a1", "a2"
    );
    let (code, text) = verdict(&toml, &[]);
    assert_eq!(code, Some(0), "{text}");
    for line in [
        "  API key  \"nightly\" with todos.read, roles manager, until 2099-01-31T00:00:00Z, from 10.0.0.0/8 only",
        "  API key  \"old\" with no scope, until 2020-01-31T00:00:00Z",
        "  in       Authorization: Bearer, or X-API-Key (x_api_key)",
    ] {
        assert!(text.lines().any(|said| said == line), "{line}\nis not in\n{text}");
    }
    assert!(text.contains("(API key \"nightly\")"), "the role's holder: {text}");
    assert!(text.contains("API key \"old\" is refused"), "{text}");
    assert!(
        !text.contains("metadata") && !text.contains("first login") && !text.contains("sha256:"),
        "{text}"
    );
}

#[test]
fn counts_the_tables_of_denied_credentials_and_names_the_verifiers_of_the_program() {
    let more = "verifiers = [\"sessions\"]\n[[auth.deny]]\napi_key = \"old\"\n[[auth.deny]]\nissuer = \
                \"https://login.acme.io/\"\nsubject = \"mallory\"";
    let key = format!("[[auth.api_keys]]\nname = \"old\"\ndigest = \"sha256:{:0>64}\"\n", "a2");
    let toml = format!("{}{key}", verify(more));
    let (_, text) = verdict(&toml, &[]);
    for part in ["  verifier    sessions", "  denied      what 2 tables of [[auth.deny]] name"] {
        assert!(text.lines().any(|said| said == part), "{part}\nis not in\n{text}");
    }
    let (_, text) = verdict(&verify(""), &[]);
    assert!(!text.contains("  verifier") && !text.contains("  denied"), "{text}");
}

#[test]
fn an_api_key_bound_to_addresses_behind_a_proxy_that_is_not_trusted_is_warned_of() {
    let with = |proxies: &str| {
        let key =
            format!("name = \"ci\"\ndigest = \"sha256:{:0>64}\"\nallowed_addresses = [\"10.0.0.0/8\"]", "a2");
        let url = "public_url = \"https://todos.acme.io/mcp\"";
        verdict(&format!("[server]\n{url}\n{proxies}\n[[auth.api_keys]]\n{key}\nscopes = [\"todos.write\", \"todos.read\"]\n"), &[]).1
    };
    let text = with("").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("API key \"ci\" has allowed_addresses, and no proxy is trusted"), "{text}");
    let text = with("trusted_proxies = [\"10.0.0.1\"]");
    assert!(!text.contains("no proxy is trusted"), "{text}");
}

#[test]
fn says_where_the_address_of_a_client_comes_from_behind_proxies_that_are_trusted() {
    let proxies =
        "[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\nclient_address_header = \"X-Real-IP\"";
    let toml = verify("").replace("[server]", proxies);
    let (code, text) = verdict(&toml, &[]);
    assert_eq!(code, Some(0), "{text}");
    let line = "  client        its address is in x-real-ip, through 10.0.0.0/8 ::1 alone";
    assert!(text.lines().any(|said| said == line), "{text}");
    let directory = todos::directory(&toml);
    let report = json(&check(directory.path(), &["--json"]));
    let expected = serde_json::json!({ "header": "x-real-ip", "proxies": ["10.0.0.0/8", "::1"] });
    assert_eq!(report["serves"]["client_address"], expected);
    // Without a proxy the header is not read, and no line speaks of it.
    let (_, text) = verdict(&verify(""), &[]);
    assert!(!text.contains("its address is in"), "{text}");
}

#[test]
fn tls_is_tried_with_its_files_and_what_clients_show_is_said() {
    let section = "[server.tls]\ncertificate = \"file:chain.pem\"\nkey = \"file:key.pem\"\nclient_certificates = \"any\"\n";
    let toml = verify("").replacen("[auth]", &format!("{section}[auth]"), 1);
    let directory = todos::directory(&toml);
    let made = || rcgen::generate_simple_self_signed(["todos.acme.io".to_owned()]).unwrap();
    let (own, other) = (made(), made());
    todos::file(&directory, "chain.pem", &own.cert.pem());
    private(&todos::file(&directory, "key.pem", &own.signing_key.serialize_pem()));
    let text = stdout(&check(directory.path(), &[]));
    for line in [
        "  over          HTTPS, listening on 127.0.0.1:8080",
        "  health        https://127.0.0.1:8080/healthz",
    ] {
        assert!(text.lines().any(|said| said == line), "{line}\nis not in\n{text}");
    }
    assert!(text.contains("may show any certificate, for tokens that are bound to it"), "{text}");
    private(&todos::file(&directory, "key.pem", &other.signing_key.serialize_pem()));
    let output = check(directory.path(), &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let why = "TLS cannot be served: certificate and key cannot be used together";
    assert!(stderr(&output).contains(why), "{}", stderr(&output));
}
