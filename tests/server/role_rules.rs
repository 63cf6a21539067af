//! Rules that need a role, and rules with several groups of scopes: the same verdict on every revision.

use mcp_auth::prelude::*;
use mcp_auth::serde_json::json;
use mcp_auth::testing::{Answer, Era, TestServer, Token};
use mcp_auth::{Config, Handler as _, Server};

const ROLES: &str = r#"
[roles.manager]
when = { claim = "groups", contains = "managers" }
implies = ["clerk"]

[roles.clerk]
when = { claim = "groups", contains = "clerks" }

[roles.owner]
when = { claim = "sub", equals = "olga" }
"#;

#[derive(Clone)]
struct Expenses;

#[server(scope = "expenses.read")]
impl Expenses {
    /// Approves one.
    #[tool(scope = "expenses.approve", role = "manager")]
    async fn approve(&self) -> &'static str {
        "approved"
    }

    /// Counts them.
    #[tool(authenticated, any_role = ["clerk", "owner"])]
    async fn count(&self) -> &'static str {
        "counted"
    }

    /// Lists them, by the server's default.
    #[tool(role = "clerk")]
    async fn list(&self) -> &'static str {
        "listed"
    }

    /// Closes the books.
    #[tool(role = "owner", any_role = ["manager", "clerk"])]
    async fn close(&self) -> &'static str {
        "closed"
    }

    /// Exports them.
    #[tool(any_of = [["expenses.read", "expenses.export"], ["expenses.admin"]])]
    async fn export(&self) -> &'static str {
        "exported"
    }
}

async fn started(toml: &str) -> TestServer {
    let builder = TestServer::builder(Expenses).toml(ROLES).expect("roles");
    builder.toml(toml).expect("a configuration").start().await.expect("a server")
}

fn token(server: &TestServer, groups: &[&str], scopes: &str) -> Token {
    server.token("alice").claim("groups", json!(groups)).scope(scopes)
}

/// The scopes that a step-up would ask for.
fn asked(answer: &Answer) -> Option<String> {
    answer.challenge().and_then(|challenge| challenge.get("scope").map(str::to_owned))
}

#[tokio::test]
async fn who_holds_scope_and_role_may_call_and_a_missing_role_is_a_403_that_no_login_mends() {
    let server = started("").await;
    for era in Era::ALL {
        for (tool, groups, scopes, says) in [
            ("approve", &["managers"][..], "expenses.approve", Ok("approved")),
            ("approve", &["clerks"], "expenses.approve", Err("this needs the role manager")),
            // The role first: with the scope, it would still be missing.
            ("approve", &["clerks"], "", Err("this needs the role manager")),
            ("count", &["clerks"], "", Ok("counted")),
            ("count", &["managers"], "", Ok("counted")),
            ("count", &["Clerks"], "clerk owner", Err("this needs the role clerk or owner")),
            ("list", &["clerks"], "expenses.read", Ok("listed")),
            ("list", &[], "expenses.read", Err("this needs the role clerk")),
            ("close", &["managers"], "expenses.read", Err("this needs the role owner")),
        ] {
            let client = server.client().era(era).token(token(&server, groups, scopes));
            let answer = client.call_tool(tool, json!({})).await;
            match says {
                Ok(text) => assert_eq!(answer.text(), Some(text), "{tool} {era:?}: {}", answer.body()),
                Err(text) => {
                    assert_eq!(answer.status(), 403, "{tool} {era:?}: {}", answer.body());
                    assert!(
                        answer.header("www-authenticate").is_none(),
                        "{tool}: a client would log in again"
                    );
                    let error = answer.error().expect("an error");
                    assert_eq!(error["message"], text, "{tool} {era:?}");
                    assert!(!answer.body().contains("insufficient_scope"), "{}", answer.body());
                }
            }
        }
        // A missing scope alone is a challenge, as ever.
        let client = server.client().era(era).token(token(&server, &["managers"], ""));
        let answer = client.call_tool("approve", json!({})).await;
        assert_eq!((answer.status(), asked(&answer).as_deref()), (403, Some("expenses.approve")));
        let olga = server.token("olga").claim("groups", json!(["clerks"])).scope("expenses.read");
        let answer = server.client().era(era).token(olga).call_tool("close", json!({})).await;
        assert_eq!(answer.text(), Some("closed"), "{}", answer.body());
    }
}

