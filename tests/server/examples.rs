//! The examples of one topic each, as their readers run them: over a socket, or over the pipes of a process.

use std::sync::Arc;

use mcp_auth::ambient::{SystemClock, SystemRandom};
use mcp_auth::testing::{Client, Era, TestIssuer, TestServer};
use mcp_auth::{Config, http};
use mcp_auth_core::ApiKey;
use mcp_auth_runtime::facade::ApiKeyDigest;
use mcp_auth_tests::process::{Launch, Pipe, Socket, refusal, text};
use mcp_auth_tests::site::Served;
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[path = "../../examples/confirm.rs"]
#[allow(dead_code, reason = "an example is a program, and its main is not called here")]
mod confirm;
#[path = "../../examples/custom_claims.rs"]
#[allow(dead_code, reason = "an example is a program, and its main is not called here")]
mod custom_claims;
#[path = "../../examples/embedding.rs"]
#[allow(dead_code, reason = "an example is a program, and its main is not called here")]
mod embedding;
#[path = "../../examples/roles/main.rs"]
#[allow(dead_code, reason = "an example is a program, and its main is not called here")]
mod roles;

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
    let application = Served::on(listener, embedding::application(config).await.unwrap());

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

/// The example of API keys, with the `mcp.toml` beside it and the block that accepts this key, as `key new` prints it for
/// `laptop --scope reports.write`.
async fn reports(key: &ApiKey) -> Socket {
    let digest = ApiKeyDigest::of(key);
    let block = format!(
        "\n[[auth.api_keys]]\nname = \"laptop\"\ndigest = \"{digest}\"\nscopes = [\"reports.write\"]\n"
    );
    let toml = include_str!("../../examples/api-keys/mcp.toml").to_owned() + &block;
    let launch = Launch::of(env!("CARGO_BIN_EXE_api-keys")).toml(&toml);
    launch.variable("MCP_SERVER__LISTEN", "127.0.0.1:0").http().await
}

/// The request of the example's README, to this server, with what its `$KEY` stands for.
fn as_the_readme_says(server: &Socket, key: &str) -> reqwest::RequestBuilder {
    let readme = include_str!("../../examples/api-keys/README.md");
    let command = readme.split_once("curl -i ").expect("a request").1.split_once("```").expect("its end").0;
    let command = command.replace("$KEY", key);
    let after = |option: &str, quote: char| -> Vec<String> {
        let start = format!("{option} {quote}");
        command
            .split(&start)
            .skip(1)
            .map(|rest| rest.split_once(quote).expect("its end").0.to_owned())
            .collect()
    };
    let mut request = reqwest::Client::new().post(server.mcp());
    for header in [after("-H", '"'), after("-H", '\'')].concat() {
        let (name, value) = header.split_once(": ").expect("a header");
        request = request.header(name, value);
    }
    let [body] = &after("-d", '\'')[..] else { panic!("one body: {command}") };
    request.body(body.clone())
}

