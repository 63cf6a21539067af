//! For a refused token, doctor says in one sentence which claim is wrong.

use super::site::Site;

#[tokio::test]
async fn t24_a_token_for_another_audience() {
    let site = Site::start(|_| ()).await;
    let report = site.doctor_with(site.token().audience("https://other.example/mcp"), &[]).await;
    report.names("token-audience", "fail", "wrong audience", "(RFC 8707)");
    let said = report.json["diagnosis"]["text"].as_str().unwrap();
    assert!(said.starts_with("the token is refused because of token-audience"), "{said}");
    assert!(
        report.step("authenticated")["seen"].as_str().unwrap().contains("[token]"),
        "the echo was scrubbed"
    );
}

#[tokio::test]
async fn t36_an_expired_token() {
    let site = Site::start(|_| ()).await;
    let report = site.doctor_with(site.token().expired(), &[]).await;
    report.names("token-lifetime", "fail", "expired: `exp`", "get a new token");
    let authenticated = report.step("authenticated")["seen"].as_str().unwrap();
    assert!(authenticated.starts_with("401 with the token"), "{authenticated}");
    assert!(authenticated.contains("expired"), "{authenticated}");
}

#[tokio::test]
async fn t28_a_token_of_another_issuer() {
    let site = Site::start(|_| ()).await;
    let report = site.doctor_with(site.token().issuer("https://other.example"), &[]).await;
    report.names("token-issuer", "fail", "wrong issuer", "get the token from");
}

#[tokio::test]
async fn k10_a_token_signed_before_a_rotation() {
    let site = Site::start(|_| ()).await;
    let report = site.doctor_with(site.token().header("kid", "yesterday"), &[]).await;
    report.names("token-key", "fail", "unknown key", "before a key rotation");
}

#[tokio::test]
async fn a_clock_ahead_explains_a_token_that_seems_expired() {
    let site = Site::start(|plan| plan.ahead = 630).await;
    let report = site.doctor_with(site.token(), &[]).await;
    report.names("clock", "fail", "the server's clock is 10m ", "NTP");
    assert_eq!(report.verdict("token-lifetime"), "fail");
}

#[tokio::test]
async fn a_server_that_is_wrong_about_its_own_name_explains_a_token_that_looks_right() {
    let site = Site::start(|plan| {
        plan.audience = plan.url.replace("127.0.0.1", "localhost");
        plan.metadata["resource"] = plan.audience.clone().into();
    })
    .await;
    let report = site.doctor_with(site.token(), &[]).await;
    report.names("resource", "fail", "localhost, 127.0.0.1 and [::1] are different", "server.public_url");
}

#[tokio::test]
async fn a_refusal_without_a_visible_reason_sends_to_the_log() {
    let site = Site::start(|plan| plan.audience = "api://notes".to_owned()).await;
    let report = site.doctor_with(site.token(), &[]).await;
    report.names("authenticated", "fail", "looks right from outside", "the server's log");
}

#[tokio::test]
async fn a16_a_server_that_accepts_a_token_for_another_server() {
    let site = Site::start(|plan| plan.audience = "https://other.example/mcp".to_owned()).await;
    let report = site.doctor_with(site.token().audience("https://other.example/mcp"), &[]).await;
    assert_eq!(report.verdict("token-audience"), "fail");
    let seen = report.step("authenticated")["seen"].as_str().unwrap();
    assert!(seen.contains("accepts a token it should refuse: wrong audience"), "{seen}");
    assert_eq!(report.code, Some(1));
}

#[tokio::test]
async fn an_opaque_token_is_said_to_be_opaque() {
    let site = Site::start(|_| ()).await;
    let report = site.doctor_with("an-opaque-token-of-somebody", &[]).await;
    assert!(report.step("token-format")["seen"].as_str().unwrap().contains("opaque"));
    assert_eq!(report.verdict("token-audience"), "skipped");
    report.names("authenticated", "fail", "401", "the server's log");
}

#[tokio::test]
async fn a15_a_tool_beyond_the_tokens_scopes_is_a_scope_challenge() {
    let site = Site::start(|_| ()).await;
    let report = site.doctor_with(site.token(), &["--tool", "write_note"]).await;
    report.is_healthy();
    assert!(report.step("tool")["seen"].as_str().unwrap().contains("403, and asks for \"notes.write\""));
    let report = site.doctor_with(site.token(), &["--tool", "list_notes"]).await;
    assert!(report.step("tool")["seen"].as_str().unwrap().contains("called, answered"));
}

#[tokio::test]
async fn a_403_of_a_tool_without_a_challenge_cannot_be_stepped_up() {
    let site = Site::start(|plan| plan.tool_challenge = None).await;
    let report = site.doctor_with(site.token(), &["--tool", "write_note"]).await;
    report.names_only(
        "tool",
        "fail",
        "403 without an insufficient_scope challenge",
        "error=\"insufficient_scope\"",
    );
}
