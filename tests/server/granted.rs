//! Scopes that roles give, where the issuer knows none of this server's: to whom, beside what a token says, and what is said to
//! those who lack some.

use jsonwebtoken::Algorithm;
use mcp_auth::serde_json;
use mcp_auth::testing::{Era, TestServer};
use serde_json::{Value, json};

use crate::authorization_server::{AuthorizationServer, Key};
use crate::everything::Everything;
use crate::wire::Wire;

const ROLES: &str = r#"
[roles.writer]
when = { claim = "groups", contains = "writers" }
implies = ["reader"]
grants = ["write"]

[roles.reader]
when = { claim = "groups", contains = "readers" }
grants = ["read"]
"#;

/// A server whose only configured issuer gives scopes by roles, with a way to make its tokens.
struct Bench {
    server: TestServer,
    issuer: AuthorizationServer,
    key: Key,
}

impl Bench {
    async fn start(of_issuer: &str, more: &str) -> Self {
        let key = Key::new(Algorithm::ES256, "k");
        let issuer = AuthorizationServer::with_keys(&[&key]).await;
        let toml = [issuer.toml(of_issuer), ROLES.to_owned(), more.to_owned()].concat();
        let server = Everything::default().start_with(&toml).await;
        Self { server, issuer, key }
    }

    fn token(&self, changes: Value) -> String {
        self.key.token(&self.issuer.claims(self.server.url(), changes))
    }

    /// What the caller holds, as a tool is told.
    async fn held(&self, changes: Value, era: Era) -> String {
        let client = self.server.client().era(era).token(self.token(changes));
        let answer = client.call_tool("whoami", json!({})).await;
        let who = answer.text().unwrap_or_else(|| panic!("{} {}", answer.status(), answer.body()));
        let who: Value = serde_json::from_str(who).expect("JSON");
        who["scopes"].as_str().expect("scopes").to_owned()
    }
}

#[tokio::test]
async fn a_role_gives_its_scopes_and_those_of_the_roles_that_it_implies() {
    let bench = Bench::start("scopes_from = \"roles\"", "").await;
    for era in Era::ALL {
        for (groups, held) in
            [(json!(["writers"]), "read write"), (json!(["readers"]), "read"), (json!([]), "")]
        {
            let none = bench.held(json!({ "groups": groups, "scope": null }), era).await;
            assert_eq!(none, held, "{groups}");
            // What the client was allowed to know of the person is not what it may do.
            let openid = bench.held(json!({ "groups": groups, "scope": "openid email" }), era).await;
            assert_eq!(openid, format!("email openid {held}").trim(), "{groups}");
        }
    }
}

#[tokio::test]
async fn t74_a_token_that_says_scopes_of_its_own_gets_none_by_its_bearers_roles() {
    let bench = Bench::start("scopes_from = \"roles\"", "").await;
    for (scope, held) in [
        (json!("read"), "read"),
        (json!("openid read"), "openid read"),
        (json!("other.api"), "other.api"),
        (json!(["read"]), "read"),
        // A claim that cannot be read may have meant anything.
        (json!(5), ""),
        (json!({ "write": true }), ""),
        (json!([5]), ""),
    ] {
        let changes = json!({ "groups": ["writers"], "scope": scope });
        assert_eq!(bench.held(changes, Era::Stateless).await, held, "{scope}");
    }
}

#[tokio::test]
async fn scopes_in_any_claim_that_may_hold_them_are_scopes_of_its_own() {
    let bench = Bench::start("scopes_from = \"roles\"\nscope_claims = [\"scp\", \"perms\"]", "").await;
    for (claims, held) in [
        (json!({ "scp": null, "perms": null, "scope": null }), "read write"),
        (json!({ "scp": "", "scope": "read" }), ""),
        (json!({ "scp": [], "perms": ["read"], "scope": null }), ""),
        (json!({ "scp": "read", "scope": null }), "read"),
        (json!({ "scp": "openid", "scope": "email" }), "openid read write"),
    ] {
        let mut changes = claims.clone();
        changes["groups"] = json!(["writers"]);
        assert_eq!(bench.held(changes, Era::Stateless).await, held, "{claims}");
    }
}

#[tokio::test]
async fn without_scopes_from_roles_a_role_gives_no_scope() {
    let bench = Bench::start("", "").await;
    for scope in [json!(null), json!("openid"), json!("read")] {
        let held = bench.held(json!({ "groups": ["writers"], "scope": scope }), Era::Stateless).await;
        assert_eq!(held, scope.as_str().unwrap_or_default(), "{scope}");
    }
}

#[tokio::test]
async fn who_lacks_a_scope_that_no_login_brings_is_answered_403_with_none_to_ask_for() {
    let bench = Bench::start("scopes_from = \"roles\"", "").await;
    for era in Era::ALL {
        for changes in [
            json!({ "groups": ["readers"], "scope": null }),
            json!({ "groups": ["writers"], "scope": "read" }),
        ] {
            let client = bench.server.client().era(era).token(bench.token(changes));
            let refused = client.call_tool("write_note", json!({ "text": "x" })).await;
            let challenge = refused.challenge().expect("a challenge");
            assert_eq!(
                (refused.status(), challenge.error(), challenge.get("scope")),
                (403, Some("insufficient_scope"), None)
            );
            let error = refused.error().expect("an error");
            assert_eq!(error["message"], "this needs the scope write, which no login brings");
            let data = &error["data"];
            assert_eq!((&data["required"], &data["held"]), (&json!(["write"]), &json!(["read"])));
            assert_eq!(data["scope"], Value::Null);
        }
        let client = bench.server.client().era(era);
        let writer = client.token(bench.token(json!({ "groups": ["writers"], "scope": null })));
        assert_eq!(writer.call_tool("write_note", json!({ "text": "x" })).await.status(), 200);
    }
}

#[tokio::test]
async fn clients_are_asked_for_the_base_scopes_alone_where_no_issuer_knows_the_others() {
    for (of_issuer, more, asked, supported) in [
        ("scopes_from = \"roles\"", "", "base", json!(["base"])),
        ("", "", "base write", json!(["admin", "audit", "base", "export", "read", "write"])),
        ("", "[auth]\nadvertise = \"base\"\n", "base write", json!(["base"])),
    ] {
        let bench = Bench::start(of_issuer, more).await;
        let refused = bench.server.client().call_tool("write_note", json!({ "text": "x" })).await;
        let challenge = refused.challenge().expect("a challenge");
        assert_eq!((refused.status(), challenge.get("scope")), (401, Some(asked)));
        let wire = Wire::of(&bench.server);
        let head = format!(
            "GET /.well-known/oauth-protected-resource HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            wire.host()
        );
        assert_eq!(wire.raw(head).await.json()["scopes_supported"], supported, "{of_issuer}{more}");
    }
}
