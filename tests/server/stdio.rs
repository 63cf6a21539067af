//! The same server on its standard streams: where its credential comes from, what it decides, and that stdout
//! carries MCP and nothing else.

use std::time::{Duration, Instant};

use mcp_auth::serde_json;
use mcp_auth::testing::Era;
use serde_json::{Value, json};

use crate::launch::{self, Issuer};
use crate::process::{Launch, Pipe, refusal, text};

/// An end promised within 2 s, on a machine with other things to do.
pub(crate) const SOON: Duration = Duration::from_secs(5);

/// Both lifecycles: without sessions, and with `initialize`.
pub(crate) const ERAS: [Era; 2] = [Era::Stateless, Era::Legacy("2025-11-25")];

/// A process with this token as its credential, opened.
async fn open(issuer: &Issuer, scopes: &str, era: Era) -> Pipe {
    let launch = with_credential(issuer, &issuer.token("alice").scope(scopes).mint());
    opened(launch, era).await
}

fn with_credential(issuer: &Issuer, token: &str) -> Launch {
    let launch = launch::trusting(issuer).variable("MCP_STDIO__CREDENTIAL", "env:NOTES_TOKEN");
    launch.variable("NOTES_TOKEN", token)
}

pub(crate) async fn opened(launch: Launch, era: Era) -> Pipe {
    let mut pipe = launch.stdio().era(era);
    let answer = pipe.open().await;
    assert!(answer.get("result").is_some(), "{answer}");
    pipe
}

