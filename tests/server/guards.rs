//! Guards: the server's own code is asked before a call runs, after its rule, with its arguments.

use mcp_auth::prelude::*;
use mcp_auth::schemars::JsonSchema;
use mcp_auth::serde::Deserialize;
use mcp_auth::serde_json::json;
use mcp_auth::testing::{Answer, Era, TestServer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[derive(Clone, Default)]
struct Todos {
    /// How often a guard was asked.
    asked: Arc<AtomicUsize>,
    /// How often a method ran.
    ran: Arc<AtomicUsize>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Which {
    owner: String,
    #[serde(default)]
    amount: u32,
}

#[server]
impl Todos {
    /// As `&Caller` and `&T`.
    async fn may_close(&self, caller: &Caller, which: &Which) -> Decision {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if which.owner != caller.subject() {
            return Decision::deny(format!("this todo is {}'s", which.owner));
        }
        match which.amount {
            0..=99 => Decision::Allow,
            100..=199 => Decision::need("todos.admin"),
            200..=299 => Decision::need("todos.nowhere"),
            300..=399 => Decision::need("todos.write"),
            400..=499 => Decision::need(""),
            500..=599 => Decision::need("todos.admin todos.write todos.audit"),
            600 => panic!("a guard that panics"),
            _ => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Decision::Allow
            }
        }
    }

    /// As an operation takes its arguments, with a `Result`.
    fn may_read(&self, caller: Caller, Parameters(which): Parameters<Which>) -> Result<Decision, ToolError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if which.owner.is_empty() {
            return Err(ToolError::new("whose?"));
        }
        let number: u32 = if which.owner == "broken" { "x".parse()? } else { 0 };
        let _ = number;
        Ok(if which.owner == caller.subject() { Decision::Allow } else { Decision::deny("not yours") })
    }

    /// By a variable of the URI.
    fn may_see(&self, caller: Option<Caller>, owner: String) -> Decision {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match caller {
            None if owner == "open" => Decision::Allow,
            None if owner == "admin" => Decision::need("todos.admin"),
            None => Decision::need("todos.read"),
            Some(caller) if caller.subject() == owner => Decision::Allow,
            Some(_) => Decision::deny("another's"),
        }
    }

    /// Closes one.
    #[tool(scope = "todos.write", guard = may_close)]
    async fn close(&self, Parameters(which): Parameters<Which>) -> String {
        self.ran.fetch_add(1, Ordering::SeqCst);
        format!("closed {}", which.amount)
    }

    /// Plans.
    #[prompt(scope = "todos.read", guard = may_read)]
    fn plan(&self, Parameters(which): Parameters<Which>) -> String {
        self.ran.fetch_add(1, Ordering::SeqCst);
        which.owner
    }

    /// One's todos.
    #[resource(uri = "todo://{owner}", public, guard = may_see)]
    fn todos(&self, owner: String) -> String {
        self.ran.fetch_add(1, Ordering::SeqCst);
        owner
    }

    /// So that resources can be subscribed to.
    #[method("resources/subscribe", authenticated)]
    fn subscribe(&self) {}

    /// Names the scopes that guards may want.
    #[tool(scopes = ["todos.admin", "todos.audit"])]
    fn administer(&self) -> &'static str {
        "done"
    }
}

impl Todos {
    fn counts(&self) -> (usize, usize) {
        (self.asked.swap(0, Ordering::SeqCst), self.ran.swap(0, Ordering::SeqCst))
    }
}

async fn started(toml: &str) -> (Todos, TestServer) {
    let todos = Todos::default();
    let builder = TestServer::builder(todos.clone())
        .toml("auth.base_scopes = [\"todos.read\"]")
        .expect("a configuration");
    let server = builder.toml(toml).expect("a configuration").start().await.expect("a server");
    (todos, server)
}

/// The status, what was said, and the scopes that a client would ask for.
pub(crate) fn said(answer: &Answer) -> (u16, String, Option<String>) {
    let text = answer.error().map_or_else(
        || answer.text().unwrap_or_default().to_owned(),
        |error| error["message"].as_str().unwrap_or_default().to_owned(),
    );
    let scope = answer.challenge().and_then(|challenge| challenge.get("scope").map(str::to_owned));
    (answer.status(), text, scope)
}

