//! Who acts for the caller of a token (`act`, RFC 8693), and programs that act for no person.

use mcp_auth::prelude::*;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{Era, TestServer};

#[derive(Clone)]
struct Desk;

#[server]
impl Desk {
    /// Who calls, and for whom.
    #[tool(scope = "desk.read")]
    async fn who(&self, caller: Caller) -> String {
        let actors: Vec<_> = caller
            .actor()
            .iter()
            .flat_map(|actor| actor.chain())
            .map(|actor| actor.subject.clone())
            .collect();
        json!([caller.subject(), caller.is_client(), actors]).to_string()
    }
}

#[tokio::test]
async fn the_actor_of_a_token_reaches_the_tool_and_an_act_of_another_shape_is_refused() {
    let server = TestServer::start(Desk).await.expect("a server");
    let token = || server.token("ann").scope("desk.read");
    for era in Era::ALL {
        for (act, told) in [
            (json!({ "sub": "agent" }), json!(["ann", false, ["agent"]])),
            (
                json!({ "sub": "agent", "act": { "sub": "planner" } }),
                json!(["ann", false, ["agent", "planner"]]),
            ),
        ] {
            let client = server.client().era(era).token(token().claim("act", act));
            let answer = client.call_tool("who", json!({})).await;
            assert_eq!(answer.text(), Some(told.to_string().as_str()), "{}", answer.body());
        }
        for bad in [json!("agent"), json!([]), Value::Null, json!({ "act": { "sub": "agent" } })] {
            let client = server.client().era(era).token(token().claim("act", bad));
            let answer = client.call_tool("who", json!({})).await;
            let error = answer.challenge().and_then(|challenge| challenge.error().map(str::to_owned));
            assert_eq!((answer.status(), error.as_deref()), (401, Some("invalid_token")));
        }
    }
}

#[tokio::test]
async fn a_token_of_client_credentials_is_of_a_program_and_a_person_with_its_name_is_another_caller() {
    let server = TestServer::start(Desk).await.expect("a server");
    for (client, is_client) in [("report", true), ("app", false)] {
        let token = server.token("report").client(client).scope("desk.read");
        let answer = server.client().token(token).call_tool("who", json!({})).await;
        assert_eq!(answer.text(), Some(json!(["report", is_client, []]).to_string().as_str()));
    }
}
