//! Providers that are asked about their tokens.

use mcp_auth::serde_json::json;

use super::fixture::{Fixture, INTROSPECTION};

#[tokio::test]
async fn google() {
    let fixture = Fixture {
        claims: json!({"azp": "1234567890-example.apps.googleusercontent.com", "aud": "1234567890-example.apps.googleusercontent.com", "sub": "1", "scope": "openid https://www.googleapis.com/auth/userinfo.email", "exp": "TEXT", "expires_in": "599", "email": "ann@example.com", "email_verified": "true"}),
        caller: json!([
            "1",
            "1234567890-example.apps.googleusercontent.com",
            false,
            "https://www.googleapis.com/auth/userinfo.email openid"
        ]),
        refused: vec![
            (
                "another client's",
                json!({"azp": "other.apps.googleusercontent.com", "aud": "other.apps.googleusercontent.com"}),
            ),
            ("of nobody", json!({"sub": null})),
            ("expired", json!({"exp": "1000"})),
        ],
        ..Fixture::of("google")
    };
    fixture.holds_for_opaque_tokens("ya29.").await;
}

#[tokio::test]
async fn github() {
    let fixture = Fixture {
        claims: json!({"id": 1, "scopes": ["todos.read"], "app": {"client_id": "Iv1.example0000000"}, "user": {"id": 7, "login": "ann"}, "created_at": "2026-01-01T00:00:00Z"}),
        caller: json!(["7", "Iv1.example0000000", false, "todos.read"]),
        refused: vec![
            ("another app's", json!({"app": {"client_id": "Iv1.other"}})),
            ("of nobody", json!({"user": null})),
            ("of an app that is written alike", json!({"app": {"client_id": "iv1.example0000000"}})),
        ],
        ..Fixture::of("github")
    };
    fixture.holds_for_opaque_tokens("gho_").await;
}

#[tokio::test]
async fn propelauth() {
    let fixture = Fixture {
        claims: json!({"active": true, "sub": "u1", "scope": "todos.read", "client_id": "c1", "exp": "SOON", "aud": "https://todos.example.com/mcp"}),
        caller: json!(["u1", "c1", false, "todos.read"]),
        refused: vec![
            ("not active", json!({"active": false})),
            ("for another server", json!({"aud": "https://other.example.com/mcp"})),
            ("expired", json!({"exp": 1000})),
            ("another issuer's", json!({"iss": "https://other.example.com"})),
        ],
        ..Fixture::of("propelauth")
    };
    fixture.holds_for_opaque_tokens("pa_").await;
}

#[tokio::test]
async fn ory_with_opaque_tokens() {
    let fixture = Fixture {
        more: INTROSPECTION,
        claims: json!({"active": true, "sub": "u1", "scope": "todos.read", "client_id": "c1", "exp": "SOON", "aud": ["https://todos.example.com/mcp"], "iss": "https://example.projects.oryapis.com", "token_use": "access_token", "token_type": "Bearer"}),
        caller: json!(["u1", "c1", false, "todos.read"]),
        refused: vec![
            ("a refresh token", json!({"token_use": "refresh_token"})),
            ("for nobody", json!({"aud": []})),
            ("not active", json!({"active": false})),
        ],
        ..Fixture::of("ory")
    };
    fixture.holds_for_opaque_tokens("ory_at_").await;
}

#[tokio::test]
async fn zitadel_with_opaque_tokens() {
    let fixture = Fixture {
        more: INTROSPECTION,
        documents: vec![
            (
                "https://example.zitadel.cloud/.well-known/openid-configuration",
                json!({"issuer": "https://example.zitadel.cloud", "jwks_uri": "https://example.zitadel.cloud/oauth/v2/keys"}),
            ),
            ("https://example.zitadel.cloud/oauth/v2/keys", json!({"keys": []})),
        ],
        claims: json!({"active": true, "sub": "1", "scope": "openid todos.read", "client_id": "app1@todos", "exp": "SOON", "aud": ["app1@todos", "123456789012345678"], "iss": "https://example.zitadel.cloud", "username": "ann"}),
        caller: json!(["1", "app1@todos", false, "openid todos.read"]),
        refused: vec![
            ("another project's", json!({"aud": ["app1@todos"]})),
            ("another instance's", json!({"iss": "https://other.zitadel.cloud"})),
            ("not active", json!({"active": false})),
        ],
        ..Fixture::of("zitadel")
    };
    fixture.holds_for_opaque_tokens("zt_").await;
}
