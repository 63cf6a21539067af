//! Scopes that the issuer knows with something in front of them.

use mcp_auth::serde_json;
use mcp_auth::testing::Era;
use serde_json::{Value, json};

use super::bench::Bench;
use crate::everything::{CONFIG, Everything};
use crate::launch::{self, Issuer, RESOURCE};
use crate::process::{refusal, text};

async fn scopes_supported(bench: &Bench) -> Vec<String> {
    let url = bench.server.at("/.well-known/oauth-protected-resource/mcp");
    let body = reqwest::get(url).await.unwrap().bytes().await.unwrap();
    let document: Value = serde_json::from_slice(&body).expect("JSON");
    serde_json::from_value(document["scopes_supported"].clone()).expect("names")
}

#[tokio::test]
async fn t73_a_scope_counts_with_its_prefix_alone_and_is_asked_for_with_it() {
    for (side, asks, bears) in [("both", true, true), ("requested", true, false), ("token", false, true)] {
        let bench = Bench::with(&format!("scope_prefix = \"api://n/\"\nscope_prefix_in = \"{side}\"")).await;
        let (good, bad) = if bears { ("api://n/read", "read") } else { ("read", "api://n/read") };
        bench.accepts(&bench.token(json!({ "scope": good })), side).await;
        bench.accepts(&bench.token(json!({ "scope": [good, "x"] })), side).await;
        let before = bench.everything.ran();
        for other in
            [bad, "api://n2/read", "xapi://n/read", "API://N/read", "api://n/", "api://n/api://n/read"]
        {
            let token = bench.token(json!({ "scope": other }));
            for era in Era::ALL {
                let answer =
                    bench.server.client().era(era).token(&token).call_tool("read_note", json!({})).await;
                assert_eq!(answer.status(), 403, "{side} {other} {era:?}: {}", answer.body());
                let asked = answer.challenge().expect("a challenge");
                assert_eq!(asked.scopes(), [if asks { "api://n/read" } else { "read" }], "{side} {other}");
                let data = &answer.error().expect("an error")["data"];
                assert_eq!(data["scope"], asked.scopes().join(" "), "the body says the same");
            }
        }
        assert_eq!(bench.everything.ran(), before);
        let nobody = bench.server.client().call_tool("read_note", json!({})).await;
        let asked = if asks { ["api://n/base", "api://n/read"] } else { ["base", "read"] };
        assert_eq!(nobody.status(), 401);
        assert_eq!(nobody.challenge().expect("a challenge").scopes(), asked);
        let supported = scopes_supported(&bench).await;
        assert!(
            !supported.is_empty() && supported.iter().all(|scope| scope.starts_with("api://n/") == asks),
            "{supported:?}"
        );
    }
}

#[tokio::test]
async fn t73_issuers_that_ask_differently_do_not_start_together() {
    let one = |name: &str, more: &str| {
        format!(
            "[[auth.issuers]]\nissuer = \"https://{name}.example\"\njwks_uri = \"https://{name}.example/k\"\n{more}\n"
        )
    };
    let start = async |toml: String| {
        let builder = Everything::default().builder(&toml);
        builder.start().await.map(drop).map_err(|error| error.to_string())
    };
    let (with, other) = ("scope_prefix = \"a/\"", "scope_prefix = \"b/\"");
    for toml in
        [one("a", with) + &one("b", other), one("a", with) + &one("b", ""), one("a", with) + "[issuer]"]
    {
        let said = start(toml.clone()).await.expect_err(&toml);
        assert!(said.contains("a challenge is for all of them"), "{said}");
    }
}

#[tokio::test]
async fn t73_over_stdio_a_denial_names_the_scope_with_its_prefix_and_a_token_that_has_it_is_let_in() {
    let issuer = Issuer::start().await;
    let trusted = format!(
        "[[auth.issuers]]\nissuer = {:?}\njwks_uri = \"{}/jwks\"\nscope_prefix = \"api://n/\"",
        issuer.name(),
        issuer.name()
    );
    for era in [Era::Stateless, Era::Legacy("2025-11-25")] {
        let opened = async |scopes: &str| {
            let launch = launch::toml(&format!("{CONFIG}\n{trusted}"))
                .variable("MCP_SERVER__PUBLIC_URL", RESOURCE)
                .variable("MCP_STDIO__CREDENTIAL", "env:NOTES_TOKEN")
                .variable("NOTES_TOKEN", &issuer.token("alice").scope(scopes).mint());
            let mut pipe = launch.stdio().era(era);
            pipe.open().await;
            pipe
        };
        let mut pipe = opened("api://n/write").await;
        assert_eq!(text(&pipe.call_tool("write_note", json!({ "text": "hello" })).await), "hello");
        assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note", "implied");
        for (scopes, held) in [("api://n/read", json!(["api://n/read"])), ("write api://n2/write", json!([]))]
        {
            let mut pipe = opened(scopes).await;
            let expected = json!({
                "error": "insufficient_scope", "required": ["api://n/write"], "held": held,
                "scope": if scopes.starts_with("api") { "api://n/read api://n/write" } else { "api://n/write" },
            });
            let denied = pipe.call_tool("write_note", json!({ "text": "x" })).await;
            assert_eq!(refusal(&denied), (403, expected), "{scopes} {era:?}");
        }
    }
}
