//! What lists promise of arguments and results is kept: a caller who breaks it reads what to mend, and no tool runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_auth::model::JsonObject;
use mcp_auth::prelude::*;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{Client, Era, TestServer};
use mcp_auth::{Handler, schemars, serde};

/// Counts what ran.
#[derive(Clone, Default)]
struct Shop(Arc<AtomicUsize>);

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Sale {
    #[schemars(length(min = 1))]
    title: String,
    #[schemars(range(min = 1))]
    cents: i64,
    #[serde(default)]
    #[schemars(email)]
    receipt: Option<String>,
    #[serde(default)]
    lines: Vec<Line>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Line {
    #[schemars(regex(pattern = r"^[A-Z]{2}[0-9]+$"))]
    article: String,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde", tag = "action", rename_all = "snake_case")]
#[schemars(crate = "mcp_auth::schemars")]
enum Change {
    Add {
        #[schemars(length(min = 1))]
        text: String,
    },
    Drop {
        id: u64,
    },
    Note {
        text: String,
    },
}

#[derive(serde::Serialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Ratio {
    ratio: f64,
}

/// An article whose number the schema does not describe.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde", try_from = "String")]
#[schemars(crate = "mcp_auth::schemars")]
struct Even(u8);

impl TryFrom<String> for Even {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number: u8 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
        if number.is_multiple_of(2) { Ok(Self(number)) } else { Err(format!("`{number}` is not even")) }
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct EvenOnly {
    number: Even,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde", rename_all = "lowercase")]
#[schemars(crate = "mcp_auth::schemars")]
enum Tone {
    Formal,
    Plain,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Letter {
    copies: u8,
    urgent: bool,
    tone: Tone,
}

fn by_hand() -> Arc<JsonObject> {
    let schema = json!({
        "type": "object",
        "properties": { "kind": { "type": "string" }, "to": { "$ref": "#address" } },
        "if": { "properties": { "kind": { "const": "post" } }, "required": ["kind"] },
        "then": { "required": ["to"] },
        "$defs": { "address": { "$anchor": "address", "type": "string", "minLength": 3 } },
    });
    Arc::new(schema.as_object().expect("an object").clone())
}

#[server(name = "shop")]
impl Shop {
    /// Sells.
    #[tool(scope = "sell")]
    async fn sell(&self, Parameters(sale): Parameters<Sale>) -> String {
        self.0.fetch_add(1, Ordering::SeqCst);
        let lines: String = sale.lines.iter().map(|line| line.article.as_str()).collect();
        format!("{} {} {} {lines}", sale.title, sale.cents, sale.receipt.unwrap_or_default())
    }

    /// Changes.
    #[tool(public)]
    async fn change(&self, Parameters(change): Parameters<Change>) -> String {
        self.0.fetch_add(1, Ordering::SeqCst);
        match change {
            Change::Add { text } => format!("added {text}"),
            Change::Note { text } => format!("noted {text}"),
            Change::Drop { id } => format!("dropped {id}"),
        }
    }

    /// Takes what its type alone describes.
    #[tool(public)]
    async fn even(&self, Parameters(EvenOnly { number }): Parameters<EvenOnly>) -> String {
        number.0.to_string()
    }

    /// Takes what a schema by hand describes.
    #[tool(public, input_schema = by_hand())]
    async fn send(&self, arguments: JsonObject) -> String {
        Value::Object(arguments).to_string()
    }

    /// Divides.
    #[tool(public)]
    async fn divide(&self, Parameters(Numbers { by }): Parameters<Numbers>) -> Json<Ratio> {
        Json(Ratio { ratio: 0.0 / by })
    }

    /// Writes a letter.
    #[prompt(public)]
    async fn letter(&self, Parameters(letter): Parameters<Letter>) -> String {
        let tone = match letter.tone {
            Tone::Formal => "formal",
            Tone::Plain => "plain",
        };
        format!("{} {tone} {}", letter.copies, letter.urgent)
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Numbers {
    by: f64,
}

async fn start(shop: &Shop) -> TestServer {
    TestServer::builder(shop.clone()).toml("[auth]\nbase_scopes = []").unwrap().start().await.unwrap()
}

/// The text of a result that says that the tool failed.
async fn refused(client: &Client, tool: &str, arguments: Value) -> String {
    let answer = client.call_tool(tool, arguments).await;
    let result = answer.result().unwrap_or_else(|| panic!("not a result: {}", answer.body()));
    assert_eq!((answer.status(), &result["isError"]), (200, &json!(true)), "{}", answer.body());
    answer.text().expect("text").to_owned()
}

#[tokio::test]
async fn arguments_outside_the_schema_are_a_result_that_names_each_fault_and_nothing_runs() {
    let shop = Shop::default();
    let server = start(&shop).await;
    for era in Era::ALL {
        let client = server.client().era(era).token(server.token("alice").scope("sell"));
        let sold = client.call_tool("sell", json!({ "title": "tea", "cents": 5.0 })).await;
        assert_eq!(sold.text(), Some("tea 5  "), "{era:?}");
        shop.0.store(0, Ordering::SeqCst);
        assert_eq!(
            refused(&client, "sell", json!({ "title": "", "cents": 0 })).await,
            "invalid arguments:\n\
             - `cents`: expected a whole number of at least 1, got 0\n\
             - `title`: expected text of at least 1 character, got \"\""
        );
        assert_eq!(
            refused(
                &client,
                "sell",
                json!({ "title": "tea", "cents": 1, "lines": [{ "article": "AB1" }, { "article": "x" }] })
            )
            .await,
            "invalid argument `lines[1].article`: expected text that matches `^[A-Z]{2}[0-9]+$`, got \"x\""
        );
        let said = refused(&client, "sell", json!({ "title": "tea", "cents": 1, "receipt": "me" })).await;
        assert!(said.starts_with("invalid argument `receipt`: expected text of the format email"), "{said}");
        assert_eq!(
            refused(&client, "change", json!({ "action": "add", "text": "" })).await.lines().count(),
            1
        );
        assert_eq!(
            refused(&client, "change", json!({ "action": "add" })).await,
            "invalid argument `text`: expected text of at least 1 character, got nothing"
        );
        assert_eq!(
            refused(&client, "change", json!({ "action": "melt" })).await,
            "invalid argument `action`: expected one of \"add\", \"drop\", \"note\", got \"melt\""
        );
        assert_eq!(shop.0.load(Ordering::SeqCst), 0, "nothing ran");
        assert_eq!(
            client.call_tool("change", json!({ "action": "note", "text": "" })).await.text(),
            Some("noted ")
        );
        assert_eq!(
            client.call_tool("change", json!({ "action": "drop", "id": 3 })).await.text(),
            Some("dropped 3")
        );
    }
}

#[tokio::test]
async fn who_may_call_is_decided_before_the_arguments_are_looked_at() {
    let shop = Shop::default();
    let server = start(&shop).await;
    for era in Era::ALL {
        let wrong = json!({ "title": 5 });
        let stranger = server.client().era(era).call_tool("sell", wrong.clone()).await;
        assert_eq!(stranger.status(), 401, "{}", stranger.body());
        let bob = server.client().era(era).token(server.token("bob").scope("other"));
        let answer = bob.call_tool("sell", wrong).await;
        assert_eq!(answer.status(), 403);
        assert!(!answer.body().contains("title"), "{}", answer.body());
        // What does not exist is not a matter of arguments.
        assert_eq!(bob.call_tool("gone", json!({})).await.error_code(), Some(-32602));
    }
}

#[tokio::test]
async fn arguments_that_only_the_type_refuses_are_a_result_too() {
    let server = start(&Shop::default()).await;
    for era in Era::ALL {
        let client = server.client().era(era).token(server.token("alice"));
        assert_eq!(client.call_tool("even", json!({ "number": "4" })).await.text(), Some("4"));
        let said = refused(&client, "even", json!({ "number": "3" })).await;
        assert_eq!(said, "invalid argument `number`: `3` is not even");
    }
}

#[tokio::test]
async fn a_schema_by_hand_is_kept_with_its_conditions_and_anchors() {
    let server = start(&Shop::default()).await;
    let client = server.client();
    assert!(client.call_tool("send", json!({ "kind": "post", "to": "Ann" })).await.is_success());
    assert!(client.call_tool("send", json!({ "kind": "mail" })).await.is_success());
    assert_eq!(
        refused(&client, "send", json!({ "kind": "post" })).await,
        "invalid argument `to`: it is missing"
    );
    let short = refused(&client, "send", json!({ "to": "A" })).await;
    assert_eq!(short, "invalid argument `to`: expected text of at least 3 characters, got \"A\"");
}

#[tokio::test]
async fn a_result_that_breaks_its_own_schema_says_so() {
    let server = start(&Shop::default()).await;
    for era in Era::ALL {
        let client = server.client().era(era).token(server.token("alice"));
        assert_eq!(
            client.call_tool("divide", json!({ "by": 2 })).await.structured(),
            Some(&json!({ "ratio": 0.0 }))
        );
        // 0/0 is not a number, and JSON has no word for it.
        let said = refused(&client, "divide", json!({ "by": 0 })).await;
        assert_eq!(
            said,
            "the tool's answer breaks the tool's own output schema, which is a fault of the server: \
             invalid member `ratio`: expected a number, got null"
        );
    }
}

#[tokio::test]
async fn arguments_of_prompts_are_read_from_text() {
    let server = start(&Shop::default()).await;
    for era in Era::ALL {
        let client = server.client().era(era).token(server.token("alice"));
        let answer =
            client.get_prompt("letter", json!({ "copies": "3", "urgent": "true", "tone": "plain" })).await;
        let result = answer.result().unwrap_or_else(|| panic!("{}", answer.body()));
        assert_eq!(result["messages"][0]["content"]["text"], "3 plain true");
        let wrong =
            client.get_prompt("letter", json!({ "copies": "many", "urgent": "yes", "tone": "rude" })).await;
        assert_eq!(wrong.error_code(), Some(-32602), "{}", wrong.body());
        let said = wrong.error().expect("an error")["message"].as_str().expect("text");
        for part in [
            "`copies`: expected a whole number",
            "got \"many\"",
            "`urgent`: expected true or false",
            "`tone`: expected one of \"formal\", \"plain\"",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let listed = client.request("prompts/list", json!({})).await;
        let arguments = listed.result().expect("a list")["prompts"][0]["arguments"].clone();
        assert_eq!(
            arguments[0],
            json!({ "name": "copies", "description": "a whole number of at least 0 and of at most 255", "required": true })
        );
    }
}

#[test]
fn a_schema_by_hand_that_cannot_be_kept_stops_the_start() {
    fn far() -> Arc<JsonObject> {
        let schema =
            json!({ "type": "object", "properties": { "a": { "$ref": "https://example.com/a.json" } } });
        Arc::new(schema.as_object().expect("an object").clone())
    }
    #[derive(Clone)]
    struct Far;
    #[server(name = "far")]
    impl Far {
        /// Refers to what is elsewhere.
        #[tool(public, input_schema = far())]
        async fn far(&self, arguments: JsonObject) -> String {
            arguments.len().to_string()
        }
    }
    let error = Far::operations().build().err().expect("it is refused").to_string();
    assert!(
        error.starts_with("the input schema of tool `far` cannot be used: ") && error.contains("example.com"),
        "{error}"
    );
}
