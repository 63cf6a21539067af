//! A refresh asks GitHub's API with the access token of the login, which does not end by itself; GitHub Apps have tokens that do.

use std::sync::Arc;

use http::StatusCode;
use mcp_auth_issuer::FetchError;
use serde_json::{Value, json};

use crate::bridge::{app, back, leave};
use crate::bridge_github::{AUTHORIZE, GitHub};
use crate::harness::*;
use crate::upstream::{Reply, ok, text};

const LINES: &str =
    "provider = \"github\"\nallow = { organizations = [\"our-org\"] }\nclaims = [\"company\"]";
/// Longer than an access token of ours lives.
const A_WHILE: u64 = 2 * 60 * 60;

/// Somebody who logged in at GitHub.
struct Here {
    github: Arc<GitHub>,
    app: App,
    client: String,
    token: String,
}

impl Here {
    async fn new(github: Arc<GitHub>) -> Self {
        let app = app(LINES, github.clone());
        let client = app.public_client().await;
        let mut browser = Browser::new(&app);
        let request = leave(&mut browser, &authorize_url(&client, &[]), ("GitHub", AUTHORIZE)).await;
        let answer = browser.get(&back(&request)).await;
        let consent = browser.get(answer.header("location")).await;
        let code = browser.submit(&consent, "allow").await.param("code").expect("a code");
        let answer = app.token(&redeem(&client, &code)).await;
        let token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
        Self { github, app, client, token }
    }

    async fn refresh(&self) -> Answer {
        self.app.advance(A_WHILE);
        self.again().await
    }

    async fn again(&self) -> Answer {
        let form =
            [("grant_type", "refresh_token"), ("client_id", &*self.client), ("refresh_token", &*self.token)];
        self.app.token(&form).await
    }

    /// A refresh, which succeeds: what the new access token says.
    async fn goes_on(&mut self) -> Value {
        let answer = self.refresh().await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert!(!answer.body.contains("gho_") && !answer.body.contains("ghr_"));
        self.token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
        self.app.claims(answer.json()["access_token"].as_str().unwrap())
    }
}

#[tokio::test]
async fn a_refresh_says_what_the_api_says_now() {
    let here = Here::new(GitHub::new()).await;
    let asked = here.github.times("/user");
    assert_eq!(here.again().await.status, StatusCode::OK);
    assert_eq!(here.github.times("/user"), asked, "it said so a moment ago");
    let mut here = Here::new(GitHub::new()).await;
    here.github.is("company", json!("Ours"));
    assert_eq!(here.goes_on().await["company"], "Ours");
    here.github.is("company", json!("Theirs"));
    assert_eq!(here.goes_on().await["company"], "Theirs");
    assert_eq!(here.github.times("/login/oauth/access_token"), 1, "its token does not end");
}

#[tokio::test]
async fn p16_an_api_that_is_down_at_a_refresh_is_503_and_uses_nothing_up() {
    let huge = || Ok((200, vec![b' '; 1024 * 1024]));
    let replies: [fn() -> Reply; 8] = [
        || Err(FetchError::Timeout),
        || text(500, ""),
        || text(403, r#"{"message":"rate limit exceeded"}"#),
        || text(401, "<html>"),
        || text(200, "<html>"),
        || text(200, "{}"),
        || text(404, "{}"),
        || text(302, ""),
    ];
    let mut here = Here::new(GitHub::new()).await;
    for path in ["/user", "/user/orgs"] {
        for reply in replies.iter().map(|reply| reply()).chain([huge()]) {
            here.github.reply(path, reply);
            let answer = here.refresh().await;
            answer.assert_error(503, "temporarily_unavailable");
            assert!(answer.headers.contains_key("retry-after"));
        }
        here.github.replies_by_itself();
        here.goes_on().await;
    }
}

#[tokio::test]
async fn an_access_token_that_was_taken_back_ends_the_grant() {
    let here = Here::new(GitHub::new()).await;
    here.github.reply("/user", text(401, r#"{"message":"Bad credentials"}"#));
    here.refresh().await.assert_error(400, "invalid_grant");
    here.github.replies_by_itself();
    here.again().await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn who_left_the_organization_or_is_another_one_by_now_loses_the_grant() {
    let here = Here::new(GitHub::new()).await;
    here.github.is_in(&["other-org"]);
    here.refresh().await.assert_error(400, "invalid_grant");
    let here = Here::new(GitHub::new()).await;
    here.github.is("id", json!(583232));
    here.refresh().await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_github_app_whose_tokens_end_gets_new_ones_first() {
    let github = GitHub::new();
    let tokens = |n: u32| {
        ok(&json!({
            "access_token": "gho_secret", "expires_in": 28800, "refresh_token": format!("ghr_{n}"), "token_type": "bearer", "scope": "",
        }))
    };
    github.reply("/login/oauth/access_token", tokens(1));
    let mut here = Here::new(github).await;
    here.goes_on().await;
    assert_eq!(here.github.times("/login/oauth/access_token"), 1, "its access token is good for 8 hours");
    here.app.advance(28800);
    here.github.reply("/login/oauth/access_token", tokens(2));
    here.goes_on().await;
    assert_eq!(here.github.presented(), "ghr_1");
    here.app.advance(28800);
    here.github.reply("/login/oauth/access_token", text(200, r#"{"error":"incorrect_client_credentials"}"#));
    here.refresh().await.assert_error(503, "temporarily_unavailable");
    here.github.reply("/login/oauth/access_token", text(200, r#"{"error":"bad_refresh_token"}"#));
    here.again().await.assert_error(400, "invalid_grant");
    assert_eq!(here.github.presented(), "ghr_2");
}
