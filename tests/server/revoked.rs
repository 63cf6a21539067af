//! What the built-in issuer revoked is refused: at once by its own process, a moment later by others on the same store, and where the
//! store cannot be read for too long, nobody is told that a token is good.

use std::time::{Duration, Instant};

use jsonwebtoken::Algorithm;
use mcp_auth::{Config, Running, Server};
use mcp_auth_store::{Outage, Store};
use serde_json::{Value, json};

use crate::authorization_server::{AuthorizationServer, Key};
use crate::everything::{CONFIG, Everything};
use crate::wire::{self, Wire};

const SECRET: &str = "a secret of the robot";

/// How long what must come soon may take on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// The built-in issuer with a client that gets tokens for itself, and what is kept in `directory`.
fn built_in(directory: &tempfile::TempDir) -> String {
    let [secret, key] = [("secret", SECRET), ("key", &"0a".repeat(32))].map(|(name, text)| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("written");
        mcp_auth_tests::process::private(&path);
        format!("file:{}", path.display())
    });
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1:9/mcp\"\n\
         [store]\nurl = {:?}\nkey = {key:?}\nrevocation_lag = \"1s\"\nrevocation_stale = \"2s\"\n\
         [issuer]\nstate_dir = {:?}\n[[issuer.clients]]\nclient_id = \"robot\"\nclient_secret = {secret:?}\nscopes = [\"read\"]\n",
        format!("sqlite:{}", directory.path().join("store").display()),
        directory.path().join("state"),
    )
}

async fn start(texts: &[&str], store: Option<Store>) -> Running {
    let mut config = Config::builder().process(mcp_auth::config::ProcessContext::system()).toml(CONFIG);
    for text in texts {
        config = config.toml(text);
    }
    let builder = Server::builder(Everything::default()).config(config.build().expect("a configuration"));
    let builder = if let Some(store) = store { builder.store(store) } else { builder };
    builder.start().await.expect("it starts")
}

/// What the endpoint at `path` answers to the robot.
async fn ask(running: &Running, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let own = [("client_id", "robot"), ("client_secret", SECRET)];
    let form = [&own[..], form].concat();
    let answer = wire::http().post(format!("http://{}{path}", running.address())).form(&form).send().await;
    let answer = answer.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn token(running: &Running) -> String {
    let (_, answer) =
        ask(running, "/token", &[("grant_type", "client_credentials"), ("scope", "read")]).await;
    answer["access_token"].as_str().unwrap_or_else(|| panic!("no token in {answer}")).to_owned()
}

async fn call(running: &Running, token: &str) -> wire::Reply {
    let credentials = format!("Authorization: Bearer {token}\r\n");
    Wire::at(running.address()).call("read_note", &credentials).await
}

/// Asks until the status is `wanted`.
async fn until(running: &Running, token: &str, wanted: u16) {
    let begun = Instant::now();
    loop {
        let status = call(running, token).await.status();
        if status == wanted {
            return;
        }
        assert!(begun.elapsed() < SOON, "it is {status} still");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn t76_a_revoked_token_is_refused_at_once_where_it_was_revoked_and_soon_by_other_processes_on_the_store()
 {
    let directory = tempfile::tempdir().expect("a directory");
    let text = built_in(&directory);
    let (first, second) = (start(&[&text], None).await, start(&[&text], None).await);
    let (ours, other) = (token(&first).await, token(&first).await);
    for server in [&first, &second] {
        assert_eq!(call(server, &ours).await.status(), 200);
    }
    assert_eq!(ask(&first, "/revoke", &[("token", &ours)]).await.0, 200);
    let refused = call(&first, &ours).await;
    assert_eq!(refused.status(), 401);
    let challenge = refused.header("www-authenticate").unwrap_or_default();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    assert!(challenge.contains("the token was revoked"), "{challenge}");
    until(&second, &ours, 401).await;
    for server in [&first, &second] {
        assert_eq!(call(server, &other).await.status(), 200, "another token of the same client is good");
    }
    let (_, told) = ask(&second, "/introspect", &[("token", &ours)]).await;
    assert_eq!(told, json!({ "active": false }));
    first.stop().await;
    second.stop().await;
    // A process that starts later knows it too, before it answers anyone.
    let third = start(&[&text], None).await;
    assert_eq!(call(&third, &ours).await.status(), 401);
    assert_eq!(call(&third, &other).await.status(), 200);
    third.stop().await;
}

#[tokio::test]
async fn t77_where_revocations_cannot_be_read_for_too_long_own_tokens_are_503_and_those_of_others_are_not() {
    let (directory, key) = (tempfile::tempdir().expect("a directory"), Key::new(Algorithm::ES256, "k"));
    let issuer = AuthorizationServer::with_keys(&[&key]).await;
    let outage = Outage::new();
    let in_memory = built_in(&directory)
        .lines()
        .filter(|line| !line.starts_with("url =") && !line.starts_with("key ="))
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    let running = start(&[&in_memory, &issuer.toml("")], Some(outage.store())).await;
    let (ours, revoked) = (token(&running).await, token(&running).await);
    assert_eq!(ask(&running, "/revoke", &[("token", &revoked)]).await.0, 200);
    let theirs = key.token(&issuer.claims("http://127.0.0.1:9/mcp", json!({})));
    let readyz = async || {
        let answer = wire::http().get(format!("http://{}/readyz", running.address())).send().await;
        answer.expect("an answer").json::<Value>().await.expect("JSON")
    };
    assert_eq!(call(&running, &ours).await.status(), 200);
    assert_eq!(readyz().await["missing"], Value::Null);

    outage.begin();
    assert_eq!(call(&running, &ours).await.status(), 200, "what was read last counts for a while");
    assert_eq!(call(&running, &revoked).await.status(), 401, "and what it says is refused");
    until(&running, &ours, 503).await;
    assert_eq!(call(&running, &revoked).await.status(), 401, "it stays refused");
    let refused = call(&running, &ours).await;
    assert!(refused.header("retry-after").is_some());
    assert!(refused.header("www-authenticate").is_none(), "no login would mend it");
    assert_eq!(call(&running, &theirs).await.status(), 200);
    let told = readyz().await;
    assert_eq!(told["missing"][0]["issuer"], "http://127.0.0.1:9", "{told}");
    assert_eq!(
        told["missing"].as_array().map(Vec::len),
        Some(1),
        "the other issuer is not concerned: {told}"
    );
    assert!(told["missing"][0]["since"].is_string(), "{told}");

    outage.end();
    until(&running, &ours, 200).await;
    // Keys and revocations are read each by itself.
    let mut told = readyz().await;
    for _ in 0..100 {
        if told["missing"].is_null() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        told = readyz().await;
    }
    assert_eq!(told["missing"], Value::Null);
    running.stop().await;
}
