//! The examples of one topic each, as their readers run them: over a socket, or over the pipes of a process.

use std::sync::Arc;

use mcp_auth::ambient::SystemClock;
use mcp_auth::testing::{Client, Era, TestIssuer, TestServer};
use mcp_auth::{Config, http};
use mcp_auth_tests::process::{Launch, Pipe, refusal, text};
use mcp_auth_tests::site::Served;
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[path = "../../examples/custom_claims.rs"]
#[allow(dead_code, reason = "an example is a program, and its main is not called here")]
mod custom_claims;
#[path = "../../examples/embedding.rs"]
#[allow(dead_code, reason = "an example is a program, and its main is not called here")]
mod embedding;

/// An issuer whose keys are served over HTTP, and the line that trusts it.
async fn issuer() -> (TestIssuer, Served, String) {
    let mut issuer = None;
    let served = Served::with(|url| {
        let jwks = issuer.insert(TestIssuer::new(url, Arc::new(SystemClock))).jwks().to_string();
        let keys = move || async move { ([(http::header::CONTENT_TYPE, "application/json")], jwks) };
        axum::Router::new().route("/jwks", axum::routing::get(keys))
    });
    let served = served.await;
    let issuer = issuer.expect("it was made for its address");
    let name = issuer.issuer();
    let trusted = format!("[[auth.issuers]]\nissuer = {name:?}\njwks_uri = \"{name}/jwks\"\n");
    (issuer, served, trusted)
}

#[tokio::test]
async fn embedding_serves_pages_beside_an_mcp_server_that_asks_for_a_login() {
    let (issuer, _keys, trusted) = issuer().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let config = format!("[server]\npublic_url = {url:?}\n[auth]\nbase_scopes = [\"stock.read\"]\n{trusted}");
    let config = Config::from_toml_str(&config).unwrap();
    let application = Served::on(listener, embedding::application(config).unwrap());

    let page = reqwest::get(application.at("/")).await.unwrap().text().await.unwrap();
    assert_eq!(page, "welcome to the shop");
    let metadata = reqwest::get(application.at("/.well-known/oauth-protected-resource/mcp")).await.unwrap();
    assert_eq!(metadata.json::<Value>().await.unwrap()["resource"], url);

    let stranger = Client::new(&url).call_tool("stock", json!({})).await;
    assert_eq!((stranger.status(), stranger.challenge().unwrap().scopes()), (401, vec!["stock.read"]));
    let token = issuer.token("alice", &url).scope("stock.read").mint();
    let stock = Client::new(&url).token(token).call_tool("stock", json!({})).await;
    assert_eq!(stock.text(), Some("3 lamps"));
}

#[tokio::test]
async fn custom_claims_decide_and_a_token_without_them_is_refused() {
    let server = TestServer::start(custom_claims::Reports).await.unwrap();
    let alice = || server.token("alice").scope("reports.read");
    for (token, answer) in [
        (
            alice().claim("tenant", "acme").claim("departments", json!(["finance"])),
            "the newest report of acme",
        ),
        (alice().claim("tenant", "acme"), "reports are for the finance department"),
    ] {
        let newest = server.client().token(token).call_tool("newest", json!({})).await;
        assert_eq!(newest.text(), Some(answer));
    }
    let refused = server.client().token(alice()).call_tool("newest", json!({})).await;
    assert_eq!(refused.error_code(), Some(403));
}

const MAIL: &str = "https://mail.example.com/mcp";

/// The example on its pipes, given `token`.
fn mail(trusted: &str, token: &str) -> Launch {
    let toml = format!(
        "[server]\ntransport = \"stdio\"\npublic_url = {MAIL:?}\n[auth]\nbase_scopes = [\"mail.read\"]\n{trusted}\
         [stdio]\ncredential = \"env:MAIL_TOKEN\"\n"
    );
    Launch::of(env!("CARGO_BIN_EXE_stdio-credential")).toml(&toml).variable("MAIL_TOKEN", token)
}

#[tokio::test]
async fn a_stdio_credential_says_who_calls_and_what_they_may_do() {
    let (issuer, _keys, trusted) = issuer().await;
    let token = issuer.token("alice", MAIL).scope("mail.read").mint();
    let mut server = mail(&trusted, &token).piped();
    assert!(server.open().await["result"].is_object());
    assert_eq!(text(&server.call_tool("whose", json!({})).await), "mail of alice");
    let (code, data) = refusal(&server.call_tool("send", json!({})).await);
    assert_eq!((code, &data["required"]), (403, &json!(["mail.send"])));

    let token = issuer.token("alice", MAIL).scope("mail.send").mint();
    let mut server = mail(&trusted, &token).piped();
    assert_eq!(text(&server.call_tool("send", json!({})).await), "sent");
    server.hears("alice sends a letter").await;
}

#[tokio::test]
async fn a_stdio_credential_for_another_server_ends_the_process() {
    let (issuer, _keys, trusted) = issuer().await;
    let token = issuer.token("alice", "https://calendar.example.com/mcp").scope("mail.read").mint();
    mail(&trusted, &token).run().await.refused(&["audience"]);
}

/// The example on its pipes, and a long call that was begun: its id.
async fn counting(era: Era) -> (Pipe, u64) {
    let launch = Launch::of(env!("CARGO_BIN_EXE_progress"))
        .toml("[server]\ntransport = \"stdio\"\n[auth]\nverify = \"none\"\n");
    let mut server = launch.piped().era(era);
    server.open().await;
    let call = json!({ "name": "count_words", "arguments": {}, "_meta": { "progressToken": "how-far" } });
    let id = server.post("tools/call", call).await;
    (server, id)
}

/// How far the call is, said by the next message.
async fn progress(server: &mut Pipe) -> (Value, Value, Value) {
    let said = server.receive().await;
    assert_eq!(said["method"], "notifications/progress", "{said}");
    let params = &said["params"];
    (params["progressToken"].clone(), params["progress"].clone(), params["total"].clone())
}

#[tokio::test]
async fn progress_is_told_page_by_page_before_the_answer() {
    for era in Era::ALL {
        let (mut server, id) = counting(era).await;
        for page in 1..=5 {
            assert_eq!(progress(&mut server).await, (json!("how-far"), json!(f64::from(page)), json!(5.0)));
        }
        let answer = server.receive().await;
        assert_eq!((&answer["id"], text(&answer)), (&json!(id), "1500 words"));
    }
}

#[tokio::test]
async fn a_cancelled_call_stops_and_is_not_answered() {
    for era in Era::ALL {
        let (mut server, id) = counting(era).await;
        progress(&mut server).await;
        let cancel =
            json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } });
        server.send(&cancel.to_string()).await;
        // Longer than the rest of it would take.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let list = server.post("tools/list", json!({})).await;
        let mut last = Value::Null;
        let answer = loop {
            let message = server.receive().await;
            match message.get("method") {
                Some(_) => last = message["params"]["progress"].clone(),
                None => break message,
            }
        };
        assert_eq!(answer["id"], list, "the call that was cancelled has no answer: {answer}");
        assert_ne!(last, json!(5.0), "it went on to the end");
    }
}
