//! Hostile servers, and invalid arguments.

use std::time::Instant;

use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::site::{Site, doctor};
use crate::process::mcp_auth;

#[tokio::test]
async fn l07_a_server_cannot_write_to_the_terminal() {
    let site = Site::start(|plan| {
        plan.metadata["resource"] = "\u{1b}[2J\u{202e}\r\nok  everything".into();
        plan.metadata["authorization_servers"] = json!(["\u{1b}]0;title\u{7}"]);
    })
    .await;
    let mut command = mcp_auth();
    command.args(["doctor", &site.url]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\\u{1b}[2J\\u{202e}\\r\\nok"), "{text}");
    assert!(text.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')), "{text:?}");
}

#[tokio::test]
async fn l06_a_body_without_end_is_cut() {
    let site = Site::start(|plan| plan.jwks = json!({ "keys": ["x".repeat(3 << 20)] })).await;
    let report = site.doctor().await;
    report.names("jwks", "fail", "cannot be read", "jwks_uri");
    assert!(report.text.len() < 20_000);
}

#[tokio::test]
async fn l06_a_server_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 64]).await;
            held.push(stream);
        }
    });
    let before = Instant::now();
    let report = doctor(&url, &["--timeout", "300ms"], None).await;
    report.names("reachability", "fail", "no answer within 300ms", "--timeout");
    assert!(before.elapsed().as_secs() < 10);
}

#[tokio::test]
async fn c19_l08_the_token_goes_to_the_url_alone_and_not_after_a_redirect() {
    // The other site's authorization server panics when it sees an Authorization header.
    let other = Site::start(|_| ()).await;
    let target = format!("{}/mcp", other.issuer.issuer());
    let site = Site::start(|plan| plan.redirect = Some(target)).await;
    let report = site.doctor_with(site.token(), &["--tool", "write_note"]).await;
    report.names("reachability", "fail", "307", "sends no token to another host");
    let report = site.doctor_with(site.token(), &[]).await;
    assert_eq!(report.verdict("authenticated"), "skipped");
}

#[tokio::test]
async fn k07_an_address_inside_a_network_that_a_server_names_is_not_asked() {
    // Nothing answers there; with the option each is tried, and without it none.
    for address in ["http://10.255.255.1", "http://169.254.169.254", "http://[fd00::1]", "http://0.0.0.0:9"] {
        let site = Site::start(|plan| {
            plan.metadata["authorization_servers"] = json!([address]);
            plan.challenge = Some(format!("Bearer resource_metadata=\"{address}/x\""));
        })
        .await;
        let before = Instant::now();
        let report = doctor(&site.url, &["--timeout", "20s"], None).await;
        assert!(before.elapsed().as_secs() < 10, "{address} was asked");
        for step in ["resource-metadata-challenge", "issuer-metadata"] {
            let seen = report.step(step)["seen"].as_str().unwrap();
            assert!(seen.contains("--private-addresses asks it"), "{address} {step}: {seen}");
        }
    }
    let site =
        Site::start(|plan| plan.metadata["authorization_servers"] = json!(["http://10.255.255.1"])).await;
    let report = doctor(&site.url, &["--timeout", "100ms", "--private-addresses"], None).await;
    let seen = report.step("issuer-metadata")["seen"].as_str().unwrap();
    assert!(!seen.contains("not asked"), "{seen}");
}

#[test]
fn what_cannot_be_run_exits_with_2_and_says_why() {
    for (arguments, said) in [
        (vec!["todos.example.com/mcp"], "expected an absolute URL"),
        (vec!["ftp://todos.example.com/mcp"], "http and https"),
        (vec!["https://a:hunter2@todos.example.com/mcp"], "user name or password"),
        (vec!["https://todos.example.com/mcp#x"], "fragment"),
        (vec!["http://127.0.0.1:1/mcp", "--timeout", "1h"], "100ms to 5m"),
        (vec!["http://127.0.0.1:1/mcp", "--token", "env:NOBODY_SETS_THIS"], "NOBODY_SETS_THIS"),
        (vec!["http://127.0.0.1:1/mcp", "--token", "file:/nowhere/token"], "/nowhere/token"),
        (vec!["http://127.0.0.1:1/mcp", "--token", "not a token"], "env:NAME or file:PATH"),
        (vec!["http://127.0.0.1:1/mcp", "--token", "env:SPACES"], "RFC 6750"),
        (vec!["http://todos.example/mcp", "--token", "env:SPACES"], "--plain-http"),
        (vec![], "<URL>"),
    ] {
        let output = mcp_auth().env("SPACES", "not a token").arg("doctor").args(&arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(said), "{arguments:?}: {errors}");
        assert!(!errors.contains("hunter2") && !errors.contains("not a token"), "{errors}");
    }
}

#[test]
fn the_help_says_that_a_tool_is_really_called() {
    let output = mcp_auth().args(["doctor", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("real call") && help.contains("never printed"), "{help}");
}