#[tokio::test]
async fn one_whole_group_suffices_and_the_challenge_asks_for_the_least() {
    let server = started("").await;
    for era in Era::ALL {
        for (scopes, allowed) in [
            ("expenses.read expenses.export", true),
            ("expenses.admin", true),
            ("expenses.read", false),
            ("expenses.export", false),
            ("", false),
        ] {
            let client = server.client().era(era).token(token(&server, &[], scopes));
            let answer = client.call_tool("export", json!({})).await;
            assert_eq!(answer.text() == Some("exported"), allowed, "{scopes:?} {era:?}: {}", answer.body());
            if !allowed {
                let asked = asked(&answer).unwrap_or_default();
                assert_eq!(asked, "expenses.export expenses.read", "{scopes:?} {era:?}");
            }
        }
    }
    // Where one scope implies another, the implied one is not asked for beside it.
    let server = started("[scopes.\"expenses.export\"]\nimplies = [\"expenses.read\"]").await;
    let answer = server.client().token(token(&server, &[], "")).call_tool("export", json!({})).await;
    assert_eq!(asked(&answer).as_deref(), Some("expenses.export"));
}

#[tokio::test]
async fn with_granted_visibility_what_a_role_forbids_is_not_there() {
    let server = started("[auth]\nvisibility = \"granted\"").await;
    for era in Era::ALL {
        let client = |groups: &[&str]| {
            server.client().era(era).token(token(&server, groups, "expenses.approve expenses.read"))
        };
        let tools = |answer: &Answer| {
            let tools = answer.result().expect("a result")["tools"].as_array().cloned().unwrap_or_default();
            tools.iter().map(|tool| tool["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(tools(&client(&["managers"]).list_tools().await), ["approve", "count", "list"]);
        assert_eq!(tools(&client(&[]).list_tools().await), [""; 0]);
        let hidden = client(&[]).call_tool("approve", json!({})).await;
        let unknown = client(&[]).call_tool("nothing", json!({})).await;
        let shape = |answer: &Answer| (answer.status(), answer.error().map(|error| error["code"].clone()));
        assert_eq!(shape(&hidden), shape(&unknown));
        assert!(!hidden.body().contains("manager"), "{}", hidden.body());
    }
}

#[tokio::test]
async fn a_denied_tool_call_may_say_the_role_where_the_model_reads_it() {
    let server = started("[auth]\ndenial = \"tool-error\"").await;
    let answer =
        server.client().token(token(&server, &[], "expenses.approve")).call_tool("approve", json!({})).await;
    assert_eq!(answer.status(), 200);
    let result = answer.result().expect("a result");
    assert_eq!(result["isError"], true, "{result}");
    assert!(answer.body().contains("this needs the role manager"), "{result}");
}

#[tokio::test]
async fn without_a_token_the_401_asks_for_scopes_and_names_no_role() {
    let server = started("").await;
    for tool in ["approve", "count"] {
        let answer = server.client().without_token().call_tool(tool, json!({})).await;
        assert_eq!(answer.status(), 401);
        assert!(!answer.body().contains("role"), "{}", answer.body());
    }
}

#[tokio::test]
async fn a_rule_that_needs_a_role_nobody_configured_does_not_start() {
    let toml = "[server]\nlisten = \"127.0.0.1:0\"\n[auth]\nbase_scopes = [\"expenses.read\"]\n[[auth.issuers]]\nissuer = \
                \"https://as.example\"\n";
    let refused = |roles: &str| {
        let config = Config::from_toml_str(&format!("{toml}{roles}")).expect("a configuration");
        let server = Server::builder(Expenses).config(config);
        async { format!("{:?}", server.start().await.expect_err("it does not start")) }
    };
    let said = refused("").await;
    for role in ["manager", "clerk", "owner"] {
        assert!(said.contains(&format!("needs the role \"{role}\", which has no [roles] entry")), "{said}");
    }
    let near = ROLES.replace("[roles.manager]", "[roles.manger]");
    let said = refused(&near).await;
    assert!(said.contains("\"manager\"") && said.contains("manger") && !said.contains("\"owner\""), "{said}");
}

#[test]
fn the_table_shows_roles_and_groups() {
    let (registry, _) = Expenses::operations().build().expect("operations");
    let rules: Vec<String> = registry.iter().map(|(_, declared)| declared.rule.to_string()).collect();
    assert_eq!(
        rules,
        [
            "expenses.approve, role manager",
            "authenticated, role clerk or owner",
            "expenses.read, role clerk",
            "expenses.read, role owner, role manager or clerk",
            "(expenses.export and expenses.read) or expenses.admin",
        ]
    );
}
