//! `securitySchemes`: at the top of each tool and in its `_meta`, on every way out.

use std::collections::BTreeMap;

use jsonwebtoken::Algorithm;
use mcp_auth::prelude::*;
use mcp_auth::serde_json;
use mcp_auth::testing::{Era, TestServer};
use mcp_auth_core::ApiKey;
use mcp_auth_core::ambient::SystemRandom;
use mcp_auth_runtime::facade::ApiKeyDigest;
use mcp_auth_tests::open::{self, Open};
use serde_json::{Value, json};

use crate::authorization_server::{AuthorizationServer, Key};
use crate::everything::{CONFIG, Everything};
use crate::launch;
use crate::wire::{Wire, meta};

/// What a list says of each tool; both places say the same.
fn said(message: &Value) -> BTreeMap<String, Value> {
    let tools = message["result"]["tools"].as_array().unwrap_or_else(|| panic!("no list: {message}"));
    let each = tools.iter().map(|tool| {
        let schemes = tool.get("securitySchemes");
        assert_eq!(schemes, tool["_meta"].get("securitySchemes"), "{tool}");
        (tool["name"].as_str().expect("a name").to_owned(), schemes.cloned().unwrap_or_default())
    });
    each.collect()
}

fn oauth2(scopes: &[&str]) -> Value {
    json!([{ "type": "oauth2", "scopes": scopes }])
}

fn noauth() -> Value {
    json!([{ "type": "noauth" }])
}

/// Of every tool of [`Everything`].
fn of_everything() -> BTreeMap<String, Value> {
    let all = [
        ("ping", noauth()),
        ("who", noauth()),
        ("panics", noauth()),
        ("whoami", oauth2(&["base"])),
        ("request_parts", oauth2(&["base"])),
        ("works", oauth2(&["base"])),
        ("based", oauth2(&["base"])),
        ("read_note", oauth2(&["base", "read"])),
        ("write_note", oauth2(&["base", "write"])),
        ("export_notes", oauth2(&["base", "export", "read"])),
        // The least that suffices, as a challenge asks for: clients would ask for the scopes of every entry.
        ("audit_log", oauth2(&["audit", "base"])),
    ];
    all.into_iter().map(|(name, schemes)| (name.to_owned(), schemes)).collect()
}

#[tokio::test]
async fn each_tool_says_how_to_come_to_it_on_every_revision_directly_and_by_rmcp() {
    let server = Everything::default().start().await;
    let token = String::from(server.token("alice"));
    for era in Era::ALL {
        // In a session for revisions that have them, where the answer is an event stream.
        let listed = server.client().era(era).token(&token).list_tools().await;
        assert_eq!(said(listed.message()), of_everything(), "{era:?}");
        let client = server.client().era(era).token(&token);
        let listed = client.request_without_session("tools/list", json!({})).await;
        assert_eq!(said(listed.message()), of_everything(), "{era:?}");
    }
    let wire = Wire::of(&server);
    for accept in ["application/json, text/event-stream", "application/json, text/event-stream;q=0.9"] {
        let lines = format!(
            "Host: {}\r\nContent-Type: application/json\r\nAccept: {accept}\r\nMCP-Protocol-Version: 2026-07-28\r\n\
             Mcp-Method: tools/list\r\nAuthorization: Bearer {token}\r\n",
            wire.host()
        );
        let params = json!({ "_meta": meta() });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params }).to_string();
        assert_eq!(said(&wire.post("/mcp", &lines, body).await.json()), of_everything(), "{accept}");
    }
}

#[tokio::test]
async fn what_lists_hide_no_scheme_speaks_of() {
    let everything = Everything::default();
    let anonymous = "[auth]\nconnect = \"anonymous\"\n";
    for (toml, scope, shown) in [
        (format!("{anonymous}visibility = \"granted\""), Some("read"), vec!["read_note"]),
        (format!("{anonymous}visibility = \"granted\""), None, vec![]),
        (anonymous.to_owned(), None, vec![]),
    ] {
        let server = everything.start_with(&toml).await;
        for era in Era::ALL {
            let client = server.client().era(era);
            let client = match scope {
                Some(scope) => client.token(server.token("alice").scope(scope)),
                None => client,
            };
            let listed = client.list_tools().await;
            let said = said(listed.message());
            let open = ["ping", "who", "panics"];
            let known = ["whoami", "request_parts", "works"];
            let known = known.into_iter().filter(|_| scope.is_some());
            let expected: BTreeMap<_, _> = (open.into_iter().chain(known).chain(shown.iter().copied()))
                .map(|name| (name.to_owned(), of_everything()[name].clone()))
                .collect();
            assert_eq!(said, expected, "{era:?} {toml}");
            for hidden in ["export", "audit", "admin", "write"] {
                assert!(
                    !listed.body().contains(&format!("\"{hidden}\"")),
                    "{era:?} {hidden} {}",
                    listed.body()
                );
            }
        }
    }
}

