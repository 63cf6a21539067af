//! Kinds of credentials that are the program's own: what they open, and what they do not.

use std::time::Duration;

use mcp_auth::authn::{CredentialFacts, CredentialFuture, CredentialVerifier, RefusedCredential};
use mcp_auth::prelude::*;
use mcp_auth::serde_json::json;
use mcp_auth::testing::{Era, TestServer};

use crate::everything::Everything;

/// The sessions of a web application beside the server.
struct Sessions;

impl CredentialVerifier for Sessions {
    fn claims_it(&self, presented: &str) -> bool {
        presented.starts_with("sess_")
    }

    fn verify<'a>(&'a self, presented: &'a str) -> CredentialFuture<'a> {
        Box::pin(async move {
            match presented {
                "sess_of_alice" => Ok(CredentialFacts::new("alice").scopes("read").roles(["manager"])),
                "sess_of_the_newline" => Ok(CredentialFacts::new("a\nb").scopes("read")),
                "sess_later" => {
                    Err(RefusedCredential::Unavailable { retry_after: Some(Duration::from_secs(7)) })
                }
                _ => Err(RefusedCredential::Invalid),
            }
        })
    }
}

const NAMED: &str =
    "[auth]\nverifiers = [\"sessions\"]\n[roles.manager]\nimplies = [\"viewer\"]\n[roles.viewer]\n";

async fn server(toml: &str) -> mcp_auth::Result<TestServer> {
    let builder = Everything::default().builder(toml);
    builder.with(|server| server.verifier("sessions", Sessions)).start().await
}

#[tokio::test]
async fn a_credential_of_the_programs_own_meets_the_same_rules_and_challenges() {
    let server = server(NAMED).await.expect("a server");
    for era in Era::ALL {
        let call = async |token: &str, tool: &str| {
            server.client().era(era).token(token).call_tool(tool, json!({})).await
        };
        let who = call("sess_of_alice", "whoami").await;
        let who = who.text().expect("an answer");
        assert!(who.contains("manager viewer") && who.contains("urn:mcp-auth:verifier:sessions"), "{who}");
        assert!(call("sess_of_alice", "read_note").await.is_success());
        let denied = call("sess_of_alice", "export_notes").await;
        assert_eq!((denied.status(), denied.challenge().unwrap().error()), (403, Some("insufficient_scope")));
        for bad in ["sess_of_mallory", "sess_of_the_newline"] {
            let refused = call(bad, "read_note").await;
            assert_eq!(
                (refused.status(), refused.challenge().unwrap().error()),
                (401, Some("invalid_token")),
                "{bad}"
            );
        }
        let later = call("sess_later", "read_note").await;
        assert_eq!((later.status(), later.header("retry-after")), (503, Some("7")));
        // Tokens are verified beside it, and what nobody claims is nobody's.
        assert!(call(&String::from(server.token("alice").scope("read")), "read_note").await.is_success());
        assert_eq!(call("other_of_alice", "read_note").await.status(), 401);
    }
}

#[derive(Clone)]
struct Rows;

#[server]
impl Rows {
    /// The key of the caller's rows.
    #[tool(scope = "read")]
    async fn key(&self, caller: Caller) -> String {
        caller.id()
    }
}

#[tokio::test]
async fn a_subject_of_a_verifier_is_never_one_of_an_issuer() {
    let server = TestServer::builder(Rows).toml("auth.verifiers = [\"sessions\"]").expect("TOML");
    let server = server.with(|server| server.verifier("sessions", Sessions)).start().await.expect("a server");
    let key = async |token: String| {
        let answer = server.client().token(token).call_tool("key", json!({})).await;
        answer.text().expect("a key").to_owned()
    };
    let token = String::from(server.token("alice").scope("read"));
    assert_ne!(key("sess_of_alice".to_owned()).await, key(token).await);
}

#[tokio::test]
async fn names_of_verifiers_are_the_same_in_the_program_and_in_the_configuration_or_nothing_starts() {
    let unnamed = server("").await.unwrap_err().to_string();
    assert!(unnamed.contains("write verifiers = [\"sessions\"] in [auth]"), "{unnamed}");
    let other = server("[auth]\nverifiers = [\"sessions\", \"badges\"]").await.unwrap_err().to_string();
    assert!(other.contains("no verifier of the name \"badges\""), "{other}");
    let none = Everything::default().builder(NAMED).start().await.unwrap_err().to_string();
    assert!(none.contains("no verifier of the name \"sessions\""), "{none}");
    let twice = Everything::default().builder(NAMED);
    let twice = twice.with(|server| server.verifier("sessions", Sessions).verifier("sessions", Sessions));
    assert!(twice.start().await.unwrap_err().to_string().contains("two verifiers"));
}

#[tokio::test]
async fn t66_a_credential_of_the_programs_own_can_be_denied() {
    let denied = "[[auth.deny]]\nissuer = \"urn:mcp-auth:verifier:sessions\"\nsubject = \"alice\"\n";
    let server = server(&format!("{NAMED}{denied}")).await.expect("a server");
    let refused = server.client().token("sess_of_alice").call_tool("read_note", json!({})).await;
    assert_eq!(refused.status(), 401);
    let token = server.token("alice").scope("read");
    assert!(server.client().token(token).call_tool("read_note", json!({})).await.is_success());
}
