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
async fn an_issuer_that_the_server_trusts_by_another_name_than_it_publishes_is_not_wrong() {
    let v1 = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/";
    let site = Site::start(|plan| plan.issuer = v1.to_owned()).await;
    let report = site.doctor_with(site.token().issuer(v1), &[]).await;
    report.is_healthy();
    let seen = report.step("token-issuer")["seen"].as_str().unwrap();
    assert!(
        seen.contains("Microsoft Entra ID, version 1") && seen.contains("name the issuer differently"),
        "{seen}"
    );
    // Its refused twin: the same token where the server does not trust it.
    let site = Site::start(|_| ()).await;
    let report = site.doctor_with(site.token().issuer(v1), &[]).await;
    report.names("token-issuer", "fail", "wrong issuer", "get the token from");
}

#[tokio::test]
async fn a_token_that_is_refused_for_a_later_reason_does_not_lead_to_its_issuer() {
    let site = Site::start(|plan| {
        plan.issuer = "https://other.example".to_owned();
        plan.audience = "api://notes".to_owned();
        plan.says = Some("the token is not for this resource".to_owned());
    })
    .await;
    let token = || site.token().issuer("https://other.example").audience("authenticated");
    let report = site.doctor_with(token(), &[]).await;
    assert_eq!(report.verdict("token-issuer"), "ok", "{}", report.text);
    report.names("token-audience", "fail", "wrong audience", "(RFC 8707)");
}

#[tokio::test]
async fn an_aud_that_stands_for_a_whole_project_is_warned_of_where_the_server_accepts_it() {
    let project = "https://abcdefgh.supabase.co/auth/v1";
    let site = Site::start(|plan| {
        (plan.issuer, plan.audience) = (project.to_owned(), "authenticated".to_owned());
    })
    .await;
    let report = site.doctor_with(site.token().issuer(project).audience("authenticated"), &[]).await;
    report.names_only(
        "token-audience",
        "warn",
        "at Supabase that stands for the whole project",
        "allowed_clients",
    );
    assert_eq!(report.verdict("authenticated"), "ok");
    // Its refused twin: a server that looks for itself in `aud`.
    let site = Site::start(|plan| plan.issuer = project.to_owned()).await;
    let report = site.doctor_with(site.token().issuer(project).audience("authenticated"), &[]).await;
    assert_eq!(report.verdict("token-audience"), "fail", "{}", report.text);
}

#[tokio::test]
async fn a16_a_server_that_looks_at_no_signature_proves_nothing_by_accepting_a_token() {
    let other = "https://other.example";
    let site = Site::start(|plan| {
        plan.issuer = other.to_owned();
        plan.checks_signatures = false;
    })
    .await;
    let report = site.doctor_with(site.token().issuer(other), &[]).await;
    assert_eq!(report.verdict("token-issuer"), "fail", "{}", report.text);
    let seen = report.step("authenticated")["seen"].as_str().unwrap();
    assert!(seen.contains("accepts a token it should refuse: wrong issuer"), "{seen}");
}

#[tokio::test]
async fn an_opaque_token_is_said_to_be_opaque() {
    let site = Site::start(|_| ()).await;
    let report = site.doctor_with("an-opaque-token-of-another-issuer", &[]).await;
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

/// The rows of the first table below a heading of the troubleshooting page, a cell each.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let page = include_str!("../../../../docs/src/troubleshoot.md");
    let below = page.split(heading).nth(1).expect("the heading");
    let section = below.split("\n## ").next().unwrap();
    let table =
        section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let rows = table.filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What stands between backticks in a cell.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[tokio::test]
async fn each_reason_of_the_troubleshooting_page_leads_to_the_line_that_it_promises() {
    let rows = rows("## It logs in, and gets 401 again");
    assert!(rows.len() > 10, "{rows:?}");
    for row in rows {
        let promised = quoted(&row[2]);
        for says in quoted(&row[0]) {
            let site = Site::start(|plan| {
                (plan.audience, plan.says) = ("api://notes".to_owned(), Some(says.to_owned()));
            })
            .await;
            let report = site.doctor_with(site.token(), &[]).await;
            let step = report.json["diagnosis"]["step"].as_str().unwrap();
            let expected = if promised.is_empty() { vec!["authenticated"] } else { promised.clone() };
            assert!(expected.contains(&step), "{says}: {step}, not {expected:?}");
            let (text, fix) = (&report.json["diagnosis"]["text"], &report.json["diagnosis"]["fix"]);
            assert!(text.as_str().unwrap().contains(says), "{says}: {text}");
            assert!(!fix.as_str().unwrap().contains("the server's log for its reason"), "{says}: {fix}");
        }
    }
}

#[tokio::test]
async fn scopes_in_another_claim_than_the_server_reads_are_named_with_the_key_to_set() {
    let site = Site::start(|_| ()).await;
    let token = site.issuer.token("alice", &site.url).claim("scp", serde_json::json!(["notes.read"]));
    let report = site.doctor_with(token, &[]).await;
    assert_eq!(report.verdict("token-scopes"), "warn", "{}", report.text);
    assert!(report.step("token-scopes")["fix"].as_str().unwrap().contains("scope_claims = [\"scp\"]"));
    let report = site.doctor_with(site.token(), &[]).await;
    assert_eq!(report.verdict("token-scopes"), "ok");
}
