//! Correct servers pass every check: the test site without mistakes, and servers of mcp-auth itself.

use mcp_auth::ambient::SystemRandom;
use mcp_auth::prelude::*;
use mcp_auth::testing::TestIssuer;
use mcp_auth::{Config, Server};
use mcp_auth_core::ApiKey;
use mcp_auth_runtime::facade::ApiKeyDigest;
use serde_json::json;

use super::site::{Site, doctor};
use crate::process::{mcp_auth, stdout};

#[derive(Clone)]
struct Notes;

/// Notes.
#[server(name = "notes")]
impl Notes {
    /// The caller's notes.
    #[tool(scope = "notes.read", read_only)]
    fn list_notes(&self) -> &'static str {
        "none"
    }

    /// Writes a note.
    #[tool(scope = "notes.write")]
    fn write_note(&self) -> &'static str {
        "written"
    }
}

#[tokio::test]
async fn the_unbroken_site_is_healthy() {
    let site = Site::start(|_| ()).await;
    site.doctor().await.is_healthy();
    let report = site.doctor_with(site.token(), &[]).await;
    report.is_healthy();
    assert_eq!(report.json["diagnosis"]["text"], "nothing is wrong: the token is accepted");
    assert_eq!(report.json["url"], site.url);
}

#[tokio::test]
async fn mcp_auth_with_its_own_issuer_is_healthy() {
    let state = tempfile::tempdir().unwrap();
    for connect in ["authenticated", "anonymous"] {
        let config = format!(
            r#"
            [server]
            listen = "127.0.0.1:0"
            [auth]
            connect = "{connect}"
            base_scopes = ["notes.read"]
            [issuer]
            state_dir = {:?}
            "#,
            state.path()
        );
        let server = Server::builder(Notes).config(Config::from_toml_str(&config).unwrap());
        let running = server.start().await.unwrap();
        let report = doctor(running.resource(), &[], None).await;
        report.is_healthy();
        assert!(report.step("challenge")["seen"].as_str().unwrap().contains("notes.read"), "{connect}");
        running.stop().await;
    }
}

#[tokio::test]
async fn mcp_auth_with_an_issuer_elsewhere_and_a_token_is_healthy() {
    let site = Site::start(|_| ()).await; // for its authorization server
    let issuer: &TestIssuer = &site.issuer;
    let config = format!(
        r#"
        [server]
        listen = "127.0.0.1:0"
        [auth]
        base_scopes = ["notes.read"]
        [[auth.issuers]]
        issuer = "{}"
        "#,
        issuer.issuer()
    );
    let running =
        Server::builder(Notes).config(Config::from_toml_str(&config).unwrap()).start().await.unwrap();
    let token = issuer.token("alice", running.resource()).scope("notes.read");
    let report = doctor(running.resource(), &["--tool", "write_note"], Some(token.mint())).await;
    report.is_healthy();
    assert!(
        report.step("tool")["seen"].as_str().unwrap().contains("asks for \"notes.read\", \"notes.write\"")
    );
    let report = doctor(running.resource(), &[], Some(token.audience("https://other.example/").mint())).await;
    report.names("token-audience", "fail", "wrong audience", "RFC 8707");
    running.stop().await;
}

#[tokio::test]
async fn a_server_that_accepts_api_keys_alone_is_right_and_said_to_offer_no_login() {
    let key = ApiKey::make(&SystemRandom);
    let config = format!(
        r#"
        [server]
        listen = "127.0.0.1:0"
        [[auth.api_keys]]
        name = "ci"
        digest = "{}"
        scopes = ["notes.read"]
        "#,
        ApiKeyDigest::of(&key)
    );
    let running =
        Server::builder(Notes).config(Config::from_toml_str(&config).unwrap()).start().await.unwrap();
    let asked = doctor(running.resource(), &[], None).await;
    asked.names_only("challenge", "warn", "no login is offered", "nothing, if API keys are all");
    for skipped in ["resource-metadata-path", "authorization-servers", "jwks"] {
        assert_eq!(asked.verdict(skipped), "skipped", "{}", asked.text);
    }

    let report = doctor(running.resource(), &["--tool", "list_notes"], Some(key.expose().to_owned())).await;
    assert!(report.with_verdict("fail").is_empty(), "{}", report.text);
    assert_eq!(report.step("token-format")["seen"], "an API key of mcp-auth");
    assert_eq!((report.verdict("authenticated"), report.verdict("tool")), ("ok", "ok"), "{}", report.text);

    let mut changed = key.expose().to_owned();
    let last = changed.pop().expect("a key");
    changed.push(if last == 'a' { 'b' } else { 'a' });
    let report = doctor(running.resource(), &[], Some(changed)).await;
    report.names("token-format", "fail", "is not whole: the checksum", "copy the key again");
    let other = ApiKey::make(&SystemRandom).expose().to_owned();
    let report = doctor(running.resource(), &[], Some(other)).await;
    report.names("authenticated", "fail", "the API key is not accepted", "[[auth.api_keys]] digest");
    running.stop().await;
}

#[tokio::test]
async fn a_server_without_any_login_is_a_warning_and_has_no_metadata_to_miss() {
    let site = Site::start(|plan| (plan.refusal, plan.metadata_at_path) = (200, false)).await;
    let report = site.doctor().await;
    report.names_only(
        "unauthenticated",
        "warn",
        "the server does not ask for a login",
        "everyone who reaches this URL",
    );
    assert_eq!(report.verdict("resource-metadata-path"), "skipped");
    assert_eq!(report.verdict("jwks"), "skipped");
}

#[tokio::test]
async fn each_of_several_authorization_servers_is_looked_at_and_named() {
    let other =
        Site::start(|plan| plan.issuer_metadata["code_challenge_methods_supported"] = json!([])).await;
    let second = other.issuer.issuer().to_owned();
    let site =
        Site::start(|plan| plan.metadata["authorization_servers"] = json!([plan.issuer, second])).await;
    let report = site.doctor().await;
    let failed = report.with_verdict("fail");
    assert_eq!(failed.len(), 1, "{}", report.text);
    assert_eq!((&failed[0]["step"], &failed[0]["about"]), (&json!("pkce"), &json!(format!("\"{second}\""))));
    assert_eq!(report.json["diagnosis"]["step"], "pkce");
}

#[tokio::test]
async fn people_get_columns_a_fix_and_the_cause_last() {
    let site = Site::start(|plan| plan.metadata["resource"] = format!("{}/", plan.url).into()).await;
    let mut command = mcp_auth();
    command.args(["doctor", &site.url]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(!text.contains('\u{1b}'), "no colours without a terminal");
    assert!(text.contains("\nok       pkce "), "{text}");
    assert!(text.contains("\nfail     resource "), "{text}");
    assert!(
        text.contains("\n                                      fix: set mcp-auth's server.public_url"),
        "{text}"
    );
    assert!(text.contains("\nskipped  tool: no --tool was given\n"), "{text}");
    let last = text.rsplit("\n\n").next().unwrap();
    assert!(last.starts_with("diagnosis: resource: "), "{last}");
}