#[tokio::test]
async fn where_nobody_logs_in_no_login_is_spoken_of() {
    let server = TestServer::builder(Open).toml(open::CONFIG).expect("a configuration");
    let server = server.start().await.expect("a server");
    for era in Era::ALL {
        let said = said(server.client().era(era).list_tools().await.message());
        assert_eq!(said, [("ping".to_owned(), noauth()), ("who".to_owned(), noauth())].into(), "{era:?}");
    }

    // API keys are given, not asked for.
    let key = ApiKey::make(&SystemRandom);
    let digest = ApiKeyDigest::of(&key).to_string();
    let toml =
        format!("{CONFIG}\n[[auth.api_keys]]\nname = \"ci\"\ndigest = {digest:?}\nscopes = [\"read\"]\n");
    let server = launch::toml(&toml).variable("MCP_SERVER__LISTEN", "127.0.0.1:0").http().await;
    let said = said(server.client().token(key.expose()).list_tools().await.message());
    assert_eq!((&said["ping"], &said["read_note"], &said["whoami"]), (&noauth(), &Value::Null, &Value::Null));
}

#[tokio::test]
async fn scopes_are_named_where_a_login_brings_them_and_as_the_issuer_calls_them() {
    let key = Key::new(Algorithm::ES256, "k");
    for (of_issuer, write, mine) in [
        (
            "scope_prefix = \"api://n/\"",
            oauth2(&["api://n/base", "api://n/write"]),
            oauth2(&["api://n/base"]),
        ),
        ("scopes_from = \"roles\"", oauth2(&["base"]), oauth2(&["base"])),
    ] {
        let issuer = AuthorizationServer::with_keys(&[&key]).await;
        let server = Everything::default().start_with(&issuer.toml(of_issuer)).await;
        let token = key.token(&issuer.claims(server.url(), json!({})));
        let said = said(server.client().token(token).list_tools().await.message());
        assert_eq!((&said["write_note"], &said["whoami"]), (&write, &mine), "{of_issuer}");
    }
}

struct Guarded;

#[server]
impl Guarded {
    fn may_look(&self, caller: Option<Caller>) -> Decision {
        match caller {
            Some(_) => Decision::Allow,
            None => Decision::need("more"),
        }
    }

    /// Anyone, or a caller who logged in: the guard says.
    #[tool(public, guard = may_look)]
    fn look(&self) -> &'static str {
        "looked"
    }

    #[tool(scope = "more", guard = may_look)]
    fn more(&self) -> &'static str {
        "more"
    }
}

#[tokio::test]
async fn a_public_tool_whose_guard_may_want_a_login_says_both() {
    let base = "[auth]\nbase_scopes = [\"base\"]\n[scopes.base]\nimplies = [\"more\"]\n";
    let server = TestServer::builder(Guarded).toml(base).expect("a configuration");
    let server = server.start().await.expect("a server");
    for era in Era::ALL {
        let said = said(server.client().era(era).token(server.token("ann")).list_tools().await.message());
        let both = json!([{ "type": "noauth" }, { "type": "oauth2", "scopes": ["base"] }]);
        assert_eq!((&said["look"], &said["more"]), (&both, &oauth2(&["base", "more"])), "{era:?}");
    }
}

#[tokio::test]
async fn over_stdio_there_is_no_login_to_speak_of() {
    for era in [Era::Stateless, Era::Legacy("2025-11-25")] {
        let launch = launch::toml(CONFIG).variable("MCP_STDIO__LOCAL_SCOPES", "[\"write\"]");
        let mut pipe = launch.stdio().era(era);
        pipe.open().await;
        let listed = pipe.request("tools/list", json!({})).await;
        let said = said(&listed);
        assert!(said.len() > 5 && said.values().all(Value::is_null), "{era:?} {listed}");
    }
}
