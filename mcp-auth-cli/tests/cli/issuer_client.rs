//! `mcp-auth issuer client`: the clients in the store of a server, which may run meanwhile.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use mcp_auth::Config;
use mcp_auth::serde_json::{Value, from_str, json};
use mcp_auth_core::ScopeSet;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_runtime::facade::open_store;
use mcp_auth_store::{Authentication, Code, SecretHash, Store};
use mcp_auth_tests::person::Browser;

use crate::process::{mcp_auth, stderr, stdout};
use crate::todos;

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const DOCUMENT: &str = "https://app.example/client.json";
const REDIRECT: &str = "http://127.0.0.1:33418/callback";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn client(directory: &Path, arguments: &[&str]) -> Output {
    mcp_auth().current_dir(directory).args(["issuer", "client"]).args(arguments).output().unwrap()
}

#[track_caller]
fn done(directory: &Path, arguments: &[&str]) -> Output {
    let output = client(directory, arguments);
    assert!(output.status.success(), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
    output
}

#[track_caller]
fn refused(directory: &Path, arguments: &[&str], why: &str) {
    let output = client(directory, arguments);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains(why), "{}", stderr(&output));
}

fn listed(directory: &Path) -> Value {
    from_str(&stdout(&done(directory, &["list", "--json"]))).unwrap()
}

/// A server with a client of its own, and a store in a file.
fn site(listen: &str) -> tempfile::TempDir {
    let directory = todos::directory(&format!(
        "[server]\nlisten = {listen:?}\n[auth]\nbase_scopes = [\"todos.read\"]\n[issuer]\n\
         [[issuer.clients]]\nclient_id = \"our-app\"\nname = \"Our app\"\npublic = true\nredirect_uris = [\"https://ours.example/cb\"]\n\
         [store]\nurl = \"sqlite:todos.sqlite\"\nkey = \"file:store.key\"\n"
    ));
    let key = todos::file(&directory, "store.key", KEY);
    #[cfg(unix)]
    std::fs::set_permissions(key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    directory
}

/// Somebody allows a client something that describes itself.
async fn describes_itself(directory: &Path) {
    let text = std::fs::read_to_string(directory.join("mcp.toml")).unwrap();
    let config = Config::builder().toml(&text).base_dir(directory).build().unwrap();
    let opened = open_store(&config, &config.store, &Ambient::system()).await.unwrap().unwrap();
    let now = Ambient::system().clock.unix_now();
    let code = Code {
        client_id: DOCUMENT.into(),
        subject: "developer".into(),
        redirect_uri: REDIRECT.into(),
        code_challenge: CHALLENGE.into(),
        resource: "http://localhost:8080/mcp".into(),
        scopes: ScopeSet::parse_lossy("todos.read"),
        refresh: true,
        authentication: Authentication::at(now),
        dpop_jkt: None,
        expires_at: now + 60,
    };
    Store::new(opened.durable).codes().issue(SecretHash::of("a code"), code, now).await.unwrap();
}

#[tokio::test]
async fn clients_are_listed_and_removed_and_what_lets_them_come_back_is_said() {
    let directory = site("127.0.0.1:0");
    let path = directory.path();
    describes_itself(path).await;
    let list = listed(path);
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_eq!((&list[0]["client_id"], &list[0]["origin"]), (&json!(DOCUMENT), &json!("document")));
    assert_eq!((&list[0]["people"], &list[0]["grants"]), (&json!(1), &json!(0)));
    assert_eq!((&list[1]["client_id"], &list[1]["origin"]), (&json!("our-app"), &json!("configured")));
    assert_eq!((&list[1]["name"], &list[1]["last_used"]), (&json!("Our app"), &Value::Null));
    assert_eq!(list[1]["redirect_hosts"], json!(["ours.example"]));
    let table = stdout(&done(path, &["list"]));
    for text in ["KNOWN BY", "its document", "configuration", "ours.example", "never"] {
        assert!(table.contains(text), "{text}: {table}");
    }

    let removed = done(path, &["remove", DOCUMENT]);
    assert!(
        stdout(&removed).contains("is removed, and its access tokens are revoked"),
        "{}",
        stdout(&removed)
    );
    let said = stderr(&removed);
    assert!(
        said.contains(&format!("event=\"client_removed\" client_id=\"{DOCUMENT}\" by=\"operator\"")),
        "{said}"
    );
    assert!(said.contains(&format!("add [[auth.deny]] with client = \"{DOCUMENT}\"")), "{said}");
    assert!(said.contains("issuer.client_documents.enabled = false"), "{said}");
    assert_eq!(listed(path).as_array().unwrap().len(), 1);
    refused(path, &["remove", DOCUMENT], "no such client is known here");

    let said = stderr(&done(path, &["remove", "our-app"]));
    assert!(said.contains("\"our-app\" is in issuer.clients, so it can come back"), "{said}");
    assert_eq!(listed(path).as_array().unwrap().len(), 1, "the configuration names it still");
}

#[tokio::test]
async fn a_registered_client_that_is_removed_is_refused_by_the_running_server() {
    let listen = todos::free_address();
    let directory = site(&listen);
    let (path, running) = (directory.path(), todos::serve(directory.path()).await);
    let (http, at) = (reqwest::Client::new(), |path: &str| format!("http://{listen}{path}"));
    let metadata = json!({
        "client_name": "An app", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
    });
    let registered: Value =
        http.post(at("/register")).json(&metadata).send().await.unwrap().json().await.unwrap();
    let id = registered["client_id"].as_str().unwrap();
    let mut asks = url::Url::parse(&at("/authorize")).unwrap();
    asks.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", id),
        ("redirect_uri", REDIRECT),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("scope", "todos.read"),
    ]);
    let back: url::Url = Browser::new().decide(asks.as_str(), "developer", "allow").await.parse().unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", id),
        ("code", &*code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", REDIRECT),
    ];
    let tokens: Value = http.post(at("/token")).form(&form).send().await.unwrap().json().await.unwrap();
    let [access, refresh] = ["access_token", "refresh_token"].map(|token| tokens[token].as_str().unwrap());
    let list = listed(path);
    let line = list.as_array().unwrap().iter().find(|line| line["client_id"] == id).unwrap();
    assert_eq!((&line["origin"], &line["name"]), (&json!("registered"), &json!("An app")));
    assert_eq!((&line["people"], &line["grants"]), (&json!(1), &json!(1)));

    let calls = async || {
        let call = http.post(at("/mcp")).bearer_auth(access).header("content-type", "application/json");
        let call = call.header("accept", "application/json, text/event-stream");
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
        call.body(body).send().await.unwrap().status()
    };
    assert_ne!(calls().await, 401);
    let said = stderr(&done(path, &["remove", id]));
    assert!(said.contains("it can register again, as another client"), "{said}");
    let form = [("grant_type", "refresh_token"), ("client_id", id), ("refresh_token", refresh)];
    assert_eq!(http.post(at("/token")).form(&form).send().await.unwrap().status(), 401);
    // Within `store.revocation_lag`.
    for _ in 0..100 {
        if calls().await == 401 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(calls().await, 401);
    running.stop().await;
}

#[test]
fn with_a_store_in_memory_it_is_said_why_not() {
    let memory = todos::directory("[auth]\nbase_scopes = []\n[issuer]\n");
    for arguments in [&["list"][..], &["remove", "an app"]] {
        refused(memory.path(), arguments, "a store in memory, which only its server has");
    }
}
