//! `mcp-auth call` with a kept login, against a real server with the built-in issuer.

use mcp_auth::ambient::SystemRandom;
use mcp_auth_core::ApiKey;
use mcp_auth_runtime::facade::ApiKeyDigest;
use mcp_auth_tests::process::private;
use mcp_auth_tests::site::Served;
use serde_json::{Value, json};

use crate::person::{Person, Way};
use crate::site::Site;
use crate::todos;

/// A server, and the person alice, who is logged in with `notes.read`.
async fn logged_in() -> (Site, Person) {
    let (site, mut alice) = (Site::start().await, Person::new());
    alice.run(&["login", site.url(), "--no-browser"]).await.succeeded();
    (site, alice)
}

#[tokio::test]
async fn a_kept_login_lists_calls_is_refused_steps_up_and_calls() {
    let (site, mut alice) = logged_in().await;
    let url = site.url();

    let list = alice.run(&["call", url]).await.succeeded().stdout;
    assert!(list.contains("list_notes  reads only\n  The notes.\n"), "{list}");
    let rows: Vec<&str> = list.lines().filter(|line| line.starts_with("    ")).collect();
    assert_eq!(
        rows,
        [
            "    text   string                     What it says.",
            "    tags   array of string, optional  Words to find it by.",
            "    times  integer or null, optional  How often to add it.",
        ],
        "{list}"
    );
    assert_eq!(alice.run(&["call", url, "whoami"]).await.succeeded().stdout, "alice\n");

    let said = alice.run(&["call", url, "add_note", "text=buy milk", "--no-browser"]).await.succeeded();
    assert_eq!(said.stdout, "added 1\n");
    assert!(said.stderr.contains("add_note needs notes.read notes.write."), "{}", said.stderr);
    assert_eq!(said.asked_for("scope").as_deref(), Some("notes.read notes.write"), "the union");
    assert_eq!(site.notes(), ["buy milk"], "once");

    let said = alice.run(&["call", url, "add_note", "text=buy bread"]).await.succeeded();
    assert!(said.asked.is_empty(), "the wider token is kept: {}", said.stderr);
    assert_eq!(alice.run(&["call", url, "list_notes"]).await.succeeded().stdout, "buy milk, buy bread\n");
}

#[tokio::test]
async fn a_step_up_that_is_not_wanted_or_denied_fails_and_nothing_runs() {
    let (site, mut alice) = logged_in().await;
    let arguments = ["call", site.url(), "add_note", "text=x", "--no-step-up"];
    let said = alice.run(&arguments).await.failed(2, "add_note needs notes.read notes.write; --no-step-up");
    assert!(said.asked.is_empty());
    alice
        .run_and(
            &["call", site.url(), "add_note", "text=x", "--no-browser"],
            Way::Loopback,
            "deny",
            |callback| vec![callback.to_owned()],
        )
        .await
        .failed(2, "access_denied");
    assert!(site.notes().is_empty());
    assert_eq!(
        alice.run(&["call", site.url(), "whoami"]).await.succeeded().stdout,
        "alice\n",
        "the old login stays"
    );
}

#[tokio::test]
async fn a_client_that_the_issuer_forgot_is_registered_anew() {
    let (site, mut alice) = logged_in().await;
    alice.change_kept(|kept| kept["registration"]["client_id"] = json!("forgotten"));
    let said = alice.run(&["call", site.url(), "add_note", "text=x", "--no-browser"]).await.succeeded();
    assert!(said.stderr.contains("no longer knows our client"), "{}", said.stderr);
    assert_ne!(alice.kept()["registration"]["client_id"], "forgotten");
    // The same if the token has expired too.
    alice.change_kept(|kept| {
        kept["registration"]["client_id"] = json!("forgotten");
        kept["tokens"]["expires_at"] = json!(1);
    });
    let said = alice.run(&["login", site.url(), "--no-browser"]).await.succeeded();
    assert_eq!(said.asked.len(), 1, "{}", said.stderr);
}

