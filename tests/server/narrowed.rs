//! What an operator adds to operations in `mcp.toml`: enforced, listed and challenged like a rule of the program.

use mcp_auth::prelude::*;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{Answer, Era, TestServer};
use mcp_auth::{Config, Server};

const ADDED: &str = r#"
[roles.staff]
when = { claim = "department", equals = "staff" }

[scopes."desk.send"]
description = "Send notes out"

[tools.add_note]
scopes = ["desk.send"]
description = "Adds a note, on paper."

[tools.ping]
roles = ["staff"]

[tools.wipe]
disabled = true

[prompts.plan]
scopes = ["desk.write"]

[resources."note://{id}"]
roles = ["staff"]
"#;

#[derive(Clone)]
struct Desk;

#[server]
impl Desk {
    // The first one, so that it is seen what becomes of the others without it.
    /// Removes everything.
    #[tool(scope = "desk.admin")]
    async fn wipe(&self) -> &'static str {
        "wiped"
    }

    /// Adds a note.
    #[tool(any_scope = ["desk.write", "desk.admin"])]
    async fn add_note(&self) -> &'static str {
        "added"
    }

    /// Is it up?
    #[tool(public)]
    async fn ping(&self) -> &'static str {
        "pong"
    }

    /// Plans the day.
    #[prompt(authenticated)]
    async fn plan(&self) -> &'static str {
        "plan"
    }

    /// One note.
    #[resource(uri = "note://{id}", scope = "desk.write")]
    async fn note(&self, id: u64) -> String {
        format!("note {id}")
    }
}

async fn started(toml: &str) -> TestServer {
    TestServer::builder(Desk).toml(toml).expect("a configuration").start().await.expect("a server")
}

fn scope_of(answer: &Answer) -> Option<String> {
    answer.challenge().and_then(|challenge| challenge.get("scope").map(str::to_owned))
}

fn tools(answer: &Answer) -> Vec<(String, String)> {
    let tools = answer.result().expect("a result")["tools"].as_array().cloned().unwrap_or_default();
    let text = |tool: &Value, key: &str| tool[key].as_str().unwrap_or_default().to_owned();
    tools.iter().map(|tool| (text(tool, "name"), text(tool, "description"))).collect()
}

#[tokio::test]
async fn what_is_added_is_needed_on_every_revision_and_without_it_the_program_alone_decides() {
    let (with, without) = (started(ADDED).await, started("").await);
    for era in Era::ALL {
        let client = |server: &TestServer, scopes: &str, department: &str| {
            let token = server.token("alice").scope(scopes).claim("department", department);
            server.client().era(era).token(token)
        };
        // Whichever alternative of the rule is met.
        for (scopes, allowed) in [
            ("desk.write desk.send", true),
            ("desk.admin desk.send", true),
            ("desk.write", false),
            ("desk.admin", false),
            ("desk.send", false),
        ] {
            let answer = client(&with, scopes, "").call_tool("add_note", json!({})).await;
            assert_eq!(answer.text() == Some("added"), allowed, "{scopes} {era:?}: {}", answer.body());
            if !allowed {
                assert_eq!(answer.status(), 403);
                assert!(scope_of(&answer).unwrap_or_default().contains("desk.send"), "{}", answer.body());
            }
        }
        assert_eq!(
            client(&without, "desk.write", "").call_tool("add_note", json!({})).await.text(),
            Some("added")
        );

        // A public tool that needs a role needs a caller.
        assert_eq!(with.client().era(era).call_tool("ping", json!({})).await.status(), 401);
        assert_eq!(client(&with, "", "sales").call_tool("ping", json!({})).await.status(), 403);
        assert_eq!(client(&with, "", "staff").call_tool("ping", json!({})).await.text(), Some("pong"));

        let plan = |scopes: &'static str| {
            let client = client(&with, scopes, "");
            async move { client.get_prompt("plan", json!({})).await.is_success() }
        };
        assert_eq!((plan("desk.write").await, plan("").await), (true, false));
        let note = |department: &'static str| {
            let client = client(&with, "desk.write", department);
            async move { client.read_resource("note://1").await.is_success() }
        };
        assert_eq!((note("staff").await, note("sales").await), (true, false));
    }
}

/// A shelf, of which one book stands apart.
#[derive(Clone)]
struct Shelf;

#[server]
impl Shelf {
    /// All of them.
    #[resource(uri = "book://all", scope = "shelf.admin")]
    async fn all(&self) -> &'static str {
        "all"
    }

    /// A private one.
    #[resource(uri = "book://private-{id}", scope = "shelf.admin")]
    async fn private(&self, id: u64) -> String {
        format!("private {id}")
    }

    /// One.
    #[resource(uri = "book://{id}", scope = "shelf.read")]
    async fn one(&self, id: String) -> String {
        format!("book {id}")
    }
}

