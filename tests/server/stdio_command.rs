//! The credential on stdio from a program that prints it.

use std::time::Duration;

use mcp_auth::ambient::SystemRandom;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::Era;
use mcp_auth_core::ApiKey;
use mcp_auth_runtime::facade::ApiKeyDigest;

use crate::authorization_server::{AuthorizationServer, Reply};
use crate::everything::CONFIG;
use crate::launch::{self, Issuer};
use crate::process::{Launch, Pipe, refusal, text};

/// A server whose credential is what this shell script prints, in its directory.
fn printing(issuer: &Issuer, script: &str) -> Launch {
    let command = format!("[\"sh\", \"-c\", {script:?}]");
    launch::trusting(issuer).variable("MCP_STDIO__CREDENTIAL_COMMAND", &command)
}

async fn opened(launch: Launch) -> Pipe {
    let mut pipe = launch.stdio().era(Era::Stateless);
    let answer = pipe.open().await;
    assert!(answer.get("result").is_some(), "{answer}");
    pipe
}

#[tokio::test]
async fn what_a_program_prints_is_the_credential_and_it_runs_once_until_that_is_refused() {
    let issuer = Issuer::start().await;
    let launch = printing(&issuer, "echo run >> runs; cat token");
    launch.secret("token", &issuer.token("alice").scope("read").ttl(4).mint());
    let (token, runs) = (launch.path("token"), launch.path("runs"));
    let ran = || std::fs::read_to_string(&runs).unwrap_or_default().lines().count();
    let mut pipe = opened(launch).await;
    for _ in 0..3 {
        assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");
    }
    assert_eq!(ran(), 1);
    // The next one is there before the first has expired.
    std::fs::write(&token, issuer.token("alice").scope("write").mint()).expect("written");
    let renewed = async {
        loop {
            let answer = pipe.call_tool("write_note", json!({ "text": "x" })).await;
            if answer.get("result").is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), renewed).await.expect("it is run again");
    assert_eq!(ran(), 2, "not for each message that is refused");
}

#[tokio::test]
async fn a_credential_of_another_caller_does_not_take_over_the_connection() {
    let issuer = Issuer::start().await;
    let launch = launch::trusting(&issuer).variable("MCP_STDIO__CREDENTIAL", "file:token");
    launch.secret("token", &issuer.token("alice").scope("read").ttl(4).mint());
    let token = launch.path("token");
    let mut pipe = opened(launch).await;
    assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");
    std::fs::write(&token, issuer.token("mallory").scope("read").mint()).expect("written");
    let mut asked = Vec::new();
    while asked.last().is_none_or(|answer: &Value| answer.get("result").is_some()) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        asked.push(pipe.call_tool("read_note", json!({})).await);
        assert!(asked.len() < 100, "never refused");
    }
    let (code, data) = refusal(asked.last().expect("asked"));
    assert_eq!((code, &data["error"]), (401, &json!("invalid_token")));
    assert!(asked.last().unwrap().to_string().contains("another caller"), "{asked:?}");
    // The twin: a new token of the same caller.
    std::fs::write(&token, issuer.token("alice").scope("read").mint()).expect("written");
    assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");
}