#[tokio::test]
async fn a_guard_allows_asks_for_scopes_or_refuses_on_every_revision() {
    let (todos, server) = started("limits.guard_timeout = \"1s\"\n").await;
    const UNDECIDED: &str = "this could not be decided; it is refused";
    for era in Era::ALL {
        for (owner, amount, status, text, scope, ran) in [
            ("ann", 5, 200, "closed 5", None, 1),
            ("bob", 5, 403, "this todo is bob's", None, 0),
            ("ann", 100, 403, "this needs the scope todos.admin", Some("todos.admin todos.write"), 0),
            (
                "ann",
                500,
                403,
                "this needs the scope todos.admin todos.audit",
                Some("todos.admin todos.audit todos.write"),
                0,
            ),
            // A scope that no operation declares, one that the caller holds, none at all: no client could bring it.
            ("ann", 200, 403, UNDECIDED, None, 0),
            ("ann", 300, 403, UNDECIDED, None, 0),
            ("ann", 400, 403, UNDECIDED, None, 0),
            ("ann", 600, 403, UNDECIDED, None, 0),
            ("ann", 700, 403, UNDECIDED, None, 0),
        ] {
            let client = server.client().era(era).token(server.token("ann").scope("todos.write"));
            let answer = client.call_tool("close", json!({ "owner": owner, "amount": amount })).await;
            let expected = (status, text.to_owned(), scope.map(str::to_owned));
            assert_eq!(said(&answer), expected, "{era:?} {owner} {amount}");
            assert_eq!(todos.counts(), (1, ran), "{era:?} {owner} {amount}");
        }
    }
}

#[tokio::test]
async fn a_guard_is_asked_last_and_not_by_those_whom_the_rule_refuses() {
    let (todos, server) = started("").await;
    let mine = json!({ "owner": "ann" });
    for era in Era::ALL {
        let reader = server.client().era(era).token(server.token("ann").scope("todos.read"));
        assert_eq!(reader.call_tool("close", mine.clone()).await.status(), 403);
        assert_eq!(server.client().era(era).call_tool("close", mine.clone()).await.status(), 401);
        assert_eq!(todos.counts(), (0, 0));
        // Arguments that do not fit are a result that the model reads, and nothing of them reaches a guard.
        let writer = server.client().era(era).token(server.token("ann").scope("todos.write"));
        let misfit = writer.call_tool("close", json!({ "owner": 5 })).await;
        assert_eq!(misfit.status(), 200);
        assert!(misfit.text().is_some_and(|text| text.contains("owner")), "{}", misfit.body());
        assert_eq!(todos.counts(), (0, 0));
    }
}

#[tokio::test]
async fn prompts_and_resources_have_guards_too_and_an_error_refuses() {
    let (todos, server) = started("").await;
    let reader = || server.client().token(server.token("ann").scope("todos.read"));
    for (owner, status, text) in
        [("ann", 200, ""), ("bob", 403, "not yours"), ("", 403, "whose?"), ("broken", 403, "internal error")]
    {
        let answer = reader().get_prompt("plan", json!({ "owner": owner })).await;
        assert_eq!((answer.status(), said(&answer).1.as_str()), (status, text), "{owner}");
        assert_eq!(todos.counts(), (1, usize::from(status == 200)), "{owner}");
    }
    for (uri, status, scope) in
        [("todo://ann", 200, None), ("todo://bob", 403, None), ("todo://open", 403, None)]
    {
        let answer = reader().read_resource(uri).await;
        assert_eq!((answer.status(), said(&answer).2), (status, scope), "{uri}");
        assert_eq!(todos.counts(), (1, usize::from(status == 200)), "{uri}");
    }
    let anonymous = |uri: &'static str| {
        let client = server.client();
        async move { said(&client.read_resource(uri).await) }
    };
    assert_eq!(anonymous("todo://open").await.0, 200);
    let (status, _, scope) = anonymous("todo://ann").await;
    assert_eq!((status, scope.as_deref()), (401, Some("todos.read")));
    let (status, _, scope) = anonymous("todo://admin").await;
    assert_eq!((status, scope.as_deref()), (401, Some("todos.admin todos.read")), "and the base scopes");
    // What tells of changes of a resource is guarded as the resource is.
    todos.counts();
    let legacy = reader().era(Era::Legacy("2025-11-25"));
    for (uri, status) in [("todo://bob", 403), ("todo://ann", 200)] {
        let answer = legacy.request("resources/subscribe", json!({ "uri": uri })).await;
        assert_eq!((answer.status(), todos.counts().0), (status, 1), "{}", answer.body());
    }
}

