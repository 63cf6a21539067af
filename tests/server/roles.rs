//! Roles: what a token claims is named in `mcp.toml`, over HTTP and stdio alike, and no other issuer's claim counts.

use jsonwebtoken::Algorithm;
use mcp_auth::Config;
use mcp_auth::serde_json;
use mcp_auth::testing::{Era, TestServer, Token};
use serde_json::{Value, json};

use crate::authorization_server::{AuthorizationServer, Key};
use crate::everything::{CONFIG, Everything};
use crate::launch::{self, Issuer};
use crate::process::Pipe;

const ROLES: &str = r#"
[roles.manager]
when = { claim = ["realm_access", "roles"], contains = "todo-managers" }
implies = ["viewer"]

[roles.support]
when = [{ claim = "department", equals = "support" }, { claim = "sub", equals = "robot" }]

[roles.viewer]
"#;

/// The roles that a tool is told the caller has.
async fn roles(server: &TestServer, token: impl Into<String>, era: Era) -> String {
    let answer = server.client().era(era).token(token).call_tool("whoami", json!({})).await;
    let who = answer.text().unwrap_or_else(|| panic!("{} {}", answer.status(), answer.body()));
    let who: Value = serde_json::from_str(who).expect("JSON");
    who["roles"].as_str().expect("roles").to_owned()
}

fn managers() -> Value {
    json!({ "roles": ["offline_access", "todo-managers"] })
}

#[tokio::test]
async fn a_claim_gives_the_role_that_the_configuration_says_and_no_other() {
    let server = Everything::default().start_with(ROLES).await;
    let alice = |change: fn(Token) -> Token| change(server.token("alice").scope("read"));
    for (token, expected) in [
        (alice(|token| token), ""),
        (alice(|token| token.claim("realm_access", managers())), "manager viewer"),
        (alice(|token| token.claim("department", "support")), "support"),
        (
            alice(|token| token.claim("department", "support").claim("realm_access", managers())),
            "manager support viewer",
        ),
        (server.token("robot"), "support"),
        // The name of a role in a token is not that role.
        (
            alice(|token| token.claim("roles", json!(["manager"])).scope("manager").claim("role", "manager")),
            "",
        ),
        (alice(|token| token.claim("realm_access", json!({ "roles": ["manager", "viewer"] }))), ""),
    ] {
        for era in Era::ALL {
            assert_eq!(roles(&server, token.clone(), era).await, expected, "{token:?}");
        }
    }
}

#[tokio::test]
async fn t61_a_claim_of_another_shape_gives_no_role_and_the_token_stays_valid() {
    let server = Everything::default().start_with(ROLES).await;
    for odd in [
        json!(null),
        json!("todo-managers"),
        json!(["todo-managers"]),
        json!({ "roles": "todo-managers" }),
        json!({ "roles": "x todo-managers" }),
        json!({ "roles": ["todo-managers", 5] }),
        json!({ "roles": [["todo-managers"]] }),
        json!({ "roles": { "todo-managers": false } }),
        json!({ "roles": { "x": "todo-managers" } }),
        json!({ "": { "roles": ["todo-managers"] } }),
        json!({ "roles": [] }),
        json!([[[[[[[[[["todo-managers"]]]]]]]]]]),
        json!(1e300),
    ] {
        let token = server.token("alice").claim("realm_access", odd.clone());
        assert_eq!(roles(&server, token, Era::Stateless).await, "", "{odd}");
    }
    let dotted = server.token("alice").claim("realm_access.roles", json!(["todo-managers"]));
    assert_eq!(roles(&server, dotted, Era::Stateless).await, "", "a name is never split");
    let keyed = json!({ "roles": { "todo-managers": { "1234": "acme.example" } } });
    let keyed = server.token("alice").claim("realm_access", keyed);
    assert_eq!(roles(&server, keyed, Era::Stateless).await, "manager viewer", "a key of an object");
}

