//! Revocation.

use http::StatusCode;

use crate::harness::*;

#[tokio::test]
async fn revoked_refresh_token_is_dead_and_b18_only_its_owner_can_revoke() {
    let app = App::new();
    let (client, other) = (app.public_client().await, app.public_client().await);
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
async fn access_tokens_are_not_pretended_to_be_revoked() {
    let app = App::new();
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[]).await;
    let form = [("client_id", &*client), ("token", tokens["access_token"].as_str().unwrap())];
    app.post_form("/revoke", &form).await.assert_error(400, "unsupported_token_type");
    app.post_form("/revoke", &[("client_id", &client)]).await.assert_error(400, "invalid_request");
    app.post_form("/revoke", &[("token", "x")]).await.assert_error(401, "invalid_client");
}