#[tokio::test]
async fn the_api_keys_example_answers_the_request_of_its_readme_and_refuses_a_key_that_nobody_made_for_it() {
    let (key, stranger) = (ApiKey::make(&SystemRandom), ApiKey::make(&SystemRandom));
    let server = reports(&key).await;
    let published = server.client().token(key.expose());
    let report = json!({ "text": "all is well" });
    assert_eq!(published.call_tool("publish_report", report.clone()).await.text(), Some("published"));

    let answer = as_the_readme_says(&server, key.expose()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let body = answer.text().await.unwrap();
    assert!(body.contains("laptop: all is well"), "{body}");

    let (start, end) = key.expose().split_at(key.expose().len() - 1);
    let mistyped = format!("{start}{}", if end == "x" { 'y' } else { 'x' });
    for refused in [stranger.expose(), &mistyped, "hunter2"] {
        let answer = as_the_readme_says(&server, refused).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{refused}");
        let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
        assert!(
            challenge.contains("invalid_token") && !challenge.contains("resource_metadata"),
            "{challenge}"
        );
    }
    let nobody = server.client().call_tool("list_reports", json!({})).await;
    assert_eq!((nobody.status(), nobody.header("www-authenticate").unwrap().contains("Bearer")), (401, true));
    // The role of a keeper is another key's.
    let denied = published.call_tool("forget_reports", json!({})).await;
    assert!(denied.body().contains("this is for keepers"), "{}", denied.body());
}

#[tokio::test]
async fn the_api_keys_example_takes_x_api_key_too_and_has_neither_metadata_nor_an_answer_for_two_keys() {
    let (key, stranger) = (ApiKey::make(&SystemRandom), ApiKey::make(&SystemRandom));
    let server = reports(&key).await;
    let with = async |key: &str| {
        server.client().header("X-API-Key", key).call_tool("list_reports", json!({})).await.status()
    };
    assert_eq!(with(key.expose()).await, 200);
    assert_eq!(with(stranger.expose()).await, 401);
    let both = as_the_readme_says(&server, key.expose()).header("X-API-Key", key.expose());
    assert_eq!(both.send().await.unwrap().status(), 400);
    let root = server.mcp().replace("/mcp", "/.well-known/oauth-protected-resource");
    for place in [root.clone(), format!("{root}/mcp")] {
        assert_eq!(reqwest::get(&place).await.unwrap().status(), 404, "{place}");
    }
}

#[tokio::test]
async fn the_roles_example_lets_managers_approve_what_is_not_their_own_and_large_ones_with_a_scope_of_their_own()
 {
    let toml = "auth.base_scopes = []\n[scopes.\"expenses.large\"]\nimplies = [\"expenses.approve\"]\n\
                [scopes.\"expenses.approve\"]\nimplies = [\"expenses.file\"]\n\
                [roles.manager]\nwhen = { claim = \"team\", equals = \"m\" }\nimplies = [\"auditor\"]\n[roles.auditor]\n";
    let builder = TestServer::builder(roles::Expenses::default()).toml(toml).expect("a configuration");
    let server = builder.start().await.expect("a server");
    let client = |who: &str, role: Option<&str>, scope: &str| {
        let token = server.token(who).scope(scope);
        server.client().token(role.into_iter().fold(token, |token, role| token.role(role)))
    };
    let bob = client("bob", None, "expenses.file");
    let ann = client("ann", Some("manager"), "expenses.approve");
    let file =
        async |by: &Client, amount: u32| by.call_tool("file_expense", json!({ "amount": amount })).await;
    assert_eq!(file(&bob, 50).await.text(), Some("filed as 1"));
    assert_eq!(file(&ann, 60).await.text(), Some("filed as 2"));
    assert_eq!(file(&bob, 2000).await.text(), Some("filed as 3"));
    let approve =
        async |by: &Client, number: u32| by.call_tool("approve_expense", json!({ "number": number })).await;
    assert_eq!(approve(&ann, 1).await.text(), Some("approved"));
    let large = client("ann", Some("manager"), "expenses.large");
    for (by, number, says, scope) in [
        (&ann, 2, "another manager approves yours", None),
        (&ann, 9, "there is no such expense", None),
        (&ann, 3, "this needs the scope expenses.large", Some("expenses.approve expenses.large")),
        (&bob, 3, "this needs the role manager", None),
        (&client("eve", Some("auditor"), "expenses.approve"), 3, "this needs the role manager", None),
        (
            &client("ann", Some("manager"), "expenses.file"),
            3,
            "this needs the scope expenses.approve",
            Some("expenses.approve expenses.file"),
        ),
    ] {
        let answer = approve(by, number).await;
        assert_eq!(
            (answer.status(), answer.error().expect("an error")["message"].as_str()),
            (403, Some(says))
        );
        let challenge = answer.challenge();
        assert_eq!(challenge.as_ref().and_then(|challenge| challenge.get("scope")), scope, "{says}");
    }
    assert_eq!(approve(&large, 3).await.text(), Some("approved"));
    let listed = client("eve", Some("auditor"), "expenses.file").call_tool("list_expenses", json!({})).await;
    assert_eq!(listed.text(), Some("2: 60 euros"));
    assert_eq!(bob.call_tool("list_expenses", json!({})).await.status(), 403);
}

#[tokio::test]
async fn the_confirm_example_deletes_what_the_person_confirms() {
    let builder = TestServer::builder(confirm::Notes).toml("auth.base_scopes = []").expect("a configuration");
    let server = builder.start().await.expect("a server");
    for era in Era::ALL {
        for (allow, says) in [(true, "\"milk\" is gone"), (false, "the person did not confirm this call")] {
            let client = server.client().era(era).token(server.token("ann").scope("notes.write"));
            let client = client.person(move |_| json!({ "action": "accept", "content": { "allow": allow } }));
            let answer = client.call_tool("delete_note", json!({ "title": "milk" })).await;
            assert_eq!(answer.text(), Some(says), "{}", answer.body());
        }
        for (login, says) in [
            ("ann", "all notes are gone"),
            ("bob", "another person than the caller logged in to confirm this call"),
        ] {
            let client = server.client().era(era).token(server.token("ann").scope("notes.write"));
            let on_page = json!({ "action": "accept", "content": { "login": login, "allow": true } });
            let client = client.person(move |_| on_page.clone());
            let answer = client.call_tool("delete_all", json!({})).await;
            assert_eq!(answer.text(), Some(says), "{}", answer.body());
        }
    }
}
