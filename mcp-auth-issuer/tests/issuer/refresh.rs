//! The refresh token grant.

use http::StatusCode;
use mcp_auth_core::SecretText;
use mcp_auth_issuer::{NamedClient, NamedCredential};
use mcp_auth_store::GrantType;
use serde_json::{Value, json};

use crate::fresh::fresh_store;
use crate::harness::*;

fn refresh<'a>(client: &'a str, tokens: &'a Value) -> Vec<(&'a str, &'a str)> {
    let token = tokens["refresh_token"].as_str().unwrap();
    vec![("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)]
}

#[tokio::test]
async fn b07_each_use_gives_a_new_token_and_the_same_rights() {
    let app = App::new();
    let client = app.public_client().await;
    let first = app.tokens(&client, &[("scope", "todos.read todos.write")]).await;
    app.advance(1000);
    let answer = app.token(&refresh(&client, &first)).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let second = answer.json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(second["scope"], "todos.read todos.write");
    let claims = app.claims(second["access_token"].as_str().unwrap());
    assert_eq!((&claims["sub"], &claims["iat"]), (&"developer".into(), &(START + 1000).into()));
    assert_eq!(app.token(&refresh(&client, &second)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_not_described_any_more_is_not_given_by_an_old_grant() {
    let store = fresh_store();
    let before = App::on(store.clone(), |_| (), |_| ());
    let client = before.public_client().await;
    let tokens = before.tokens(&client, &[("scope", "files:photos:read todos.read")]).await;
    assert_eq!(tokens["scope"], "files:photos:read todos.read");
    let after = App::on(store, |setup| setup.families.clear(), |_| ());
    let answer = after.token(&refresh(&client, &tokens)).await;
    assert_eq!(answer.json()["scope"], "todos.read", "{}", answer.body);
    let claims = after.claims(answer.json()["access_token"].as_str().unwrap());
    assert_eq!(claims["scope"], "todos.read");
}

#[tokio::test]
async fn p21_old_token_kills_the_family() {
    let app = App::new();
    let client = app.public_client().await;
    let first = app.tokens(&client, &[]).await;
    let second = app.token(&refresh(&client, &first)).await.json();
    let third = app.token(&refresh(&client, &second)).await.json();
    app.token(&refresh(&client, &first)).await.assert_error(400, "invalid_grant");
    app.token(&refresh(&client, &third)).await.assert_error(400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p21_of_a_hundred_parallel_uses_one_succeeds() {
    let app = App::new();
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (app, client, tokens) = (app.clone(), client.clone(), tokens.clone());
        tasks.spawn(async move { app.token(&refresh(&client, &tokens)).await });
    }
    let answers = tasks.join_all().await;
    let winners: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
    assert_eq!(winners.len(), 1);
    app.token(&refresh(&client, &winners[0].json())).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn p22_b08_scope_narrows_and_never_widens_and_a_refused_request_uses_nothing_up() {
    let app = App::new();
    let (client, other) = (app.public_client().await, app.another_client().await);
    let tokens = app.tokens(&client, &[("scope", "todos.read todos.write")]).await;
    let form = refresh(&client, &tokens);
    let with = |change| changed(&form, change);
    app.token(&with(("scope", "todos.read admin"))).await.assert_error(400, "invalid_scope");
    app.token(&with(("scope", "nothing"))).await.assert_error(400, "invalid_scope");
    let unknown = "x".repeat(5000);
    let long = app.token(&changed(&form, ("scope", &unknown))).await;
    let description = long.json()["error_description"].as_str().map(str::len);
    assert!(description.is_some_and(|length| length < 300), "what was asked for comes back short");
    long.assert_error(400, "invalid_scope");
    app.token(&with(("resource", "http://other/mcp"))).await.assert_error(400, "invalid_target");
    app.token(&with(("client_id", &other))).await.assert_error(400, "invalid_grant");

    let narrow = app.token(&with(("scope", "todos.read offline_access"))).await.json();
    assert_eq!(narrow["scope"], "todos.read");
    assert_eq!(app.claims(narrow["access_token"].as_str().unwrap())["scope"], "todos.read");
    let wide = app.token(&refresh(&client, &narrow)).await.json();
    assert_eq!(wide["scope"], "todos.read todos.write", "the family keeps what was granted");
}

#[tokio::test]
async fn p23_unused_tokens_die_and_forged_ones_never_lived() {
    let app = App::new();
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[]).await;
    let form = refresh(&client, &tokens);
    for forged in ["x", "x.y", ".", "a.b.c", "."] {
        app.token(&changed(&form, ("refresh_token", forged))).await.assert_error(400, "invalid_grant");
    }
    app.token(&changed(&form, ("refresh_token", ""))).await.assert_error(400, "invalid_request");
    app.advance(14 * 24 * 3600 - 1);
    let tokens = app.token(&form).await.json();
    app.advance(14 * 24 * 3600);
    app.token(&refresh(&client, &tokens)).await.assert_error(400, "invalid_grant");
}

/// Two processes of one client on one computer, or a request whose answer was lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p21_with_grace_a_hundred_parallel_uses_get_one_and_the_same_successor() {
    let app = App::with(|_| (), |options| options.refresh_grace = std::time::Duration::from_secs(30));
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (app, client, tokens) = (app.clone(), client.clone(), tokens.clone());
        tasks.spawn(async move { app.token(&refresh(&client, &tokens)).await });
    }
    let answers = tasks.join_all().await;
    let first = answers[0].json();
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.json()["refresh_token"], first["refresh_token"]);
    }
    app.advance(29);
    assert_eq!(app.token(&refresh(&client, &tokens)).await.json()["refresh_token"], first["refresh_token"]);
    app.advance(1);
    app.token(&refresh(&client, &tokens)).await.assert_error(400, "invalid_grant");
    app.token(&refresh(&client, &first)).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn p36_a_grant_ends_at_its_greatest_age_however_often_it_is_used() {
    let day = 24 * 3600;
    let app = App::with(|_| (), |options| options.grant_lifetime = std::time::Duration::from_secs(20 * day));
    let client = app.public_client().await;
    let mut tokens = app.tokens(&client, &[]).await;
    for _ in 0..3 {
        app.advance(6 * day);
        let answer = app.token(&refresh(&client, &tokens)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        tokens = answer.json();
    }
    app.advance(2 * day);
    app.token(&refresh(&client, &tokens)).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn p36_a_grant_is_no_older_than_the_lifetimes_of_now_allow() {
    let hours = |hours: u64| std::time::Duration::from_secs(hours * 3600);
    type Shorter = fn(&mut mcp_auth_issuer::IssuerOptions, std::time::Duration);
    let ways: [Shorter; 2] = [|o, time| o.grant_lifetime = time, |o, time| o.refresh_token_lifetime = time];
    for shorter in ways {
        for (lifetime, is_refreshed) in [(49, true), (47, false)] {
            let store = fresh_store();
            let before = App::on(store.clone(), |_| (), |_| ());
            let client = before.public_client().await;
            let tokens = before.tokens(&client, &[]).await;
            let after = App::on(store.clone(), |_| (), |options| shorter(options, hours(lifetime)));
            after.advance(48 * 3600);
            let answer = after.token(&refresh(&client, &tokens)).await;
            if is_refreshed {
                assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
                continue;
            }
            answer.assert_error(400, "invalid_grant");
            let again = App::on(store, |_| (), |_| ());
            again.token(&refresh(&client, &tokens)).await.assert_error(400, "invalid_grant");
        }
    }
}

#[tokio::test]
async fn p35_a_person_who_can_no_longer_log_in_is_refreshed_no_more() {
    let store = fresh_store();
    let two =
        |options: &mut mcp_auth_issuer::IssuerOptions| options.users = vec!["developer".into(), "ann".into()];
    let before = App::on(store.clone(), |_| (), two);
    let client = before.public_client().await;
    let tokens = before.tokens(&client, &[]).await;
    let after = App::on(store.clone(), |_| (), |options| options.users = vec!["ann".into()]);
    after.token(&refresh(&client, &tokens)).await.assert_error(400, "invalid_grant");
    let again = App::on(store, |_| (), two);
    again.token(&refresh(&client, &tokens)).await.assert_error(400, "invalid_grant");
}

/// What the operator says of a person counts as it is now, and not as it was when they allowed something.
#[tokio::test]
async fn a_role_that_a_person_lost_is_not_in_the_next_token() {
    let store = fresh_store();
    let with = |roles: Value| {
        let claims = [("roles".to_owned(), roles)].into_iter().collect();
        App::on(store.clone(), |_| (), |options| options.claims = [("developer".to_owned(), claims)].into())
    };
    let before = with(json!(["admin", "reader"]));
    let client = before.public_client().await;
    let tokens = before.tokens(&client, &[]).await;
    let roles =
        |app: &App, tokens: &Value| app.claims(tokens["access_token"].as_str().unwrap())["roles"].clone();
    assert_eq!(roles(&before, &tokens), json!(["admin", "reader"]));
    let after = with(json!(["reader"]));
    let tokens = after.token(&refresh(&client, &tokens)).await.json();
    assert_eq!(roles(&after, &tokens), json!(["reader"]));
}

#[tokio::test]
async fn a_scope_that_is_gone_is_not_given_when_it_is_asked_for_either() {
    let store = fresh_store();
    let before = App::on(store.clone(), |_| (), |_| ());
    let client = before.public_client().await;
    let tokens = before.tokens(&client, &[("scope", "todos.read todos.write")]).await;
    let without = |setup: &mut mcp_auth_issuer::LocalIssuerSetup| {
        setup.scopes.remove("todos.write");
        setup.hierarchy = Default::default();
    };
    let after = App::on(store, without, |options| options.clients.clear());
    let asked = [refresh(&client, &tokens), vec![("scope", "todos.write")]].concat();
    after.token(&asked).await.assert_error(400, "invalid_scope");
    let answer = after.token(&refresh(&client, &tokens)).await;
    assert_eq!(answer.json()["scope"], "todos.read", "{}", answer.body);
}

/// A client of the operator is what the configuration says now.
#[tokio::test]
async fn a_client_that_is_gone_or_lost_the_grant_type_or_the_redirect_uri_is_refreshed_no_more() {
    let client = || NamedClient::public("our app", [REDIRECT.parse().unwrap()]);
    for (now, status, error) in [
        (vec![], 401, "invalid_client"),
        (
            vec![NamedClient { grant_types: [GrantType::AuthorizationCode].into(), ..client() }],
            400,
            "unauthorized_client",
        ),
        (
            vec![NamedClient::public("our app", ["https://our.example/cb".parse().unwrap()])],
            400,
            "invalid_grant",
        ),
        (
            vec![NamedClient {
                credential: NamedCredential::Secret(SecretText::new("0123456789abcdefghijklmnop")),
                ..client()
            }],
            401,
            "invalid_client",
        ),
    ] {
        let store = fresh_store();
        let before = App::on(store.clone(), |_| (), |options| options.clients.push(client()));
        let tokens = before.tokens("our app", &[]).await;
        let after = App::on(store.clone(), |_| (), |options| options.clients.extend(now));
        after.token(&refresh("our app", &tokens)).await.assert_error(status, error);
        let same = App::on(store, |_| (), |options| options.clients.push(client()));
        let goes_on = same.token(&refresh("our app", &tokens)).await.status == StatusCode::OK;
        assert_eq!(
            goes_on,
            error != "invalid_grant",
            "a lost redirect URI ends the grant (as with documents)"
        );
    }
}

/// The public URL was changed: each refresh gave an access token for the resource of before, and every call with it was refused.
#[tokio::test]
async fn what_was_granted_for_another_public_url_gives_no_token_and_the_grant_ends() {
    let store = fresh_store();
    let before = App::on(store.clone(), |_| (), |_| ());
    let moved = |url: &str| {
        let url = url.parse().unwrap();
        App::on(store.clone(), |setup| setup.resource = url, |_| ())
    };
    let client = before.public_client().await;
    let kept = before.tokens(&client, &[]).await;
    for url in ["http://localhost:8080/v2/mcp", "http://localhost:8080/mcp/", "http://other.example/mcp"] {
        let after = moved(url);
        let tokens = before.tokens(&client, &[]).await;
        let refused = after.token(&refresh(&client, &tokens)).await;
        refused.assert_error(400, "invalid_grant");
        // As with whatever else ends a grant, it does not come back.
        before.token(&refresh(&client, &tokens)).await.assert_error(400, "invalid_grant");

        let code = before.code(&client, &[]).await;
        let redeem = changed(&redeem(&client, &code), ("resource", ""));
        after.token(&redeem).await.assert_error(400, "invalid_grant");
        assert_eq!(before.token(&redeem).await.status, StatusCode::OK, "{url}: the code was not used up");
    }
    assert_eq!(moved(RESOURCE).token(&refresh(&client, &kept)).await.status, StatusCode::OK);
}

/// A client asks for the least that it needs, and was refused where a wider scope was granted.
#[tokio::test]
async fn a_scope_that_a_granted_one_implies_is_given_alone_and_one_that_implies_it_is_not() {
    let app = App::new();
    let client = app.public_client().await;
    for (granted, asked, given) in [
        ("todos.write", "todos.read", Some("todos.read")),
        ("admin", "todos.read", Some("todos.read")),
        ("admin", "todos.read todos.write", Some("todos.read todos.write")),
        ("todos.write", "todos.read todos.write", Some("todos.read todos.write")),
        ("todos.read", "todos.write", None),
        ("todos.write", "admin", None),
        ("todos.write", "todos.read admin", None),
        ("todos.write", "files:photos:read", None),
    ] {
        let tokens = app.tokens(&client, &[("scope", granted)]).await;
        let mut form = refresh(&client, &tokens);
        form.push(("scope", asked));
        let answer = app.token(&form).await;
        match given {
            Some(given) => {
                assert_eq!(answer.json()["scope"], given, "{granted} {asked}: {}", answer.body);
                let said = app.claims(answer.json()["access_token"].as_str().unwrap());
                assert_eq!(said["scope"], given);
                let next = app.token(&refresh(&client, &answer.json())).await.json();
                assert_eq!(next["scope"], granted, "the family keeps what was granted");
            }
            None => answer.assert_error(400, "invalid_scope"),
        }
    }
}
