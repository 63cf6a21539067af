//! Who may call what over HTTP: through a real socket, with `mcp.toml` as it is.
{%- if auth == "issuer" %} Tokens come from a throwaway issuer
//! in place of yours.
{%- else %} Tokens come from a throwaway issuer.
{%- endif %}

use mcp_auth::serde_json::json;
use mcp_auth::testing::{Answer, Client, TestServer};

use {{crate_name}}::Notes;

async fn server() -> TestServer {
{%- if sqlite %}
    let notes = Notes::open(":memory:".as_ref()).unwrap();
    let server = TestServer::builder(notes);
{%- else %}
    let server = TestServer::builder(Notes::default());
{%- endif %}
    let server = server.toml(include_str!("../mcp.toml")).unwrap();
{%- if auth == "issuer" %}
    let no_network = "[auth]\nissuers = []";
    server.toml(no_network).unwrap().start().await.unwrap()
{%- else %}
    server.start().await.unwrap()
{%- endif %}
}

fn client(server: &TestServer, who: &str, scopes: &str) -> Client {
    server.client().token(server.token(who).scope(scopes))
}

async fn add(client: &Client, text: &str) -> Answer {
    client.call_tool("add_note", json!({ "text": text })).await
}

#[tokio::test]
async fn without_a_token_a_call_is_401_and_says_what_to_ask_for() {
    let server = server().await;
    let answer = server.client().call_tool("list_notes", json!({})).await;
    assert_eq!(answer.status(), 401);
    let challenge = answer.challenge().unwrap();
    assert_eq!(challenge.scopes(), ["notes.read"]);
    assert_eq!(challenge.error(), None);
    assert!(challenge.resource_metadata().is_some());
}

#[tokio::test]
async fn with_an_expired_token_a_call_is_401_invalid_token() {
    let server = server().await;
    let expired = server.token("alice").scope("notes.read").expired();
    let late = server.client().token(expired);
    let answer = late.call_tool("list_notes", json!({})).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.challenge().unwrap().error(), Some("invalid_token"));
}

#[tokio::test]
async fn a_reader_who_writes_is_403_and_told_which_scopes_to_get() {
    let server = server().await;
    let reader = client(&server, "alice", "notes.read");
    let answer = add(&reader, "milk").await;
    assert_eq!(answer.status(), 403);
    let challenge = answer.challenge().unwrap();
    assert_eq!(challenge.error(), Some("insufficient_scope"));
    assert_eq!(challenge.scopes(), ["notes.read", "notes.write"]);
    let listed = reader.call_tool("list_notes", json!({})).await;
    assert_eq!(listed.structured(), Some(&json!({ "notes": [] })));
}

#[tokio::test]
async fn a_writer_adds_reads_and_deletes_a_note() {
    let server = server().await;
    let writer = client(&server, "alice", "notes.write");
    let added = add(&writer, "milk").await;
    assert_eq!(added.status(), 200);
    let milk = json!({ "id": 1, "text": "milk" });
    assert_eq!(added.structured(), Some(&milk));
    let listed = writer.call_tool("list_notes", json!({})).await;
    assert_eq!(listed.structured(), Some(&json!({ "notes": [milk] })));
    let read = writer.read_resource("note://1").await;
    assert!(read.is_success(), "{read:?}");
    let deleted = writer.call_tool("delete_note", json!({ "id": 1 })).await;
    assert_eq!(deleted.structured(), Some(&milk));
}

#[tokio::test]
async fn no_caller_sees_or_deletes_anothers_notes() {
    let server = server().await;
    let alice = client(&server, "alice", "notes.write");
    let bob = client(&server, "bob", "notes.write");
    let added = add(&alice, "milk").await;
    assert!(added.is_success(), "{added:?}");
    let listed = bob.call_tool("list_notes", json!({})).await;
    assert_eq!(listed.structured(), Some(&json!({ "notes": [] })));
    let deleted = bob.call_tool("delete_note", json!({ "id": 1 })).await;
    assert_eq!(deleted.text(), Some("you have no note 1"));
}

#[tokio::test]
async fn everyone_may_ping() {
    let server = server().await;
    let answer = server.client().call_tool("ping", json!({})).await;
    assert_eq!(answer.text(), Some("pong"));
}