#[tokio::test]
async fn t62_the_same_claim_from_another_issuer_gives_no_role() {
    let key = Key::new(Algorithm::ES256, "k");
    let ours = AuthorizationServer::with_keys(&[&key]).await;
    let theirs = AuthorizationServer::with_keys(&[&key]).await;
    let rule = format!(
        "[roles.manager]\nwhen = {{ issuer = {:?}, claim = \"groups\", contains = \"managers\" }}\n",
        ours.issuer()
    );
    let toml = [ours.toml(""), theirs.toml(""), rule].concat();
    let server = Everything::default().start_with(&toml).await;
    let token = |issuer: &AuthorizationServer| {
        key.token(&issuer.claims(server.url(), json!({ "groups": ["managers"] })))
    };
    assert_eq!(roles(&server, token(&ours), Era::Stateless).await, "manager");
    assert_eq!(roles(&server, token(&theirs), Era::Stateless).await, "");
    let throwaway = server.token("alice").claim("groups", json!(["managers"]));
    assert_eq!(roles(&server, throwaway, Era::Stateless).await, "");
}

#[tokio::test]
async fn t75_a_test_gives_a_role_by_its_name_and_no_other_issuer_can() {
    let key = Key::new(Algorithm::ES256, "k");
    let foreign = AuthorizationServer::with_keys(&[&key]).await;
    let roles_of = |name: &str| {
        format!(
            "[roles.manager]\nwhen = {{ issuer = {name:?}, claim = \"g\", contains = \"m\" }}\nimplies = [\"viewer\"]\n[roles.viewer]\n"
        )
    };
    let toml = [foreign.toml(""), roles_of(foreign.issuer())].concat();
    let server = Everything::default().start_with(&toml).await;
    for era in Era::ALL {
        assert_eq!(roles(&server, server.token("alice").role("manager"), era).await, "manager viewer");
        assert_eq!(roles(&server, server.token("alice").role("viewer").role("none"), era).await, "viewer");
        let claims = foreign.claims(server.url(), json!({ "urn:mcp-auth:roles": ["manager"] }));
        assert_eq!(roles(&server, key.token(&claims), era).await, "");
    }
}

#[tokio::test]
async fn a_stdio_credential_has_its_roles_as_over_http() {
    let issuer = Issuer::start().await;
    let alice = issuer.token("alice");
    for (token, expected) in [
        (alice.clone().claim("groups", json!(["todo-managers"])), "manager"),
        (alice.clone().claim("groups", "todo-managers"), ""),
        (alice, ""),
    ] {
        let launch = launch::trusting(&issuer)
            .variable("MCP_ROLES__manager__WHEN", "{ claim = \"groups\", contains = \"todo-managers\" }")
            .variable("MCP_STDIO__CREDENTIAL", "env:NOTES_TOKEN")
            .variable("NOTES_TOKEN", &token.mint());
        assert_eq!(roles_on_stdio(launch.stdio()).await, expected);
    }
}

#[tokio::test]
async fn the_local_caller_holds_no_roles() {
    let toml = format!(
        "{CONFIG}\n[stdio]\nlocal_scopes = [\"read\"]\n{ROLES}\n[roles.local]\nwhen = {{ claim = \"sub\", equals = \"local\" }}"
    );
    assert_eq!(roles_on_stdio(launch::toml(&toml).stdio()).await, "");
}

#[tokio::test]
async fn the_local_caller_holds_the_roles_and_claims_that_the_operator_names() {
    let local = |more: &str| format!("{CONFIG}\n[stdio]\n{more}\n{ROLES}");
    let manager = local("local_roles = [\"manager\"]\nlocal_scopes = [\"read\"]");
    assert_eq!(roles_on_stdio(launch::toml(&manager).stdio()).await, "manager viewer");
    // A role alone makes a caller of it.
    assert_eq!(roles_on_stdio(launch::toml(&local("local_roles = [\"viewer\"]")).stdio()).await, "viewer");
    let unknown = Config::from_toml_str(&format!(
        "server.transport = \"stdio\"\n{}\n[issuer]",
        local("local_roles = [\"manger\"]")
    ))
    .unwrap();
    let why = unknown.check_alone().unwrap_err().to_string();
    assert!(why.contains("manger") && why.contains("did you mean \"manager\"?"), "{why}");
}

async fn roles_on_stdio(mut pipe: Pipe) -> String {
    pipe.open().await;
    let answer = pipe.call_tool("whoami", json!({})).await;
    let roles = &answer["result"]["structuredContent"]["roles"];
    roles.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}
