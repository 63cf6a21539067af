//! Revocation.

use http::StatusCode;
use mcp_auth_core::ScopeSet;
use mcp_auth_issuer::NamedClient;
use serde_json::{Value, json};

use crate::harness::*;

#[tokio::test]
async fn revoked_refresh_token_is_dead_and_b18_only_its_owner_can_revoke() {
    let app = App::new();
    let (client, other) = (app.public_client().await, app.another_client().await);
    let tokens = app.tokens(&client, &[]).await;
    let token = tokens["refresh_token"].as_str().unwrap();
    let revoke =
        async |id: &str, token: &str| app.post_form("/revoke", &[("client_id", id), ("token", token)]).await;
    let refresh = [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", token)];

    revoke(&other, token).await.assert_error(400, "invalid_grant");
    let tokens = app.token(&refresh).await;
    assert_eq!(tokens.status, StatusCode::OK, "another client's request did nothing");
    let tokens = tokens.json();
    let token = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(revoke(&client, token).await.status, StatusCode::OK);
    let refresh = changed(&refresh, ("refresh_token", token));
    app.token(&refresh).await.assert_error(400, "invalid_grant");
    assert_eq!(revoke(&client, token).await.status, StatusCode::OK, "again is no error");
    assert_eq!(revoke(&client, "unknown").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_access_token_is_revoked_by_its_owner_alone_and_by_itself() {
    let app = App::with(|_| (), |options| options.clients.push(named()));
    let (client, other) = (app.public_client().await, app.another_client().await);
    let tokens = app.tokens(&client, &[]).await;
    let token = tokens["access_token"].as_str().unwrap();
    let revoke =
        async |id: &str, token: &str| app.post_form("/revoke", &[("client_id", id), ("token", token)]).await;
    revoke(&other, token).await.assert_error(400, "invalid_grant");
    assert_eq!(introspect(&app, token).await["active"], true);
    for _ in 0..2 {
        assert_eq!(revoke(&client, token).await.status, StatusCode::OK);
        assert_eq!(introspect(&app, token).await, json!({ "active": false }));
    }
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(introspect(&app, refresh).await["active"], true, "its grant goes on");
    assert_eq!(revoke(&client, "a.b.c").await.status, StatusCode::OK);
    app.post_form("/revoke", &[("client_id", &client)]).await.assert_error(400, "invalid_request");
    app.post_form("/revoke", &[("token", "x")]).await.assert_error(401, "invalid_client");
}

/// By whichever way the grant ends.
#[tokio::test]
async fn t78_with_a_grant_its_access_tokens_end() {
    let app = App::with(|_| (), |options| options.clients.push(named()));
    let client = app.public_client().await;
    let text = |tokens: &Value, which: &str| tokens[which].as_str().unwrap().to_owned();
    let refresh = async |token: &str| {
        app.token(&[("grant_type", "refresh_token"), ("client_id", &client), ("refresh_token", token)]).await
    };
    // Given back.
    let tokens = app.tokens(&client, &[]).await;
    let second = refresh(&text(&tokens, "refresh_token")).await.json();
    app.post_form("/revoke", &[("client_id", &client), ("token", &text(&second, "refresh_token"))]).await;
    for tokens in [&tokens, &second] {
        assert_eq!(introspect(&app, &text(tokens, "access_token")).await["active"], false);
    }
    // Stolen.
    let tokens = app.tokens(&client, &[]).await;
    let second = refresh(&text(&tokens, "refresh_token")).await.json();
    assert_eq!(introspect(&app, &text(&second, "access_token")).await["active"], true);
    refresh(&text(&tokens, "refresh_token")).await.assert_error(400, "invalid_grant");
    for tokens in [&tokens, &second] {
        assert_eq!(introspect(&app, &text(tokens, "access_token")).await["active"], false);
        assert_eq!(introspect(&app, &text(tokens, "refresh_token")).await["active"], false);
    }
}

/// Who sees what a token says, expired and in a log, must not be able to end the login.
#[tokio::test]
async fn p39_what_a_token_calls_its_grant_ends_nothing() {
    let app = App::with(|_| (), |options| options.clients.push(named()));
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[]).await;
    let token = tokens["access_token"].as_str().unwrap();
    app.is_public(app.claims(token)["grant_id"].as_str().unwrap());
    let made_up = format!("{}.x", app.claims(token)["grant_id"].as_str().unwrap());
    app.post_form("/revoke", &[("client_id", &client), ("token", &made_up)]).await;
    let refresh = [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", &*made_up)];
    app.token(&refresh).await.assert_error(400, "invalid_grant");
    assert_eq!(introspect(&app, token).await["active"], true);
    let own = changed(&refresh, ("refresh_token", tokens["refresh_token"].as_str().unwrap()));
    assert_eq!(app.token(&own).await.status, StatusCode::OK);
}

/// Each entry is one that every server has to know.
#[tokio::test]
async fn of_a_grant_of_which_many_tokens_are_revoked_one_by_one_all_are() {
    let app = App::with(|_| (), |options| options.clients.push(named()));
    let client = app.public_client().await;
    let mut tokens = app.tokens(&client, &[]).await;
    for number in 0..17 {
        let token = tokens["access_token"].as_str().unwrap();
        let answer = app.post_form("/revoke", &[("client_id", &client), ("token", token)]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(introspect(&app, token).await["active"], false);
        let refresh_token = tokens["refresh_token"].as_str().unwrap().to_owned();
        assert_eq!(introspect(&app, &refresh_token).await["active"], number < 16, "{number}");
        let refresh =
            [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", &*refresh_token)];
        let answer = app.token(&refresh).await;
        match number < 16 {
            true => {
                tokens = answer.json();
                let token = tokens["access_token"].as_str().unwrap();
                assert_eq!(introspect(&app, token).await["active"], true, "{number}");
            }
            // A refresh token that gave dead access tokens would be a fault.
            false => answer.assert_error(400, "invalid_grant"),
        }
    }
    let other = app.another_client().await;
    let others = app.tokens(&other, &[]).await;
    assert_eq!(introspect(&app, others["access_token"].as_str().unwrap()).await["active"], true);
}

/// A person makes grants, and clients that are alike make more.
#[tokio::test]
async fn of_a_person_of_whom_many_tokens_are_revoked_in_many_grants_whole_grants_are_and_of_others_single_ones()
 {
    let app = App::for_people(&["developer", "ann"], |options| options.clients.push(named()));
    let client = app.public_client().await;
    // Whether another token of the same grant is good after this one was revoked.
    let goes_on = async |tokens: &Value| {
        let token = tokens["access_token"].as_str().unwrap();
        let answer = app.post_form("/revoke", &[("client_id", &client), ("token", token)]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(introspect(&app, token).await["active"], false);
        let refresh = [
            ("grant_type", "refresh_token"),
            ("client_id", &*client),
            ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ];
        let next = app.token(&refresh).await;
        if next.status != StatusCode::OK {
            next.assert_error(400, "invalid_grant");
            return false;
        }
        assert_eq!(introspect(&app, next.json()["access_token"].as_str().unwrap()).await["active"], true);
        true
    };
    for number in 0..18 {
        assert_eq!(goes_on(&app.tokens(&client, &[]).await).await, number < 16, "{number}");
    }
    let mut browser = Browser::new(&app);
    let consent = crate::device::log_in(&mut browser, &authorize_url(&client, &[]), "ann").await;
    let code = browser.submit(&consent, "allow").await.param("code").unwrap();
    assert!(goes_on(&app.token(&redeem(&client, &code)).await.json()).await, "of another person");
}

/// Every server has to know each entry, and two dozen people could fill what it can know.
#[tokio::test]
async fn of_a_person_of_whom_very_many_grants_are_revoked_all_access_tokens_are_and_clients_refresh() {
    let app = App::for_people(&["developer", "ann"], |options| options.clients.push(named()));
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let consent = crate::device::log_in(&mut browser, &authorize_url(&client, &[]), "ann").await;
    let code = browser.submit(&consent, "allow").await.param("code").unwrap();
    let of_another = app.token(&redeem(&client, &code)).await.json();
    let is_active = async |tokens: &Value| {
        introspect(&app, tokens["access_token"].as_str().unwrap()).await["active"] == true
    };
    let kept = app.tokens(&client, &[]).await;
    for number in 0..50 {
        let tokens = app.tokens(&client, &[]).await;
        assert_eq!(is_active(&kept).await, number < 49, "{number}");
        let form = [("client_id", &*client), ("token", tokens["access_token"].as_str().unwrap())];
        assert_eq!(app.post_form("/revoke", &form).await.status, StatusCode::OK);
        assert!(!is_active(&tokens).await, "{number}");
    }
    assert!(!is_active(&kept).await);
    assert!(is_active(&of_another).await);
    app.advance(1);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", &*client),
        ("refresh_token", kept["refresh_token"].as_str().unwrap()),
    ];
    assert!(is_active(&app.token(&refresh).await.json()).await, "it goes on");
}

/// Whoever finds an old token of a public client can present it as often as they like.
#[tokio::test]
async fn to_revoke_one_token_again_and_again_ends_nothing_else_of_its_person() {
    let app = App::with(|_| (), |options| options.clients.push(named()));
    let client = app.public_client().await;
    let (kept, dead) = (app.tokens(&client, &[]).await, app.tokens(&client, &[]).await);
    let form = [("client_id", &*client), ("token", dead["access_token"].as_str().unwrap())];
    for _ in 0..60 {
        assert_eq!(app.post_form("/revoke", &form).await.status, StatusCode::OK);
    }
    for (tokens, is_active) in [(&dead, false), (&kept, true)] {
        let answer = introspect(&app, tokens["access_token"].as_str().unwrap()).await;
        assert_eq!(answer["active"], is_active);
    }
}

#[tokio::test]
async fn a_client_that_revokes_very_many_tokens_of_its_own_loses_all_and_no_other_one_does() {
    let scopes = ScopeSet::parse_lossy("todos.read");
    let busy = NamedClient::machine("busy", SECRET, scopes.clone());
    let other = NamedClient::machine("other", SECRET, scopes);
    let app = App::with(|_| (), |options| options.clients.extend([named(), busy, other]));
    let token = async |id: &str| {
        let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", SECRET)];
        app.token(&form).await.json()["access_token"].as_str().unwrap().to_owned()
    };
    let (kept, of_other) = (token("busy").await, token("other").await);
    for number in 0..61 {
        assert_eq!(introspect(&app, &kept).await["active"], true, "{number}");
        let one = token("busy").await;
        let form = [("client_id", "busy"), ("client_secret", SECRET), ("token", &*one)];
        assert_eq!(app.post_form("/revoke", &form).await.status, StatusCode::OK);
        assert_eq!(introspect(&app, &one).await["active"], false, "{number}");
    }
    assert_eq!(introspect(&app, &kept).await["active"], false);
    assert_eq!(introspect(&app, &of_other).await["active"], true);
    app.advance(1);
    assert_eq!(introspect(&app, &token("busy").await).await["active"], true, "it goes on");
}

#[tokio::test]
async fn b20_only_named_clients_may_introspect_and_they_learn_nothing_of_tokens_of_others() {
    let app = App::with(|_| (), |options| options.clients.push(named()));
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[]).await;
    let token = tokens["access_token"].as_str().unwrap();
    let told = introspect(&app, token).await;
    assert_eq!((&told["active"], &told["token_type"]), (&json!(true), &json!("Bearer")));
    let claims = app.claims(token);
    for claim in ["sub", "client_id", "iss", "aud", "scope", "exp", "iat", "jti", "auth_time"] {
        assert_eq!(told[claim], claims[claim], "{claim}");
    }
    let refused = app.post_form("/introspect", &[("client_id", &client), ("token", token)]).await;
    refused.assert_error(400, "unauthorized_client");
    app.post_form("/introspect", &[("token", token)]).await.assert_error(401, "invalid_client");
    let wrong = [("client_id", "gateway"), ("client_secret", "wrong"), ("token", token)];
    app.post_form("/introspect", &wrong).await.assert_error(401, "invalid_client");
    for foreign in ["x", "a.b.c", "unknown.secret"] {
        assert_eq!(introspect(&app, foreign).await, json!({ "active": false }), "{foreign}");
    }
    let of_another_issuer = App::new();
    let other = of_another_issuer.public_client().await;
    let tokens = of_another_issuer.tokens(&other, &[]).await;
    assert_eq!(introspect(&app, tokens["access_token"].as_str().unwrap()).await, json!({ "active": false }));
    app.advance(3600);
    assert_eq!(introspect(&app, token).await, json!({ "active": false }), "it has expired");
}

/// Its name is not a secret (RFC 7662 §2.1).
#[tokio::test]
async fn a_public_client_of_the_configuration_is_told_nothing_about_tokens() {
    let public = NamedClient::public("our app", [REDIRECT.parse().unwrap()]);
    let app = App::with(|_| (), |options| options.clients.extend([named(), public]));
    let tokens = app.tokens("our app", &[]).await;
    for which in ["access_token", "refresh_token"] {
        let token = tokens[which].as_str().unwrap();
        let refused = app.post_form("/introspect", &[("client_id", "our app"), ("token", token)]).await;
        refused.assert_error(400, "unauthorized_client");
        assert_eq!(introspect(&app, token).await["active"], true, "who authenticates is told");
    }
}

fn named() -> NamedClient {
    NamedClient::machine("gateway", SECRET, ScopeSet::default())
}

const SECRET: &str = "the secret of the gateway";

async fn introspect(app: &App, token: &str) -> Value {
    let form = [("client_id", "gateway"), ("client_secret", SECRET), ("token", token)];
    let answer = app.post_form("/introspect", &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.json()
}
