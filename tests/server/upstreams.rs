//! `upstream = "…"`: a tool acts for the person who calls at the provider that they logged in at, and for nobody else.

use std::sync::Arc;

use mcp_auth::prelude::*;
use mcp_auth::serde_json::json;
use mcp_auth::testing::{
    Client, Era, NoUpstreamToken, TestServer, UpstreamToken, UpstreamTokenFuture, UpstreamTokens,
};
use mcp_auth_core::{ScopeSet, SecretText};

use crate::api_keys::made;
use crate::launch::Issuer;

struct Calendar;

#[server(scope = "calendar.read")]
impl Calendar {
    /// What would be sent to the provider.
    #[tool(upstream = "google")]
    async fn events(&self, google: Upstream) -> Result<String, ToolError> {
        let token = google.access_token().await?;
        Ok(format!("{} for {} with {}", token.expose(), google.name(), token.scopes()))
    }

    /// Nothing of any provider.
    #[tool]
    async fn today(&self) -> &'static str {
        "Monday"
    }
}

/// What Google gave: for Ann a token, for Bob none any more.
struct Given;

impl UpstreamTokens for Given {
    fn knows(&self, upstream: &str) -> bool {
        upstream == "google"
    }

    fn access_token<'a>(&'a self, upstream: &'a str, subject: &'a str) -> UpstreamTokenFuture<'a> {
        assert_eq!(upstream, "google");
        Box::pin(async move {
            match subject {
                "ann" => {
                    Ok(UpstreamToken::new(SecretText::new("ya29.anns"), ScopeSet::parse_lossy("calendar")))
                }
                "carol" => Err(NoUpstreamToken::Unavailable("connection refused".into())),
                _ => Err(NoUpstreamToken::LogIn),
            }
        })
    }
}

const GOOGLE: &str = "[issuer]\nlogin = \"google\"\n[upstreams.google]\nprovider = \"google\"\nclient_id = \"us\"\nallow = \"anyone\"\n";

async fn started(toml: &str) -> TestServer {
    let builder = TestServer::builder(Calendar).toml(toml).expect("toml").upstreams(Arc::new(Given));
    builder.start().await.expect("starts")
}

async fn said(client: Client) -> String {
    let answer = client.call_tool("events", json!({})).await;
    answer.text().unwrap_or_else(|| panic!("no text: {}", answer.body())).to_owned()
}

#[tokio::test]
async fn a_tool_gets_the_token_of_the_person_who_calls() {
    let server = started(GOOGLE).await;
    for era in Era::ALL {
        let of = |person: &str| server.client().era(era).token(server.token(person).scope("calendar.read"));
        assert_eq!(said(of("ann")).await, "ya29.anns for google with calendar", "{era:?}");
        let bob = said(of("bob")).await;
        assert!(bob.contains("log in to this server again") && !bob.contains("ya29"), "{bob}");
        let carol = said(of("carol")).await;
        assert!(carol.contains("cannot be reached now") && !carol.contains("refused"), "{carol}");
        let refused = server.client().era(era).token(server.token("ann").scope("other"));
        assert_eq!(refused.call_tool("events", json!({})).await.status(), 403);
    }
}

/// Their subject may be the name of a person here.
#[tokio::test]
async fn callers_who_logged_in_nowhere_here_are_refused_in_words() {
    let (made, other) = (made(), Issuer::start().await);
    let key = made.block("ann", "scopes = [\"calendar.read\"]");
    let server = started(&format!("auth.issuers = {}\n{GOOGLE}{key}", other.configured())).await;
    let theirs = other.token_for("ann", server.url()).scope("calendar.read").mint();
    let program = server.token("ann").scope("calendar.read").client("ann").mint();
    for era in Era::ALL {
        for credential in [made.text(), &theirs, &program] {
            let text = said(server.client().era(era).token(credential)).await;
            assert!(text.contains("is not a person who logged in to this server"), "{era:?}: {text}");
        }
    }
}

#[tokio::test]
async fn a_server_whose_tool_names_an_upstream_that_is_not_there_does_not_start() {
    let renamed = GOOGLE.replace("login = \"google\"", "login = \"gogle\"");
    let renamed = renamed.replace("[upstreams.google]", "[upstreams.gogle]");
    for (toml, why) in [
        (
            "[issuer]\n",
            "tool `events` acts for a person at the upstream \"google\", at which nobody can log in or connect an account here: add [upstreams.google]:",
        ),
        (&renamed, "did you mean \"gogle\"?"),
    ] {
        let builder = TestServer::builder(Calendar).toml(toml).expect("toml");
        let error =
            builder.upstreams(Arc::new(Given)).start().await.expect_err("it does not start").to_string();
        assert!(error.contains(why), "{error}");
    }
}