#[tokio::test]
async fn lists_show_what_a_guard_stands_before_to_who_passes_the_rest() {
    let (todos, server) = started("auth.visibility = \"granted\"\n").await;
    let names = |scopes: &'static str| {
        let client = server.client().token(server.token("bob").scope(scopes));
        async move { client.list_tools().await.body().to_owned() }
    };
    assert!(names("todos.write").await.contains("\"close\""));
    assert!(!names("todos.read").await.contains("\"close\""));
    assert_eq!(todos.counts(), (0, 0));
}

#[tokio::test]
async fn what_an_operator_adds_leaves_the_guard_where_it_is() {
    let roles = "[roles.staff]\nwhen = { claim = \"team\", equals = \"staff\" }\n";
    for more in [
        "[resources.\"todo://{owner}\"]\nroles = [\"staff\"]\n",
        "[resources.\"todo://{owner}\"]\nscopes = [\"todos.read\"]\n",
    ] {
        let (todos, server) = started(&format!("{more}{roles}")).await;
        let staff = server.client().token(server.token("ann").claim("team", "staff").scope("todos.read"));
        assert_eq!(staff.read_resource("todo://ann").await.status(), 200);
        assert_eq!(staff.read_resource("todo://bob").await.status(), 403, "{more}");
        assert_eq!(todos.counts(), (2, 1), "{more}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_the_model_where_the_configuration_says_so() {
    let (todos, server) = started("auth.denial = \"tool-error\"\n").await;
    let writer = server.client().token(server.token("ann").scope("todos.write"));
    let answer = writer.call_tool("close", json!({ "owner": "bob" })).await;
    assert_eq!((answer.status(), answer.text(), todos.counts()), (200, Some("this todo is bob's"), (1, 0)));
}

/// Describes its arguments by hand: one of two shapes.
#[derive(Clone)]
struct Shaped(Todos);

fn shapes() -> Arc<JsonObject> {
    let schema = json!({
        "type": "object",
        "oneOf": [
            { "properties": { "id": { "type": "integer" } }, "required": ["id"], "additionalProperties": false },
            { "properties": { "id": { "type": "string" }, "force": { "type": "boolean" } },
              "required": ["id", "force"], "additionalProperties": false },
        ],
    });
    Arc::new(schema.as_object().expect("an object").clone())
}

#[server]
impl Shaped {
    fn may(&self, arguments: JsonObject) -> Decision {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        match arguments.contains_key("force") {
            true => Decision::deny("not by force"),
            false => Decision::Allow,
        }
    }

    /// Does it.
    #[tool(authenticated, guard = may, input_schema = shapes())]
    fn act(&self, arguments: JsonObject) -> String {
        self.0.ran.fetch_add(1, Ordering::SeqCst);
        arguments["id"].to_string()
    }
}

#[tokio::test]
async fn j42_a_guard_sees_the_arguments_that_the_tool_sees() {
    let shaped = Shaped(Todos::default());
    let server = TestServer::start(shaped.clone()).await.expect("a server");
    let client = server.client().token(server.token("ann"));
    for (arguments, status, counts) in [
        (json!({ "id": 5 }), 200, (1, 1)),
        (json!({ "id": "5", "force": true }), 403, (1, 0)),
        (json!({ "id": "5", "force": false }), 403, (1, 0)),
        (json!({ "id": "5" }), 200, (0, 0)), // does not fit: a result that says so
    ] {
        let answer = client.call_tool("act", arguments.clone()).await;
        assert_eq!((answer.status(), shaped.0.counts()), (status, counts), "{arguments}: {}", answer.body());
    }
}