fn names(listed: &Value) -> Vec<&str> {
    let tools = listed["result"]["tools"].as_array().unwrap_or_else(|| panic!("no list: {listed}"));
    let mut names: Vec<_> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn the_credentials_scopes_decide_each_call() {
    let issuer = Issuer::start().await;
    for era in ERAS {
        let mut pipe = open(&issuer, "write", era).await;
        assert_eq!(text(&pipe.call_tool("write_note", json!({ "text": "hello" })).await), "hello");
        assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note", "implied");
        assert_eq!(text(&pipe.call_tool("who", json!({})).await), "alice");
        let (code, data) = refusal(&pipe.call_tool("export_notes", json!({})).await);
        assert_eq!((code, &data["required"]), (403, &json!(["export", "read"])));
    }
}

#[tokio::test]
async fn a_denial_says_what_the_challenge_would_have_said() {
    let issuer = Issuer::start().await;
    for era in ERAS {
        let mut pipe = open(&issuer, "read unknown", era).await;
        let denied = pipe.call_tool("write_note", json!({ "text": "x" })).await;
        let expected = json!({
            "error": "insufficient_scope", "scope": "read write", "required": ["write"], "held": ["read"],
        });
        assert_eq!(refusal(&denied), (403, expected), "{era:?}");
        // The connection goes on.
        assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");
    }
}

#[tokio::test]
async fn with_visibility_granted_lists_show_what_the_credential_may_call() {
    let issuer = Issuer::start().await;
    let public = ["panics", "ping", "request_parts", "who", "whoami", "works"];
    for era in ERAS {
        for (scopes, more) in
            [("", &[][..]), ("read", &["read_note"]), ("write base", &["based", "read_note", "write_note"])]
        {
            let token = issuer.token("alice").scope(scopes).mint();
            let launch = with_credential(&issuer, &token).variable("MCP_AUTH__VISIBILITY", "granted");
            let mut pipe = opened(launch, era).await;
            let listed = pipe.request("tools/list", json!({})).await;
            let mut expected: Vec<_> = public.iter().chain(more).copied().collect();
            expected.sort_unstable();
            assert_eq!(names(&listed), expected, "{era:?} {scopes}");
            if era == Era::Stateless {
                assert_eq!(listed["result"]["cacheScope"], "private", "{listed}");
            }
            let (code, _) = refusal(&pipe.call_tool("export_notes", json!({})).await);
            assert_eq!(code, -32602, "what it cannot see does not exist");
        }
    }
}

#[tokio::test]
async fn the_transport_is_chosen_by_file_variable_or_argument_and_serves_the_same_handler() {
    let file = launch::toml("[server]\ntransport = \"stdio\"\n");
    let variable = launch::toml("").variable("MCP_SERVER__TRANSPORT", "stdio");
    let argument = launch::toml("").arguments(&["--transport", "stdio"]);
    for launch in [file, variable, argument] {
        let mut pipe = launch.variable("TEST_SERVER", "open").piped();
        assert_eq!(text(&pipe.call_tool("ping", json!({})).await), "pong");
    }
}

#[tokio::test]
async fn the_built_in_issuer_is_there_for_a_credential_and_leaves_nothing_behind_without_one() {
    let built_in = || launch::toml(crate::everything::CONFIG).variable("MCP_ISSUER__ENABLED", "true");
    let launch = built_in().variable("MCP_STDIO__LOCAL_SCOPES", "[\"write\"]");
    let directory = launch.directory();
    let mut pipe = opened(launch, Era::Stateless).await;
    assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");
    assert!(!directory.path().join(".mcp-auth").exists(), "no key was asked for");

    // The twin: a credential may be one of that issuer's tokens, so its key must be there.
    let launch = built_in().variable("MCP_STDIO__CREDENTIAL", "env:TOKEN").variable("TOKEN", "no.such.token");
    let launch = launch.variable("MCP_STDIO__AUDIENCE", "[\"us\"]").arguments(&["--transport", "stdio"]);
    let directory = launch.directory();
    launch.run().await.refused(&["the credential in environment variable TOKEN (stdio.credential)"]);
    assert!(directory.path().join(".mcp-auth").exists());
}

#[tokio::test]
async fn a_credential_file_is_read_like_a_variable() {
    let issuer = Issuer::start().await;
    for era in ERAS {
        for end in ["", "\n"] {
            let launch = launch::trusting(&issuer).variable("MCP_STDIO__CREDENTIAL", "file:token");
            launch.secret("token", &format!("{}{end}", issuer.token("alice").scope("read").mint()));
            let mut pipe = opened(launch, era).await;
            assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");
        }
    }
}

#[tokio::test]
async fn an_expired_credential_is_refused_from_then_on_and_a_renewed_file_is_read_again() {
    let issuer = Issuer::start().await;
    for era in ERAS {
        let launch = launch::trusting(&issuer).variable("MCP_STDIO__CREDENTIAL", "file:token");
        launch.secret("token", &issuer.token("alice").scope("write").ttl(4).mint());
        let file = launch.path("token");
        let mut pipe = opened(launch, era).await;
        assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");

        let refused = until_refused(&mut pipe).await;
        let expected = json!({ "error": "invalid_token", "scope": "base read" });
        assert_eq!(refusal(&refused), (401, expected), "{era:?}");
        refusal(&pipe.call_tool("ping", json!({})).await);

        // As a program that renews it would: another token, with fewer scopes.
        std::fs::write(file, issuer.token("alice").scope("read").mint()).unwrap();
        assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");
        assert_eq!(refusal(&pipe.call_tool("write_note", json!({ "text": "x" })).await).0, 403);
    }
}

#[tokio::test]
async fn an_expired_credential_from_a_variable_stays_refused() {
    let issuer = Issuer::start().await;
    let launch = with_credential(&issuer, &issuer.token("alice").scope("read").ttl(4).mint());
    let mut pipe = opened(launch, Era::Stateless).await;
    assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");
    assert_eq!(refusal(&until_refused(&mut pipe).await).0, 401);
    assert_eq!(refusal(&pipe.call_tool("read_note", json!({})).await).0, 401);
    pipe.hang_up();
    pipe.ended(SOON).await.well();
}

async fn until_refused(pipe: &mut Pipe) -> Value {
    let begun = Instant::now();
    loop {
        let answer = pipe.call_tool("read_note", json!({})).await;
        if answer.get("error").is_some() {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "never refused");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn c16_a_credential_that_is_missing_empty_or_bad_stops_the_start() {
    let issuer = Issuer::start().await;
    let stdio = |launch: Launch| launch.arguments(&["--transport", "stdio"]);
    let good = issuer.token("alice").scope("read");

    let missing = launch::trusting(&issuer).variable("MCP_STDIO__CREDENTIAL", "env:NOTES_TOKEN");
    stdio(missing).run().await.refused(&["NOTES_TOKEN is not set", "stdio.credential"]);
    for blank in ["", " ", "\n"] {
        stdio(with_credential(&issuer, blank)).run().await.refused(&["NOTES_TOKEN is empty"]);
    }
    let no_file = launch::trusting(&issuer).variable("MCP_STDIO__CREDENTIAL", "file:token");
    stdio(no_file).run().await.refused(&["token cannot be read", "stdio.credential"]);
    let empty_file = launch::trusting(&issuer).variable("MCP_STDIO__CREDENTIAL", "file:token");
    empty_file.secret("token", "\n");
    stdio(empty_file).run().await.refused(&["token is empty", "stdio.credential"]);
    let itself = launch::trusting(&issuer).variable("MCP_STDIO__CREDENTIAL", &good.mint());
    let ended = stdio(itself).run().await;
    ended.refused(&["never the secret itself", "MCP_STDIO__CREDENTIAL"]);
    assert!(!ended.stderr.contains(&good.mint()), "{}", ended.stderr);

    for (token, reason) in [
        ("garbage".to_owned(), "the credential in environment variable NOTES_TOKEN (stdio.credential)"),
        ("a.b.c".to_owned(), "the credential in environment variable NOTES_TOKEN (stdio.credential)"),
        (good.clone().audience("https://other.test/mcp").mint(), "audience"),
        (good.clone().audience("https://everything.test/mcp/").mint(), "audience"),
        (good.clone().issuer("https://other.test").mint(), "issuer"),
        (good.clone().expired().mint(), "expired"),
        (good.clone().signed_by_a_stranger().mint(), "signature"),
        (good.clone().without_claim("sub").mint(), "sub"),
    ] {
        let ended = stdio(with_credential(&issuer, &token)).run().await;
        ended.refused(&[reason, "stdio.credential"]);
        assert!(!ended.stderr.contains(&token), "the token itself: {}", ended.stderr);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn c07_a_credential_file_that_every_user_may_read_stops_the_start() {
    use std::os::unix::fs::PermissionsExt as _;
    let issuer = Issuer::start().await;
    let launch = launch::trusting(&issuer).variable("MCP_STDIO__CREDENTIAL", "file:token");
    let path = launch.secret("token", &issuer.token("alice").scope("read").mint());
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ended = launch.arguments(&["--transport", "stdio"]).run().await;
    ended.refused(&["can be read by every user", "chmod o-r", "stdio.credential"]);
}

#[tokio::test]
async fn without_a_credential_the_local_caller_holds_local_scopes() {
    for era in ERAS {
        let launch = launch::toml(crate::everything::CONFIG)
            .variable("MCP_ISSUER__ENABLED", "true")
            .variable("MCP_STDIO__LOCAL_SCOPES", "[\"write\"]");
        let mut pipe = opened(launch, era).await;
        let whoami: Value = serde_json::from_str(text(&pipe.call_tool("whoami", json!({})).await)).unwrap();
        assert_eq!((&whoami["subject"], &whoami["issuer"]), (&json!("local"), &json!("local")));
        assert_eq!(text(&pipe.call_tool("write_note", json!({ "text": "x" })).await), "x");
        assert_eq!(refusal(&pipe.call_tool("export_notes", json!({})).await).0, 403);
    }
}

#[tokio::test]
async fn without_a_credential_and_without_local_scopes_no_caller_is_authenticated() {
    for era in ERAS {
        let closed = launch::toml(crate::everything::CONFIG).variable("MCP_ISSUER__ENABLED", "true");
        let mut pipe = closed.stdio().era(era);
        let expected = json!({ "scope": "base" });
        assert_eq!(refusal(&pipe.open().await), (401, expected), "{era:?}");
        let expected = json!({ "scope": "base write" });
        let denied = pipe.call_tool("write_note", json!({ "text": "x" })).await;
        assert_eq!(refusal(&denied), (401, expected), "{era:?}");

        let anonymous = launch::toml(crate::everything::CONFIG)
            .variable("MCP_ISSUER__ENABLED", "true")
            .variable("MCP_AUTH__CONNECT", "anonymous");
        let mut pipe = opened(anonymous, era).await;
        assert_eq!(text(&pipe.call_tool("ping", json!({})).await), "pong");
        assert_eq!(text(&pipe.call_tool("who", json!({})).await), "anonymous");
        assert_eq!(refusal(&pipe.call_tool("whoami", json!({})).await).0, 401);
    }
}

#[tokio::test]
async fn c18_what_a_tool_prints_does_not_reach_stdout() {
    for era in ERAS {
        let launch = launch::toml("").variable("TEST_SERVER", "noisy");
        let mut pipe = opened(launch, era).await;
        for _ in 0..3 {
            assert_eq!(text(&pipe.call_tool("print", json!({})).await), "printed");
        }
        pipe.hang_up();
        let ended = pipe.ended(SOON).await;
        ended.well();
        assert!(ended.stderr.contains("printed by a tool"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn c19_the_log_goes_to_stderr_at_every_level_and_never_shows_the_credential() {
    let issuer = Issuer::start().await;
    let token = issuer.token("alice").scope("read").mint();
    for (setting, value, rmcp_tells) in [
        ("MCP_LOG__LEVEL", "info", false),
        ("MCP_LOG__LEVEL", "trace", false),
        ("MCP_LOG__FILTER", "trace", false),
        ("MCP_LOG__FILTER", "trace,rmcp=trace", true),
    ] {
        let mut pipe = with_credential(&issuer, &token).variable(setting, value).stdio();
        assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");
        assert_eq!(refusal(&pipe.call_tool("write_note", json!({ "text": "x" })).await).0, 403);
        pipe.hang_up();
        let ended = pipe.ended(SOON).await;
        ended.well();
        let log = &ended.stderr;
        for part in ["decision=\"allow\"", "decision=\"deny\"", "operation=\"tools/call\"", "read_note"] {
            assert!(log.contains(part), "{value} shows {part}: {log}");
        }
        assert_eq!(log.contains(" rmcp::"), rmcp_tells, "{value}: {log}");
        let signature = token.rsplit('.').next().unwrap();
        assert!(!log.contains(signature), "{value} shows the credential: {log}");
    }
}

#[tokio::test]
async fn c17_the_end_of_its_input_ends_it_with_exit_code_0() {
    for tool in [None, Some("wait"), Some("block")] {
        for era in ERAS {
            let launch = launch::toml("").variable("TEST_SERVER", "noisy");
            let mut pipe = opened(launch, era).await;
            if let Some(tool) = tool {
                pipe.post("tools/call", json!({ "name": tool, "arguments": {} })).await;
                pipe.hears(if tool == "wait" { "waiting" } else { "blocking" }).await;
            }
            pipe.hang_up();
            let ended = pipe.ended(SOON).await;
            assert_eq!(ended.status.code(), Some(0), "{tool:?} {era:?} {ended:?}");
        }
    }
    // Nothing was ever said.
    let mut pipe = launch::toml("").variable("TEST_SERVER", "noisy").stdio();
    pipe.hang_up();
    pipe.ended(SOON).await.well();
}

#[cfg(unix)]
#[tokio::test]
async fn sigterm_ends_it_with_exit_code_0() {
    for tool in [None, Some("wait"), Some("block")] {
        let launch = launch::toml("").variable("TEST_SERVER", "noisy");
        let mut pipe = opened(launch, Era::Stateless).await;
        if let Some(tool) = tool {
            pipe.post("tools/call", json!({ "name": tool, "arguments": {} })).await;
            pipe.hears(if tool == "wait" { "waiting" } else { "blocking" }).await;
        }
        pipe.terminate().await;
        let ended = pipe.ended(SOON).await;
        assert_eq!(ended.status.code(), Some(0), "{tool:?} {ended:?}");
    }
}

#[tokio::test]
async fn a_line_that_is_not_a_message_is_answered_and_the_connection_goes_on() {
    let issuer = Issuer::start().await;
    let mut pipe = open(&issuer, "read", Era::Stateless).await;
    for (line, code) in [
        ("{", -32700),
        ("[]", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"method\":\"tools/call\"}", -32600),
    ] {
        pipe.send(line).await;
        assert_eq!(refusal(&pipe.receive().await).0, code, "{line}");
    }
    assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");
}

#[tokio::test]
async fn what_a_client_sent_comes_back_short() {
    let issuer = Issuer::start().await;
    for era in ERAS {
        let mut pipe = open(&issuer, "write", era).await;
        let long = "x".repeat(1_000_000);
        let meta = json!({ "_meta": { "io.modelcontextprotocol/protocolVersion": long } });
        for (method, params) in [
            ("tools/call", json!({ "name": long })),
            ("resources/read", json!({ "uri": long })),
            ("tools/list", if era == Era::Stateless { json!({ "cursor": long }) } else { meta }),
            (&*long, json!({})),
        ] {
            let answer = pipe.request(method, params).await.to_string();
            assert!(answer.len() < 2000, "{era:?}: {}", &answer[..300]);
        }
        assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note", "{era:?}");
    }
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_a_result_over_stdio_too() {
    let issuer = Issuer::start().await;
    for era in ERAS {
        let mut pipe = open(&issuer, "write", era).await;
        for (arguments, said) in [
            (json!({}), "invalid argument `text`: expected text, got nothing"),
            (json!({ "text": 5 }), "invalid argument `text`: expected text, got 5"),
            (json!({ "text": "a", "more": 1 }), "invalid argument `more`: it is not known; known are `text`"),
        ] {
            let answer = pipe.call_tool("write_note", arguments).await;
            assert_eq!((&answer["result"]["isError"], text(&answer)), (&json!(true), said), "{era:?}");
        }
        // A caller that may not call is told that first, and arguments that are not an object are not a call.
        let (code, _) = refusal(&pipe.call_tool("export_notes", json!({ "text": 5 })).await);
        assert_eq!(code, 403, "{era:?}");
        let answer = pipe.request("tools/call", json!({ "name": "write_note", "arguments": [1] })).await;
        assert_eq!(answer["error"]["code"], -32602, "{era:?}");
        assert_eq!(text(&pipe.call_tool("write_note", json!({ "text": "a" })).await), "a", "it goes on");
    }
}

/// The roles of the server `ruled`.
const ROLES: &str = "auth.base_scopes = []\n[roles.r]\nwhen = { claim = \"groups\", contains = \"r\" }\n\
                     [roles.s]\nwhen = { claim = \"groups\", contains = \"s\" }\n";

/// The server `ruled`, whose local caller holds the scope `c`.
pub(crate) fn for_the_local_caller() -> Launch {
    let launch = launch::toml(ROLES).variable("TEST_SERVER", "ruled").variable("MCP_ISSUER__ENABLED", "true");
    launch.variable("MCP_STDIO__LOCAL_SCOPES", "[\"c\"]")
}

pub(crate) fn home(tool: &str) -> Value {
    json!({ "name": tool, "arguments": { "bucket": "home", "word": "ok" } })
}

#[tokio::test]
async fn the_local_caller_never_logs_in_and_is_refused_in_words_where_a_recent_login_is_needed() {
    let issuer = Issuer::start().await;
    for era in ERAS {
        let mut pipe = opened(for_the_local_caller(), era).await;
        let denied = pipe.request("tools/call", home("fresh")).await;
        assert_eq!(refusal(&denied), (403, Value::Null), "{era:?}");
        let words =
            "this needs a login that is not older than 5m, and no person logs in for such a credential";
        assert_eq!(denied["error"]["message"], words, "{era:?}");

        // The twins: a credential of a person who logged in lately, and of one who logged in long ago.
        let person = |ago: u64| {
            let token = issuer.token("alice").scope("c").logged_in(ago).mint();
            let launch = launch::toml(ROLES).variable("TEST_SERVER", "ruled");
            let launch = launch.variable("MCP_SERVER__PUBLIC_URL", launch::RESOURCE);
            let launch = launch.variable("MCP_AUTH__ISSUERS", &issuer.configured());
            launch.variable("MCP_STDIO__CREDENTIAL", "env:TOKEN").variable("TOKEN", &token)
        };
        let mut pipe = opened(person(0), era).await;
        assert_eq!(text(&pipe.request("tools/call", home("fresh")).await), "home", "{era:?}");
        let mut pipe = opened(person(400), era).await;
        let (code, data) = refusal(&pipe.request("tools/call", home("fresh")).await);
        assert_eq!((code, &data["error"]), (401, &json!("insufficient_user_authentication")), "{era:?}");
        assert_eq!(data["max_age"], 300, "{era:?}");
    }
}
