//! Tools act for a person at the provider that they logged in at: with an access token of it that is good still, or by then again.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth_issuer::FetchError;
use mcp_auth_runtime::facade::{NoUpstreamToken, UpstreamToken};
use mcp_auth_tests::clock::MovedClock;
use serde_json::json;

use crate::bridge::StandIn;
use crate::bridge_refresh::{Here, app_of, okta};
use crate::fresh::fresh_outage;
use crate::harness::*;
use crate::upstream::text;

/// Ann, who logged in at a provider whose access tokens are good for an hour.
async fn ann() -> (Here, String) {
    let (stand_in, lines) = okta();
    stand_in.provider.refreshes(|refreshes| refreshes.expires_in = Some(3600));
    let here = Here::new(stand_in, &lines).await;
    let people = here.store.people().list(START).await.unwrap();
    (here, people[0].subject.clone())
}

async fn token(app: &App, subject: &str) -> Result<UpstreamToken, NoUpstreamToken> {
    app.upstreams.access_token("idp", subject).await
}

#[tokio::test]
async fn a_tool_gets_an_access_token_that_is_good_for_a_minute_at_least() {
    let (here, ann) = ann().await;
    let given = token(&here.app, &ann).await.unwrap();
    assert_eq!(given.expose(), "upstream-access");
    assert_eq!(given.scopes().to_string(), "email offline_access openid profile");
    assert!(!format!("{given:?}").contains("upstream-access"));
    here.app.advance(3600 - 61);
    token(&here.app, &ann).await.unwrap();
    assert_eq!(here.stand_in.provider.presented(), [""; 0]);
    here.app.advance(1);
    here.stand_in.will_say((here.app.now(), None), &json!({ "team": "b" }));
    token(&here.app, &ann).await.unwrap();
    token(&here.app, &ann).await.unwrap();
    assert_eq!(here.stand_in.provider.presented(), ["upstream-refresh-1"]);
}

#[tokio::test]
async fn only_of_the_provider_and_the_person_that_logged_in_there() {
    let (here, ann) = ann().await;
    assert!(here.app.upstreams.knows("idp") && !here.app.upstreams.knows("google"));
    for (upstream, subject) in [("google", &*ann), ("idp", "oidc_another"), ("idp", "nightly job"), ("", "")]
    {
        let refused = here.app.upstreams.access_token(upstream, subject).await;
        assert!(matches!(refused, Err(NoUpstreamToken::LogIn)), "{upstream} {subject}");
    }
    let other = App::new();
    assert!(!other.upstreams.knows("idp"));
    assert!(matches!(token(&other, "developer").await, Err(NoUpstreamToken::LogIn)));
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_told_from_one_that_ended_it() {
    let (here, ann) = ann().await;
    here.app.advance(3600);
    here.stand_in.will_say((here.app.now(), None), &json!({}));
    for reply in [Err(FetchError::Timeout), text(500, ""), text(401, r#"{"error":"invalid_client"}"#)] {
        here.answers(reply);
        assert!(matches!(token(&here.app, &ann).await, Err(NoUpstreamToken::Unavailable(_))));
    }
    token(&here.app, &ann).await.unwrap();
    here.stand_in.provider.revokes();
    here.app.advance(3600);
    assert!(matches!(token(&here.app, &ann).await, Err(NoUpstreamToken::LogIn)));
    assert!(matches!(token(&here.app, &ann).await, Err(NoUpstreamToken::LogIn)));
    // The grant of her client ends with it.
    here.is_over().await;
}

/// It could be another person's.
#[tokio::test]
async fn an_access_token_that_came_with_an_id_token_that_is_not_good_is_given_to_no_tool() {
    let (here, ann) = ann().await;
    here.app.advance(3600);
    for claim in ["aud", "iss", "nonce"] {
        here.stand_in.will_say((here.app.now(), None), &json!({ claim: "https://x.example" }));
        for _ in 0..2 {
            let refused = token(&here.app, &ann).await;
            assert!(matches!(refused, Err(NoUpstreamToken::Unavailable(_))), "{claim}");
        }
    }
    here.stand_in.will_say((here.app.now(), None), &json!({}));
    token(&here.app, &ann).await.unwrap();
}

/// What the provider says then counts for a refresh too.
#[tokio::test]
async fn who_is_not_let_in_any_more_reaches_nothing() {
    let (here, ann) = ann().await;
    here.app.advance(3600);
    here.stand_in.will_say((here.app.now(), None), &json!({ "groups": null }));
    assert!(matches!(token(&here.app, &ann).await, Err(NoUpstreamToken::LogIn)));
    here.is_over().await;
}

#[tokio::test]
async fn an_access_token_that_ended_without_a_refresh_token_is_given_to_nobody() {
    let stand_in = StandIn::plain();
    stand_in.provider.refreshes(|refreshes| (refreshes.gives, refreshes.expires_in) = (false, Some(3600)));
    let lines = "issuer = \"https://example.eu.auth0.com/\"\nallow = \"anyone\"\nclaims = [\"team\"]";
    let mut here = Here::new(stand_in, lines).await;
    let ann = here.store.people().list(START).await.unwrap()[0].subject.clone();
    token(&here.app, &ann).await.unwrap();
    here.app.advance(3600);
    assert!(matches!(token(&here.app, &ann).await, Err(NoUpstreamToken::LogIn)));
    here.goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_tools_at_two_issuers_on_one_store_one_refreshes() {
    let (here, ann) = ann().await;
    let (_, lines) = okta();
    let second = app_of(&here.stand_in, &lines, &here.store, &here.clock);
    here.app.advance(3600);
    here.stand_in.will_say((here.app.now(), None), &json!({}));
    here.stand_in.provider.refreshes(|refreshes| refreshes.takes = Duration::from_millis(300));
    let ann: Arc<str> = ann.into();
    let mut running = tokio::task::JoinSet::new();
    for n in 0..20 {
        let (app, ann) = (if n % 2 == 0 { here.app.clone() } else { second.clone() }, Arc::clone(&ann));
        running.spawn(async move { token(&app, &ann).await.map(|token| token.expose().to_owned()) });
    }
    for given in running.join_all().await {
        assert_eq!(given.unwrap(), "upstream-access");
    }
    assert_eq!(here.stand_in.provider.presented(), ["upstream-refresh-1"]);
}

#[tokio::test]
async fn with_the_store_down_there_is_no_token() {
    let outage = fresh_outage();
    let (stand_in, lines) = okta();
    let app = app_of(&stand_in, &lines, &outage.store(), &MovedClock::at(START));
    stand_in.token(&app, &json!({})).await;
    let ann = outage.store().people().list(START).await.unwrap()[0].subject.clone();
    token(&app, &ann).await.unwrap();
    outage.begin();
    assert!(matches!(token(&app, &ann).await, Err(NoUpstreamToken::Unavailable(_))));
}
