//! Questions to the person in front of the client: one way to ask, on every revision.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_auth::prelude::*;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{Client, Era, TestServer};
use mcp_auth::{schemars, serde};

/// Counts what was done.
#[derive(Clone, Default)]
struct Desk(Arc<AtomicUsize>);

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Trip {
    /// Where to?
    #[schemars(length(min = 1))]
    to: String,
    days: Option<u32>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Sure {
    sure: bool,
}

#[server(name = "desk")]
impl Desk {
    /// Books a trip, after two questions.
    #[tool(scope = "trips")]
    async fn book(&self, mut ask: Ask) -> Result<String, ToolError> {
        let trip = match ask.form::<Trip>("Which trip?").await? {
            Reply::Accepted(trip) => trip,
            Reply::Declined => return Ok("no trip".to_owned()),
            Reply::Cancelled => return Err(ToolError::new("the question was closed")),
        };
        let sure = ask.form::<Sure>(format!("Book {}?", trip.to)).await?.accepted();
        if !sure.is_some_and(|form| form.sure) {
            return Ok("not booked".to_owned());
        }
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(format!("{} for {:?} days", trip.to, trip.days))
    }

    /// Sends the person to pay.
    #[tool(public)]
    async fn pay(&self, mut ask: Ask) -> Result<String, ToolError> {
        let paid = ask.url("Please pay.", "https://pay.example/7", "payment-7").await?;
        Ok(format!("{paid:?}"))
    }

    /// Says what the client can do.
    #[tool(public)]
    async fn can(&self, ask: Ask) -> String {
        format!("{} {}", ask.can_show_forms(), ask.can_open_urls())
    }

    /// Asks before it prompts.
    #[prompt(public)]
    async fn letter(&self, mut ask: Ask) -> Result<String, ToolError> {
        let trip = ask.form::<Trip>("A letter from where?").await?.accepted();
        Ok(trip.map_or_else(|| "no letter".to_owned(), |trip| format!("a letter from {}", trip.to)))
    }

    /// Asks before it is read.
    #[resource(uri = "ticket://{id}", public)]
    async fn ticket(&self, id: u32, mut ask: Ask) -> Result<String, ToolError> {
        let sure = ask.form::<Sure>("Show the ticket?").await?.accepted();
        Ok(format!("{id} {}", sure.is_some_and(|form| form.sure)))
    }
}

async fn start(desk: &Desk) -> TestServer {
    TestServer::builder(desk.clone()).toml("[auth]\nbase_scopes = []").unwrap().start().await.unwrap()
}

fn alice(server: &TestServer, era: Era) -> Client {
    server.client().era(era).token(server.token("alice").scope("trips"))
}

/// A person who answers as each question is begun.
fn replies(question: &Value) -> Value {
    let message = question["message"].as_str().expect("a message");
    match message.split_whitespace().next().expect("a word") {
        "Which" => {
            assert_eq!(question["requestedSchema"]["properties"]["to"]["description"], "Where to?");
            assert_eq!(question["requestedSchema"]["required"], json!(["to"]));
            json!({ "action": "accept", "content": { "to": "Rome", "days": 3 } })
        }
        "Book" => json!({ "action": "accept", "content": { "sure": message == "Book Rome?" } }),
        "A" => json!({ "action": "accept", "content": { "to": "Oslo" } }),
        "Show" => json!({ "action": "decline" }),
        "Please" => {
            assert_eq!(
                (&question["mode"], &question["url"]),
                (&json!("url"), &json!("https://pay.example/7"))
            );
            json!({ "action": "accept" })
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_person_is_asked_in_the_same_way_on_every_revision() {
    let desk = Desk::default();
    let server = start(&desk).await;
    for (at, era) in Era::ALL.into_iter().enumerate() {
        let client = alice(&server, era).person(replies);
        let booked = client.call_tool("book", json!({})).await;
        assert_eq!(booked.text(), Some("Rome for Some(3) days"), "{era:?} {}", booked.body());
        assert_eq!(desk.0.load(Ordering::SeqCst), at + 1, "booked once: what stands behind the questions");
        assert_eq!(client.call_tool("pay", json!({})).await.text(), Some("Accepted(())"), "{era:?}");
        assert_eq!(client.call_tool("can", json!({})).await.text(), Some("true true"), "{era:?}");
    }
}

#[tokio::test]
async fn prompts_and_resources_ask_too() {
    let server = start(&Desk::default()).await;
    for era in Era::ALL {
        let client = alice(&server, era).person(replies);
        let letter = client.get_prompt("letter", json!({})).await;
        let result = letter.result().unwrap_or_else(|| panic!("{era:?} {}", letter.body()));
        assert_eq!(result["messages"][0]["content"]["text"], "a letter from Oslo");
        let ticket = client.read_resource("ticket://7").await;
        let result = ticket.result().unwrap_or_else(|| panic!("{era:?} {}", ticket.body()));
        assert_eq!(result["contents"][0]["text"], "7 false", "declining is an answer");
    }
}

#[tokio::test]
async fn declining_and_cancelling_are_answers_and_what_does_not_fit_the_form_is_said() {
    let desk = Desk::default();
    let server = start(&desk).await;
    for era in Era::ALL {
        for (reply, said, failed) in [
            (json!({ "action": "decline" }), "no trip", false),
            (json!({ "action": "cancel" }), "the question was closed", true),
            (
                json!({ "action": "accept", "content": { "to": "" } }),
                "`to`: expected text of at least 1 character, got \"\"",
                true,
            ),
            (
                json!({ "action": "accept", "content": { "to": "Rome", "days": "three" } }),
                "`days`: expected a whole number",
                true,
            ),
            (json!({ "action": "accept" }), "came without a form", true),
        ] {
            let client = alice(&server, era).person(move |_| reply.clone());
            let answer = client.call_tool("book", json!({})).await;
            let result = answer.result().unwrap_or_else(|| panic!("{era:?} {}", answer.body()));
            assert_eq!(result["isError"], failed, "{era:?} {}", answer.body());
            assert!(answer.text().is_some_and(|text| text.contains(said)), "{era:?} {}", answer.body());
        }
    }
    assert_eq!(desk.0.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_client_without_a_person_is_told_what_is_needed_and_nothing_waits() {
    let server = start(&Desk::default()).await;
    for era in Era::ALL {
        let client = alice(&server, era);
        assert_eq!(client.call_tool("can", json!({})).await.text(), Some("false false"));
        let answer = client.call_tool("book", json!({})).await;
        match era {
            Era::Stateless => {
                assert_eq!(answer.error_code(), Some(-32021), "{}", answer.body());
                let needed = &answer.error().expect("an error")["data"]["requiredCapabilities"];
                assert_eq!(*needed, json!({ "elicitation": { "form": {} } }));
            }
            _ => assert!(
                answer.text().is_some_and(|text| text.contains("capability `elicitation`")),
                "{}",
                answer.body()
            ),
        }
    }
}

#[tokio::test]
async fn an_answer_counts_for_its_own_question_call_and_caller_only() {
    let desk = Desk::default();
    let server = start(&desk).await;
    let client = alice(&server, Era::Stateless);
    // A client that shows forms, and what it sends is written here.
    let ask = async |client: &Client, mut params: Value| {
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
            json!({ "elicitation": { "form": {} } });
        client.request("tools/call", params).await
    };
    let first = ask(&client, json!({ "name": "book" })).await;
    let state = first.result().unwrap_or_else(|| panic!("{}", first.body()))["requestState"].clone();
    let with = |content: Value| {
        json!({ "name": "book", "requestState": state,
                "inputResponses": { "question": { "action": "accept", "content": content } } })
    };
    // The answer to the first question is not one to the second.
    let second = ask(&client, with(json!({ "to": "Rome", "sure": true }))).await;
    assert_eq!(second.result().expect("a result")["resultType"], "input_required", "{}", second.body());
    // Nor another person's.
    let bob = server.client().token(server.token("bob").scope("trips"));
    let stolen = ask(&bob, with(json!({ "to": "Rome" }))).await;
    assert_eq!(stolen.error_code(), Some(-32602), "{}", stolen.body());
    assert_eq!(desk.0.load(Ordering::SeqCst), 0);
}