#[tokio::test]
async fn an_expired_token_is_renewed_and_the_rotated_one_is_kept() {
    let (site, mut alice) = logged_in().await;
    // Expired according to this machine.
    let before = alice.tokens();
    alice.change_kept(|kept| kept["tokens"]["expires_at"] = json!(1));
    assert_eq!(alice.run(&["call", site.url(), "whoami"]).await.succeeded().stdout, "alice\n");
    let renewed = alice.tokens();
    assert!(before[0] != renewed[0] && before[1] != renewed[1], "both are new");
    // Expired according to the server, which first answers 401.
    site.wait_until_tokens_expire();
    assert_eq!(alice.run(&["call", site.url(), "whoami"]).await.succeeded().stdout, "alice\n");
    assert_ne!(alice.tokens()[0], renewed[0]);
    // `login` renews it too, without asking the person.
    alice.change_kept(|kept| kept["tokens"]["expires_at"] = json!(1));
    let said = alice.run(&["login", site.url(), "--print-token"]).await.succeeded();
    assert_eq!(said.stdout, format!("{}\n", alice.tokens()[1]));
    assert!(said.asked.is_empty());
}

#[tokio::test]
async fn two_commands_at_once_renew_one_after_the_other() {
    let (site, alice) = logged_in().await;
    alice.change_kept(|kept| kept["tokens"]["expires_at"] = json!(1));
    let call = || alice.command(&["call", site.url(), "whoami"]).output();
    let (one, two, three) = tokio::join!(call(), call(), call());
    for output in [one, two, three] {
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    // If the refresh token had been used twice, the grant would be dead now.
    alice.change_kept(|kept| kept["tokens"]["expires_at"] = json!(1));
    assert!(call().await.unwrap().status.success());
}

#[tokio::test]
async fn a_login_that_cannot_be_renewed_says_to_log_in_again() {
    let (site, mut alice) = logged_in().await;
    let [refresh, access] = alice.tokens();
    alice.change_kept(|kept| {
        kept["tokens"]["expires_at"] = json!(1);
        kept["tokens"]["refresh_token"] = json!("stolen-and-spent");
    });
    let said = alice.run(&["call", site.url(), "whoami"]).await.failed(2, "mcp-auth login http");
    for secret in [refresh.as_str(), access.as_str(), "stolen-and-spent"] {
        assert!(!said.stderr.contains(secret), "{}", said.stderr);
    }
    alice.change_kept(|kept| kept["tokens"]["refresh_token"] = Value::Null);
    alice.run(&["call", site.url(), "whoami"]).await.failed(2, "gave none to renew it");
}

#[tokio::test]
async fn l04_a_refresh_token_goes_to_no_other_issuer_than_its_own() {
    let (site, mut alice) = logged_in().await;
    let before = alice.tokens();
    alice.change_kept(|kept| {
        kept["tokens"]["expires_at"] = json!(1);
        kept["issuer"] = json!("https://issuer.example");
    });
    alice
        .run(&["call", site.url(), "whoami"])
        .await
        .failed(2, "and the login is from https://issuer.example");
    assert_eq!(alice.tokens(), before, "it was not spent");
}

#[tokio::test]
async fn without_a_login_the_command_says_where_to_log_in() {
    let (site, mut alice) = (Site::start().await, Person::new());
    let why = format!("the server wants a login; run: mcp-auth login {}", site.url());
    alice.run(&["call", site.url()]).await.failed(2, &why);
    alice.run(&["call", site.url(), "whoami"]).await.failed(2, &why);
}

#[tokio::test]
async fn arguments_are_typed_by_the_schema_and_mistakes_do_not_reach_the_tool() {
    let (site, mut alice) = logged_in().await;
    let url = site.url();
    alice.run(&["login", url, "--no-browser", "--scope", "notes.read notes.write"]).await.succeeded();
    for (arguments, why) in [
        (&["text=x", "times=many"][..], "times is \"many\", expected an integer or null"),
        (&["text=x", "tags=a"], "tags is \"a\", expected an array"),
        (&["txt=x"], "add_note has no argument txt; did you mean text?"),
        (&[], "add_note also needs text=… (string)"),
        (&["text"], "write key=value"),
        (&["text=x", "--json-arguments", "{\"text\":\"y\"}"], "text is given twice"),
    ] {
        alice.run(&[&["call", url, "add_note"][..], arguments].concat()).await.failed(2, why);
    }
    alice.run(&["call", url, "add_noet"]).await.failed(2, "no tool add_noet; did you mean add_note?");
    assert!(site.notes().is_empty());

    alice.run(&["call", url, "add_note", "text=5", "times=2", r#"tags=["a","b"]"#]).await.succeeded();
    assert_eq!(site.notes(), ["5#a#b", "5#a#b"]);
    alice
        .run(&["call", url, "add_note", "times:=1", "--json-arguments", r#"{"text":"z"}"#])
        .await
        .succeeded();
    assert_eq!(site.notes().last().unwrap(), "z");
}

#[tokio::test]
async fn a_tool_that_fails_speaks_on_standard_error_with_exit_code_1() {
    let (site, mut alice) = logged_in().await;
    alice.run(&["login", site.url(), "--no-browser", "--scope", "notes.read notes.write"]).await.succeeded();
    let said = alice.run(&["call", site.url(), "add_note", "text="]).await.failed(1, "a note needs a text");
    assert_eq!(said.stdout, "");
    let said = alice.run(&["call", site.url(), "add_note", "text=", "--json"]).await;
    assert_eq!(said.code, 1);
    assert_eq!(serde_json::from_str::<Value>(&said.stdout).unwrap()["isError"], true);
}

#[tokio::test]
async fn a_json_rpc_error_is_the_servers_message_with_exit_code_1() {
    let (site, mut alice) = logged_in().await;
    alice.run(&["login", site.url(), "--no-browser", "--scope", "notes.read notes.write"]).await.succeeded();
    let said = alice.run(&["call", site.url(), "add_note", "text=protocol"]).await;
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.stderr.contains("error:") && said.stderr.contains("-32602"), "{}", said.stderr);
    // `key:=JSON` is not checked here, so the server refuses it, in words for the model.
    let said = alice.run(&["call", site.url(), "add_note", "text:=5"]).await;
    said.failed(1, "invalid argument `text`: expected text, got 5");
}

#[tokio::test]
async fn raw_results_are_json() {
    let (site, mut alice) = logged_in().await;
    let said = alice.run(&["call", site.url(), "whoami", "--json"]).await.succeeded();
    assert_eq!(serde_json::from_str::<Value>(&said.stdout).unwrap()["content"][0]["text"], "alice");
    let said = alice.run(&["call", site.url(), "--json"]).await.succeeded();
    assert_eq!(serde_json::from_str::<Value>(&said.stdout).unwrap()["tools"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_given_token_is_used_as_it_is_and_never_shown() {
    let (site, alice) = logged_in().await;
    let [_, access] = alice.tokens();
    let mut bob = Person::new();
    let run = async |token: &str, arguments: &[&str]| {
        let mut command =
            bob.command(&[&["call", site.url()][..], arguments, &["--token", "env:T"]].concat());
        command.env("T", token).output().await.unwrap()
    };
    let output = run(&access, &["whoami"]).await;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "alice\n");
    for (token, why) in
        [(access.as_str(), "this token does not have it"), ("wrong.wrong.wrong", "does not take this token")]
    {
        let output = run(token, &["add_note", "text=x"]).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr.contains(why) && !stderr.contains(token), "{stderr}");
    }
    bob.run(&["call", site.url(), "whoami", "--token", "env:NOT_THERE"])
        .await
        .failed(2, "NOT_THERE is not set");
    let said = bob
        .run(&["call", site.url(), "whoami", "--token", &access])
        .await
        .failed(2, "never the secret itself");
    assert!(!said.stderr.contains(&access), "{}", said.stderr);
}

#[tokio::test]
async fn an_api_key_calls_what_it_may_and_a_key_that_is_not_known_calls_nothing() {
    let (key, stranger) = (ApiKey::make(&SystemRandom), ApiKey::make(&SystemRandom));
    let directory = todos::directory(&format!(
        "[server]\nlisten = {:?}\n[[auth.api_keys]]\nname = \"nightly\"\ndigest = \"{}\"\nscopes = [\"todos.read\"]\n",
        todos::free_address(),
        ApiKeyDigest::of(&key)
    ));
    let running = todos::serve(directory.path()).await;
    let url = running.resource().to_string();
    let file = todos::file(&directory, "key", &format!("{}\n", key.expose()));
    private(&file);
    let bob = Person::new();
    let run = async |key: &str, place: &str, tool: &[&str]| {
        let mut command = bob.command(&[&["call", &url][..], tool, &["--token", place]].concat());
        let output = command.env("KEY", key).output().await.unwrap();
        let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert!(!said.concat().contains(key), "{said:?}");
        (output.status.code(), said)
    };
    for place in ["env:KEY".to_owned(), format!("file:{}", file.display())] {
        let (code, [said, why]) = run(key.expose(), &place, &["list_todos"]).await;
        assert_eq!((code, said.as_str()), (Some(0), "nightly\n"), "{why}");
    }
    let (code, [tools, _]) = run(key.expose(), "env:KEY", &[]).await;
    assert!(code == Some(0) && tools.contains("list_todos"), "{tools}");

    // Without a key: there may be nowhere to log in.
    let output = bob.command(&["call", &url, "list_todos"]).output().await.unwrap();
    let why = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(why.contains("or give it a token or an API key with --token"), "{why}");

    let (code, [_, why]) = run(key.expose(), "env:KEY", &["add_todo"]).await;
    assert_eq!(code, Some(2));
    assert!(why.contains("add_todo: this needs the scope todos.write, which no login brings"), "{why}");
    let (start, end) = key.expose().split_at(key.expose().len() - 1);
    let mistyped = format!("{start}{}", if end == "x" { 'y' } else { 'x' });
    for refused in [stranger.expose(), &mistyped] {
        let (code, [said, why]) = run(refused, "env:KEY", &["list_todos"]).await;
        assert_eq!((code, said.as_str()), (Some(2), ""));
        assert!(why.contains("does not take this token"), "{why}");
    }
    running.stop().await;
}

/// A server of 2025-11-25 that does not know `server/discover`, and needs no login.
async fn legacy_server() -> Served {
    async fn answer(axum::Json(message): axum::Json<Value>) -> axum::response::Response {
        use axum::response::IntoResponse as _;
        let Some(id) = message.get("id") else {
            return axum::http::StatusCode::ACCEPTED.into_response();
        };
        let result = match message["method"].as_str().unwrap() {
            "initialize" => {
                assert_eq!(message["params"]["protocolVersion"], "2025-11-25");
                assert_eq!(message["params"]["clientInfo"]["name"], "mcp-auth");
                json!({ "protocolVersion": "2025-11-25", "capabilities": { "tools": {} },
                        "serverInfo": { "name": "old", "version": "1" } })
            }
            "tools/list" => json!({ "tools": [{ "name": "echo", "inputSchema": { "type": "object",
                                    "properties": { "times": { "type": "integer" } } } }] }),
            "tools/call" => {
                let times = &message["params"]["arguments"]["times"];
                json!({ "content": [{ "type": "text", "text": format!("times is {times}") }] })
            }
            other => {
                let error = json!({ "code": -32601, "message": format!("no method {other}") });
                return axum::Json(json!({ "jsonrpc": "2.0", "id": id, "error": error })).into_response();
            }
        };
        axum::Json(json!({ "jsonrpc": "2.0", "id": id, "result": result })).into_response()
    }
    Served::new(axum::Router::new().route("/mcp", axum::routing::post(answer))).await
}

#[tokio::test]
async fn a_server_of_the_revision_before_is_called_by_its_handshake() {
    let (server, mut alice) = (legacy_server().await, Person::new());
    let url = server.at("/mcp");
    assert!(alice.run(&["call", &url]).await.succeeded().stdout.starts_with("echo\n"));
    assert_eq!(alice.run(&["call", &url, "echo", "times=3"]).await.succeeded().stdout, "times is 3\n");
}

/// A server that says it has tools, and answers every request for a page of their list with `page`.
async fn with_page(page: Value) -> Served {
    use axum::{Json, Router};
    let answer = move |Json(asked): Json<Value>| async move {
        let result = match asked["method"].as_str() {
            Some("server/discover") => json!({
                "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
                "supportedVersions": ["2026-07-28"], "capabilities": { "tools": {} },
                "serverInfo": { "name": "liar", "version": "1" },
            }),
            _ => page,
        };
        Json(json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result }))
    };
    Served::new(Router::new().fallback(answer)).await
}

#[tokio::test]
async fn l05_a_list_of_tools_that_never_ends_is_given_up() {
    let page = json!({
        "resultType": "complete", "ttlMs": 0, "cacheScope": "private", "tools": [], "nextCursor": "on",
    });
    let server = with_page(page).await;
    let url = server.at("/mcp");
    let call = Person::new().command(&["call", &url]).output();
    let output =
        tokio::time::timeout(std::time::Duration::from_secs(60), call).await.expect("it goes on").unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("has not ended after 100 pages"), "{said}");
}

#[tokio::test]
async fn l07_neither_a_list_nor_its_json_has_power_over_the_terminal() {
    let evil = "a\u{9b}2J\u{1b}[2J\u{202e}b";
    let schema = json!({ "type": "object", "properties": { evil: { "type": evil, "description": evil } } });
    let page = json!({
        "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
        "tools": [{ "name": evil, "description": evil, "inputSchema": schema }],
    });
    let server = with_page(page.clone()).await;
    let url = server.at("/mcp");
    for arguments in [&["call", &url][..], &["call", &url, "--json"]] {
        let mut command = Person::new().command(arguments);
        let output = command.env("CLICOLOR_FORCE", "1").output().await.unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && !said.contains(['\u{9b}', '\u{202e}']), "{said:?}");
        assert!(!said.contains("\u{1b}[2J"), "{said:?}");
        if arguments.contains(&"--json") {
            assert_eq!(serde_json::from_str::<Value>(&said).unwrap()["tools"], page["tools"]);
        }
    }
}

#[tokio::test]
async fn a_json_rpc_error_is_json_where_json_is_asked_for() {
    let answer = |body: Value| async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let serve = move |request: axum::body::Bytes| {
            let body = body.clone();
            async move {
                let asked: Value = serde_json::from_slice(&request).unwrap();
                let mut answer = body.clone();
                answer["id"] = asked["id"].clone();
                ([("content-type", "application/json")], answer.to_string())
            }
        };
        let router = axum::Router::new().fallback(serve);
        (url, Served::on(listener, router))
    };
    let error = json!({ "code": -32000, "message": "closed:\n  until noon", "data": { "until": 12 } });
    let (url, _serving) = answer(json!({ "jsonrpc": "2.0", "error": error })).await;
    let mut alice = Person::new();
    let said = alice.run(&["call", &url, "--json"]).await.failed(1, "");
    assert_eq!(
        serde_json::from_str::<Value>(&said.stdout).unwrap(),
        json!({ "error": error }),
        "{}",
        said.stderr
    );
    let said =
        alice.run(&["call", &url]).await.failed(1, "error: closed:\n  until noon (JSON-RPC error -32000)");
    assert!(said.stdout.is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn a_question_of_the_server_is_asked_in_the_terminal_and_progress_is_shown() {
    let (site, mut alice) = logged_in().await;
    alice.run(&["login", site.url(), "--no-browser", "--scope", "notes.read notes.write"]).await.succeeded();
    alice.run(&["call", site.url(), "add_note", "text=milk"]).await.succeeded();
    let clear = ["call", site.url(), "clear_notes"];
    for (written, answer) in [
        ("y\nold\nn\n", "kept"),
        ("n\n\ny\n", "kept"),
        // Ctrl-D.
        ("\u{4}", "no answer came"),
        ("perhaps\ny\nold\ny\n", "forgotten: old"),
    ] {
        let said = alice.run_at_a_terminal(&clear, written).await;
        assert_eq!((said.code, said.stdout.trim()), (0, answer), "{}", said.stderr);
        assert!(said.stderr.contains("asks: Forget 1 notes?"), "{}", said.stderr);
        assert!(said.stderr.contains("Forget them for good? (sure)"), "{}", said.stderr);
        assert!(said.stderr.contains("1 of 2: counting"), "{}", said.stderr);
    }
}

#[tokio::test]
async fn without_a_terminal_nobody_is_asked_and_the_server_knows_it() {
    let (site, mut alice) = logged_in().await;
    alice.run(&["login", site.url(), "--no-browser", "--scope", "notes.read notes.write"]).await.succeeded();
    let said = alice.run(&["call", site.url(), "clear_notes"]).await;
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.stderr.contains("-32021"), "{}", said.stderr);
}