#[tokio::test]
async fn a_credential_that_its_issuer_now_calls_another_callers_does_not_take_over_the_connection() {
    let issuer = AuthorizationServer::empty("").await;
    let says = |subject: &str| {
        let mut answer = issuer.claims(launch::RESOURCE, json!({ "sub": subject }));
        answer["active"] = true.into();
        issuer.put("/introspect", Reply::Json(answer));
    };
    let asked = issuer.toml(&format!(
        "[auth.issuers.introspection]\nendpoint = \"{}\"\ntokens = \"all\"\nauth = \"none\"\ncache_ttl = \"1s\"",
        issuer.at("/introspect")
    ));
    says("alice");
    let launch = launch::toml(&format!("{CONFIG}\n{asked}"))
        .variable("MCP_SERVER__PUBLIC_URL", launch::RESOURCE)
        .variable("MCP_STDIO__CREDENTIAL", "env:NOTES_TOKEN")
        .variable("NOTES_TOKEN", "opaque");
    let mut pipe = opened(launch).await;
    assert_eq!(text(&pipe.call_tool("who", json!({})).await), "alice");
    says("mallory");
    let mut last = pipe.call_tool("who", json!({})).await;
    for _ in 0..100 {
        if last.get("result").is_none() {
            break;
        }
        assert_eq!(text(&last), "alice");
        tokio::time::sleep(Duration::from_millis(200)).await;
        last = pipe.call_tool("who", json!({})).await;
    }
    assert_eq!(refusal(&last).0, 401);
    assert!(last.to_string().contains("another caller"), "{last}");
    // The twin: it is the first caller's again, once the answer is no longer remembered.
    says("alice");
    for _ in 0..100 {
        last = pipe.call_tool("who", json!({})).await;
        if last.get("result").is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(text(&last), "alice");
}

#[tokio::test]
async fn t58_a_jwt_behind_another_word_or_in_quotes_is_not_an_opaque_token_and_is_not_sent_out() {
    let issuer = AuthorizationServer::empty("").await;
    let mut answer = issuer.claims(launch::RESOURCE, json!({}));
    answer["active"] = true.into();
    issuer.put("/introspect", Reply::Json(answer));
    let asked = issuer.toml(&format!(
        "[auth.issuers.introspection]\nendpoint = \"{}\"\ntokens = \"all\"\nauth = \"none\"",
        issuer.at("/introspect")
    ));
    let launch = |credential: &str| {
        launch::toml(&format!("{CONFIG}\n{asked}"))
            .variable("MCP_SERVER__PUBLIC_URL", launch::RESOURCE)
            .variable("MCP_STDIO__CREDENTIAL", "env:NOTES_TOKEN")
            .variable("NOTES_TOKEN", credential)
    };
    let jwt = Issuer::start().await.token("alice").mint();
    for odd in [format!("Bearer {jwt}"), format!("\"{jwt}\""), format!("{jwt} "), format!("a,{jwt}")] {
        let ended = launch(&odd).variable("MCP_SERVER__TRANSPORT", "stdio").run().await;
        assert!(!format!("{ended:?}").contains(&jwt));
        ended.refused(&["environment variable NOTES_TOKEN (stdio.credential)", "not one word"]);
    }
    assert!(!issuer.asked().iter().any(|path| path == "/introspect"), "{:?}", issuer.asked());
    // The twin: an opaque token is asked about.
    let mut pipe = opened(launch("opaque")).await;
    assert_eq!(text(&pipe.call_tool("who", json!({})).await), "alice");
}

#[tokio::test]
async fn a_program_that_gives_no_good_token_stops_the_start_and_its_output_is_in_no_log() {
    let issuer = Issuer::start().await;
    let other = issuer.token("alice").audience("https://other.test/mcp").mint();
    for (script, says) in [
        ("echo hunter2; exit 3".to_owned(), "exit status: 3"),
        ("echo hunter2 hunter3".to_owned(), "more than one word"),
        ("true".to_owned(), "nothing"),
        ("echo hunter2".to_owned(), "not a compact JWS"),
        (format!("echo {other}"), "token audience is"),
    ] {
        let ended = printing(&issuer, &script).variable("MCP_SERVER__TRANSPORT", "stdio").run().await;
        let said = format!("{ended:?}");
        assert!(!said.contains(&other) && !said.contains("hunter"), "{said}");
        ended.refused(&["the credential in what sh prints (stdio.credential_command)", says]);
    }
    let missing = launch::trusting(&issuer).variable("MCP_STDIO__CREDENTIAL_COMMAND", "[\"./not-there\"]");
    missing.variable("MCP_SERVER__TRANSPORT", "stdio").run().await.refused(&["cannot be started"]);
    let both = printing(&issuer, "echo x").variable("MCP_STDIO__CREDENTIAL", "env:X").variable("X", "x");
    both.variable("MCP_SERVER__TRANSPORT", "stdio").run().await.refused(&["both set"]);
}

#[tokio::test]
async fn a_scope_that_the_credential_of_a_program_lacks_is_named_as_with_any_other() {
    let issuer = Issuer::start().await;
    let launch = printing(&issuer, "cat token");
    launch.secret("token", &issuer.token("alice").scope("read").mint());
    let mut pipe = opened(launch).await;
    let (code, data) = refusal(&pipe.call_tool("write_note", json!({ "text": "x" })).await);
    assert_eq!((code, &data["error"]), (403, &json!("insufficient_scope")));
}

#[tokio::test]
async fn a_program_may_print_an_api_key_and_a_key_that_is_not_known_stops_the_start() {
    let [known, unknown] = [ApiKey::make(&SystemRandom), ApiKey::make(&SystemRandom)];
    let block = format!(
        "[[auth.api_keys]]\nname = \"desk\"\ndigest = \"{}\"\nscopes = [\"read\"]\n",
        ApiKeyDigest::of(&known)
    );
    let printing = |key: &ApiKey| {
        let launch = launch::toml(&format!("{CONFIG}\n{block}"));
        let command = format!("[\"echo\", {:?}]", key.expose());
        launch.variable("MCP_STDIO__CREDENTIAL_COMMAND", &command).variable("MCP_SERVER__TRANSPORT", "stdio")
    };
    let mut pipe = opened(printing(&known)).await;
    assert_eq!(text(&pipe.call_tool("who", json!({})).await), "desk");
    assert_eq!(refusal(&pipe.call_tool("write_note", json!({ "text": "x" })).await).0, 403);
    let ended = printing(&unknown).run().await;
    assert!(!format!("{ended:?}").contains(unknown.expose()));
    ended.refused(&["the credential in what echo prints (stdio.credential_command)", "API key"]);
}