#[tokio::test]
async fn j49_a_resource_that_is_switched_off_is_not_read_by_a_template_that_others_may_use() {
    let off = r#"
        [resources."book://all"]
        disabled = true
        [resources."book://private-{id}"]
        disabled = true
        "#;
    let server =
        TestServer::builder(Shelf).toml(off).expect("a configuration").start().await.expect("a server");
    for era in Era::ALL {
        for scopes in ["shelf.read", "shelf.read shelf.admin"] {
            let client = server.client().era(era).token(server.token("alice").scope(scopes));
            for uri in ["book://all", "book://private-7"] {
                let answer = client.read_resource(uri).await;
                assert!(
                    !answer.is_success() && answer.body().contains("unknown resource"),
                    "{}",
                    answer.body()
                );
            }
            let read = client.read_resource("book://7").await;
            assert!(read.body().contains("book 7"), "{era:?}: {}", read.body());
        }
    }
}

#[tokio::test]
async fn a_tool_that_is_switched_off_is_in_no_list_and_answers_like_an_unknown_one() {
    let server = started(ADDED).await;
    for era in Era::ALL {
        let client =
            server.client().era(era).token(server.token("alice").scope("desk.admin desk.write desk.send"));
        let listed = tools(&client.list_tools().await);
        assert_eq!(
            listed,
            [("add_note", "Adds a note, on paper."), ("ping", "Is it up?")]
                .map(|(name, about)| (name.to_owned(), about.to_owned())),
            "{era:?}"
        );
        let off = client.call_tool("wipe", json!({})).await;
        let unknown = client.call_tool("wapi", json!({})).await;
        let said = |answer: &Answer, name: &str| {
            (answer.status(), answer.error().map(|error| error.to_string().replace(name, "NAME")))
        };
        assert_eq!(said(&off, "wipe"), said(&unknown, "wapi"), "{era:?}");
        assert!(off.error().is_some(), "{}", off.body());
    }
}

#[tokio::test]
async fn metadata_offers_what_is_needed_now() {
    let server = started(&ADDED.replace("disabled = true", "disabled = true\nscopes = []")).await;
    let url = server.url().replace("/mcp", "/.well-known/oauth-protected-resource/mcp");
    let metadata: Value = reqwest::get(url).await.expect("an answer").json().await.expect("JSON");
    assert_eq!(metadata["scopes_supported"], json!(["desk.admin", "desk.send", "desk.write"]));
}

#[tokio::test]
async fn what_the_program_does_not_have_stops_the_start_with_what_was_meant() {
    let toml = "[server]\nlisten = \"127.0.0.1:0\"\n[auth]\nbase_scopes = [\"desk.write\"]\n[[auth.issuers]]\nissuer = \
                \"https://as.example\"\n";
    for (added, says) in [
        (
            "[tools.add_nite]\ndisabled = true",
            "this server has no tool \"add_nite\"; did you mean \"add_note\"?",
        ),
        ("[tools.plan]\ndisabled = true", "this server has no tool \"plan\""),
        ("[prompts.plam]", "this server has no prompt \"plam\"; did you mean \"plan\"?"),
        ("[resources.\"note://1\"]", "this server has no resource \"note://1\""),
        ("[tools.ping]\nscopes = [\"desk.wirte\"]", "desk.wirte"),
        ("[tools.ping]\nroles = [\"staff\"]", "role \"staff\" has no [roles] entry"),
        ("[tools.ping]\npublic = true", "public"),
        (
            "[prompts.plan]\nconfirm = true",
            "prompt `plan` cannot be confirmed by a person: only tools are; leave confirm out: prompts.plan",
        ),
        ("[prompts.plan]\nconfirm = \"login\"", "prompt `plan` cannot be confirmed by a person"),
        (
            "[resources.\"note://{id}\"]\nconfirm = true",
            "resource `note://{id}` cannot be confirmed by a person: only tools are; leave confirm out: resources",
        ),
    ] {
        let config = Config::from_toml_str(&format!("{toml}{added}"));
        let said = match config {
            Ok(config) => {
                let started = Server::builder(Desk).config(config).start().await;
                format!("{:?}", started.expect_err("it does not start"))
            }
            Err(error) => error.to_string(),
        };
        assert!(said.replace('\\', "").contains(says), "{added}: {said}");
    }
}

#[tokio::test]
async fn a_confirmation_is_demanded_of_a_tool_and_what_is_not_one_may_say_that_it_has_none() {
    let server = started(
        "[tools.add_note]\nconfirm = true\n[prompts.plan]\nconfirm = false\n[resources.\"note://{id}\"]\nconfirm = false\n",
    )
    .await;
    let client = server.client().token(server.token("alice").scope("desk.write"));
    let client = client.person(|_| json!({ "action": "decline" }));
    let refused = client.call_tool("add_note", json!({})).await;
    assert_eq!(refused.text(), Some("the person did not confirm this call"), "{}", refused.body());
    assert!(client.get_prompt("plan", json!({})).await.is_success());
    assert!(client.read_resource("note://1").await.is_success());
}
