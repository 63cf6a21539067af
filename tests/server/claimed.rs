//! Claims that a method takes as a type of its own (`Claims<T>`): that they fit is part of the rule of its operation.

use mcp_auth::prelude::*;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{Answer, Client, Era, TestServer};
use mcp_auth::{Rule, Tools};

#[derive(Clone)]
struct Desk;

#[derive(serde::Deserialize)]
struct Tenant {
    tenant: String,
}

/// Who asks as a guard is asked.
#[derive(serde::Deserialize)]
struct Floor {
    floor: u8,
}

#[server]
impl Desk {
    /// Adds a note.
    #[tool(scope = "desk.write")]
    async fn add_note(&self, Claims(Tenant { tenant }): Claims<Tenant>) -> String {
        format!("added at {tenant}")
    }

    /// Opens a door.
    #[tool(scope = "desk.write", guard = is_on_floor)]
    async fn open_door(&self) -> &'static str {
        "opened"
    }

    async fn is_on_floor(&self, Claims(Floor { floor }): Claims<Floor>) -> Decision {
        if floor == 3 { Decision::Allow } else { Decision::deny("another floor") }
    }

    /// Whose house it is.
    #[tool(public)]
    async fn house(&self, claims: Option<Claims<Tenant>>) -> String {
        claims.map_or_else(|| "anyone's".to_owned(), |Claims(Tenant { tenant })| tenant)
    }

    /// Plans the day.
    #[prompt(scope = "desk.write")]
    async fn plan(&self, Claims(Tenant { tenant }): Claims<Tenant>) -> String {
        tenant
    }

    /// Reports.
    #[method("acme/report", scope = "desk.write")]
    async fn report(&self, Claims(Tenant { tenant }): Claims<Tenant>) -> Json<Value> {
        Json(json!({ "of": tenant }))
    }

    /// One note.
    #[resource(uri = "note://{id}", scope = "desk.write")]
    async fn note(&self, id: u64, Claims(Tenant { tenant }): Claims<Tenant>) -> String {
        format!("note {id} of {tenant}")
    }
}

/// The server, with a tool that is added besides.
async fn started(toml: &str) -> TestServer {
    let tools = Tools::new();
    let tool = mcp_auth::model::Tool::new("added", "One more.", JsonObject::new());
    let rule = Rule::all_of(["desk.write"]).unwrap();
    tools
        .add(
            rule,
            tool,
            |_, Claims(Tenant { tenant }): Claims<Tenant>| async move { format!("for {tenant}") },
        )
        .unwrap();
    let builder = TestServer::builder(Desk).with(|server| server.tools(tools.clone()));
    builder.toml(toml).expect("a configuration").start().await.expect("a server")
}

/// What is asked, and what a caller is told whose claims do not fit.
const CALLS: [(&str, &str); 6] = [
    ("add_note", "the token lacks the claim `tenant`, which this operation needs"),
    ("added", "the token lacks the claim `tenant`, which this operation needs"),
    ("open_door", "the token lacks the claim `floor`, which this operation needs"),
    ("prompt plan", "the token lacks the claim `tenant`, which this operation needs"),
    ("acme/report", "the token lacks the claim `tenant`, which this operation needs"),
    ("note://1", "the token lacks the claim `tenant`, which this operation needs"),
];

async fn ask(client: &Client, what: &str) -> Answer {
    match what.strip_prefix("prompt ") {
        Some(prompt) => client.get_prompt(prompt, json!({})).await,
        None if what.contains("://") => client.read_resource(what).await,
        None if what.contains('/') => client.request(what, json!({})).await,
        None => client.call_tool(what, json!({})).await,
    }
}

