//! What `tools/list` says of arguments and answers, over a socket: words that every client takes, whatever the types are.

use std::collections::BTreeMap;

use mcp_auth::prelude::*;
use mcp_auth::serde_json::{self, Value, json};
use mcp_auth::testing::{Era, TestServer};
use mcp_auth::{Handler, schemars, serde};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
#[expect(dead_code, reason = "its schema is all that is asked for")]
struct Odd {
    anything: Value,
    color: Color,
    maybe: Option<Color>,
    count: u64,
    ratio: f32,
    labels: BTreeMap<String, Value>,
}

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
enum Color {
    Red,
    Green,
}

/// One action or another.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde", tag = "action", rename_all = "snake_case")]
#[schemars(crate = "mcp_auth::schemars")]
enum Action {
    Add { title: String },
    Drop { id: u64 },
}

#[derive(serde::Serialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Answer {
    anything: Value,
    color: Color,
}

#[derive(Clone)]
struct Shapes;

#[server(name = "shapes")]
impl Shapes {
    /// Takes what schemars describes in odd words.
    #[tool(public)]
    async fn odd(&self, Parameters(_): Parameters<Odd>) -> Json<Answer> {
        Json(Answer { anything: Value::Null, color: Color::Red })
    }

    /// Takes one of several forms.
    #[tool(public)]
    async fn act(&self, Parameters(action): Parameters<Action>) -> String {
        match action {
            Action::Add { title } => format!("added {title}"),
            Action::Drop { id } => format!("dropped {id}"),
        }
    }
}

/// Arguments that have no names.
#[derive(Clone)]
struct Nameless;

#[server(name = "nameless")]
impl Nameless {
    /// Takes a list.
    #[tool(public)]
    async fn sum(&self, Parameters(numbers): Parameters<Vec<u8>>) -> String {
        numbers.len().to_string()
    }
}

#[tokio::test]
async fn schemas_are_listed_in_words_that_every_client_takes() {
    let server =
        TestServer::builder(Shapes).toml("[auth]\nverify = \"none\"").unwrap().start().await.unwrap();
    for era in Era::ALL {
        let client = server.client().era(era);
        let listed = client.request("tools/list", json!({})).await;
        let tools = listed.result().expect("a list")["tools"].clone();
        let text = serde_json::to_string(&tools).unwrap();
        for word in ["$ref", "$defs", "oneOf", "uint64", "\"float\"", "\"const\"", "\"anything\":true"] {
            assert!(!text.contains(word), "{era:?} {word}: {text}");
        }
        let of = |name: &str| tools.as_array().unwrap().iter().find(|tool| tool["name"] == name).unwrap();
        let odd = &of("odd")["inputSchema"];
        assert_eq!(odd["properties"]["anything"], json!({}));
        assert_eq!(odd["properties"]["color"], json!({ "type": "string", "enum": ["Red", "Green"] }));
        assert_eq!(odd["properties"]["count"]["minimum"], 0);
        assert_eq!(of("odd")["outputSchema"]["properties"]["anything"], json!({}));
        let act = &of("act")["inputSchema"];
        assert_eq!((&act["type"], &act["required"]), (&json!("object"), &json!(["action"])));
        assert_eq!(act["properties"]["action"]["enum"], json!(["add", "drop"]));
        // What is listed is what is taken.
        let added = client.call_tool("act", json!({ "action": "add", "title": "milk" })).await;
        assert_eq!(added.text(), Some("added milk"), "{era:?}");
    }
}

#[test]
fn arguments_without_names_stop_the_start_with_the_way_out() {
    let error = Nameless::operations().build().err().expect("it is refused").to_string();
    assert_eq!(
        error,
        "the arguments of tool `sum` must be a struct or a map, so that they have names; put the type into a field of a struct"
    );
}
