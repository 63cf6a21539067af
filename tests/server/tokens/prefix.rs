//! Scopes that the issuer knows with something in front of them.

use mcp_auth::serde_json;
use mcp_auth::testing::Era;
use serde_json::{Value, json};

use super::bench::Bench;
use crate::everything::Everything;

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