#[tokio::test]
async fn j51_claims_that_do_not_fit_are_403_before_any_scope_and_no_challenge_asks_for_one() {
    let server = started("auth.connect = \"anonymous\"").await;
    for era in Era::ALL {
        for (what, words) in CALLS {
            let client = |scopes: &str, claims: Value| {
                let mut token = server.token("alice").scope(scopes);
                for (name, value) in claims.as_object().unwrap() {
                    token = token.claim(name, value.clone());
                }
                server.client().era(era).token(token)
            };
            // No login mends it, so none is asked for: not where the scope is missing too.
            for scopes in ["desk.write", ""] {
                let refused = ask(&client(scopes, json!({})), what).await;
                assert_eq!(refused.status(), 403, "{what} {era:?}: {}", refused.body());
                assert!(refused.body().contains(words), "{what}: {}", refused.body());
                let challenge = refused.challenge();
                let named = challenge.as_ref().map(|said| (said.get("scope"), said.get("error")));
                assert!(named.is_none_or(|said| said == (None, None)), "{what} {scopes}: {named:?}");
            }
            let fits = json!({ "tenant": "acme", "floor": 3 });
            let stepped = ask(&client("", fits.clone()), what).await.challenge().expect("a challenge");
            assert_eq!(
                (stepped.error(), stepped.scopes()),
                (Some("insufficient_scope"), vec!["desk.write"]),
                "{what}"
            );
            assert!(ask(&client("desk.write", fits), what).await.is_success(), "{what} {era:?}");
            let odd = json!({ "tenant": 5, "floor": "secret" });
            let refused = ask(&client("desk.write", odd), what).await;
            assert_eq!(refused.status(), 403, "{what}: {}", refused.body());
            assert!(
                !refused.body().contains("secret")
                    && refused.body().contains("is not what this operation needs")
            );
            assert_eq!(ask(&server.client().era(era), what).await.status(), 401, "{what}");
        }
        // Who comes without a credential has no claims.
        let house =
            |token| async { server.client().era(era).token(token).call_tool("house", json!({})).await };
        assert_eq!(server.client().era(era).call_tool("house", json!({})).await.text(), Some("anyone's"));
        assert_eq!(house(server.token("alice").claim("tenant", "acme")).await.text(), Some("acme"));
        assert_eq!(house(server.token("alice")).await.status(), 403);
    }
}

#[tokio::test]
async fn what_is_shown_to_those_who_may_use_it_is_not_shown_to_callers_whose_claims_do_not_fit() {
    let server = started("auth.visibility = \"granted\"").await;
    for era in Era::ALL {
        let listed = |token| async {
            let answer = server.client().era(era).token(token).list_tools().await;
            let tools = answer.result().expect("a result")["tools"].as_array().cloned().unwrap_or_default();
            tools.iter().map(|tool| tool["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let writer = || server.token("alice").scope("desk.write");
        assert_eq!(listed(writer()).await, [] as [&str; 0], "{era:?}");
        assert_eq!(listed(writer().claim("tenant", "acme")).await, ["add_note", "house", "added"], "{era:?}");
        let refused = server.client().era(era).token(writer()).call_tool("add_note", json!({})).await;
        assert!(refused.body().contains("unknown tool"), "{}", refused.body());
    }
}

#[tokio::test]
async fn a_list_that_depends_on_claims_is_for_its_caller_alone() {
    #[derive(Clone)]
    struct House;

    #[server]
    impl House {
        /// Whose house it is.
        #[tool(public)]
        async fn house(&self, claims: Option<Claims<Tenant>>) -> String {
            claims.map_or_else(|| "anyone's".to_owned(), |Claims(Tenant { tenant })| tenant)
        }
    }

    for (visibility, scope) in [("granted", "private"), ("all", "public")] {
        let toml = format!("auth.visibility = {visibility:?}");
        let server =
            TestServer::builder(House).toml(&toml).expect("a configuration").start().await.expect("a server");
        let listed = server.client().era(Era::Stateless).token(server.token("alice")).list_tools().await;
        let result = listed.result().expect("a result");
        assert_eq!(result["cacheScope"], scope, "{visibility}: {result}");
        assert_eq!(result["tools"].as_array().map(Vec::len), Some(usize::from(visibility == "all")));
    }
}
