//! Providers that many run themselves. Their tokens are verified by their keys.

use jsonwebtoken::Algorithm;
use mcp_auth::serde_json::json;

use super::fixture::Fixture;

#[tokio::test]
async fn authentik() {
    let fixture = Fixture {
        documents: vec![
            (
                "https://auth.example.com/application/o/todos/.well-known/openid-configuration",
                json!({"issuer": "https://auth.example.com/application/o/todos/", "jwks_uri": "https://auth.example.com/application/o/todos/jwks/"}),
            ),
            ("https://auth.example.com/application/o/todos/jwks/", json!("KEYS")),
        ],
        claims: json!({"iss": "https://auth.example.com/application/o/todos/", "sub": "6d1f", "aud": "todos-client-id", "azp": "todos-client-id", "uid": "x", "groups": ["staff"]}),
        caller: json!(["6d1f", "todos-client-id", false, ""]),
        refused: vec![
            ("another application's", json!({"iss": "https://auth.example.com/application/o/other/"})),
            ("another client's", json!({"aud": "other-client-id"})),
            ("without the slash", json!({"iss": "https://auth.example.com/application/o/todos"})),
        ],
        ..Fixture::of("authentik")
    };
    fixture.holds_for_signed_tokens().await;
}

#[tokio::test]
async fn fusionauth() {
    let fixture = Fixture {
        documents: vec![
            (
                "https://auth.example.com/.well-known/openid-configuration",
                json!({"issuer": "https://auth.example.com", "jwks_uri": "https://auth.example.com/.well-known/jwks.json"}),
            ),
            ("https://auth.example.com/.well-known/jwks.json", json!("KEYS")),
        ],
        claims: json!({"iss": "https://auth.example.com", "sub": "u1", "aud": ["66666666-7777-8888-9999-000000000000", "https://todos.example.com/mcp"], "applicationId": "66666666-7777-8888-9999-000000000000", "scope": "todos.read", "tid": "11111111-2222-3333-4444-555555555555", "roles": ["user"]}),
        caller: json!(["u1", "66666666-7777-8888-9999-000000000000", false, "todos.read"]),
        refused: vec![
            ("for the client alone", json!({"aud": "66666666-7777-8888-9999-000000000000"})),
            ("another tenant's", json!({"iss": "acme.com"})),
            (
                "for another server",
                json!({"aud": ["66666666-7777-8888-9999-000000000000", "https://other.example.com/mcp"]}),
            ),
        ],
        ..Fixture::of("fusionauth")
    };
    fixture.holds_for_signed_tokens().await;
}

pub(super) fn keycloak() -> Fixture {
    Fixture {
        documents: vec![
            (
                "https://keycloak.example.com/realms/todos/.well-known/openid-configuration",
                json!({"issuer": "https://keycloak.example.com/realms/todos", "jwks_uri": "https://keycloak.example.com/realms/todos/protocol/openid-connect/certs"}),
            ),
            ("https://keycloak.example.com/realms/todos/protocol/openid-connect/certs", json!("KEYS")),
        ],
        claims: json!({"iss": "https://keycloak.example.com/realms/todos", "sub": "u1", "aud": ["https://todos.example.com/mcp", "account"], "azp": "app1", "typ": "Bearer", "scope": "openid todos.read", "preferred_username": "ann", "realm_access": {"roles": ["todo-managers"]}}),
        caller: json!(["u1", "app1", false, "openid todos.read"]),
        refused: vec![
            ("an ID token", json!({"typ": "ID"})),
            ("a refresh token", json!({"typ": "Refresh"})),
            ("for the account page", json!({"aud": "account"})),
            ("without a subject", json!({"sub": null})),
            ("another realm's", json!({"iss": "https://keycloak.example.com/realms/other"})),
        ],
        ..Fixture::of("keycloak")
    }
}

#[tokio::test]
async fn keycloak_of_a_person() {
    keycloak().holds_for_signed_tokens().await;
}

#[tokio::test]
async fn keycloak_of_a_service_account() {
    let fixture = Fixture {
        algorithm: Algorithm::ES256,
        claims: json!({"iss": "https://keycloak.example.com/realms/todos", "sub": "sa1", "aud": "https://todos.example.com/mcp", "azp": "robot", "typ": "Bearer", "scope": "todos.read", "preferred_username": "service-account-robot"}),
        caller: json!(["sa1", "robot", true, "todos.read"]),
        refused: vec![
            ("without a type", json!({"typ": null})),
            ("without an audience", json!({"aud": null})),
            ("an offline token", json!({"typ": "Offline"})),
        ],
        ..keycloak()
    };
    fixture.holds_for_signed_tokens().await;
}

#[tokio::test]
async fn oidc() {
    let fixture = Fixture {
        documents: vec![
            (
                "https://login.example.com/.well-known/openid-configuration",
                json!({"issuer": "https://login.example.com/", "jwks_uri": "https://login.example.com/keys"}),
            ),
            ("https://login.example.com/keys", json!("KEYS")),
        ],
        algorithm: Algorithm::EdDSA,
        header: json!({"typ": "at+jwt"}),
        claims: json!({"iss": "https://login.example.com/", "sub": "u1", "aud": "https://todos.example.com/mcp", "client_id": "app1", "scope": "todos.read"}),
        caller: json!(["u1", "app1", false, "todos.read"]),
        refused: vec![
            ("for another server", json!({"aud": "https://other.example.com/mcp"})),
            ("without the slash", json!({"iss": "https://login.example.com"})),
            ("without a subject", json!({"sub": null})),
        ],
        ..Fixture::of("oidc")
    };
    fixture.holds_for_signed_tokens().await;
}

#[tokio::test]
async fn ory() {
    let fixture = Fixture {
        documents: vec![
            (
                "https://example.projects.oryapis.com/.well-known/oauth-authorization-server",
                json!({"issuer": "https://example.projects.oryapis.com", "jwks_uri": "https://example.projects.oryapis.com/.well-known/jwks.json"}),
            ),
            ("https://example.projects.oryapis.com/.well-known/jwks.json", json!("KEYS")),
        ],
        claims: json!({"iss": "https://example.projects.oryapis.com", "sub": "u1", "aud": ["https://todos.example.com/mcp"], "client_id": "c1", "scp": ["todos.read"], "ext": {}}),
        caller: json!(["u1", "c1", false, "todos.read"]),
        refused: vec![
            ("for nobody", json!({"aud": []})),
            ("for another server", json!({"aud": ["https://other.example.com/mcp"]})),
            ("another project's", json!({"iss": "https://other.projects.oryapis.com"})),
        ],
        ..Fixture::of("ory")
    };
    fixture.holds_for_signed_tokens().await;
}

fn wso2() -> Fixture {
    Fixture {
        documents: vec![("https://api.asgardeo.io/t/example/oauth2/jwks", json!("KEYS"))],
        header: json!({}),
        claims: json!({"iss": "https://api.asgardeo.io/t/example/oauth2/token", "sub": "u1", "aud": "todos-client-id", "azp": "todos-client-id", "aut": "APPLICATION_USER", "scope": "openid todos.read", "nbf": 1}),
        caller: json!(["u1", "todos-client-id", false, "openid todos.read"]),
        refused: vec![
            ("another client's", json!({"aud": "other"})),
            ("another organization's", json!({"iss": "https://api.asgardeo.io/t/other/oauth2/token"})),
            ("an ID token", json!({"at_hash": "x"})),
        ],
        ..Fixture::of("wso2")
    }
}

#[tokio::test]
async fn wso2_of_a_person() {
    wso2().holds_for_signed_tokens().await;
}

#[tokio::test]
async fn wso2_of_an_application() {
    let fixture = Fixture {
        claims: json!({"iss": "https://api.asgardeo.io/t/example/oauth2/token", "sub": "app-1", "aud": "todos-client-id", "azp": "todos-client-id", "aut": "APPLICATION", "scope": "todos.read"}),
        caller: json!(["app-1", "todos-client-id", true, "todos.read"]),
        refused: vec![
            ("another client's", json!({"aud": ["other"]})),
            ("without an audience", json!({"aud": null})),
            ("not valid yet", json!({"nbf": "2100-01-01"})),
        ],
        ..wso2()
    };
    fixture.holds_for_signed_tokens().await;
}

#[tokio::test]
async fn zitadel() {
    let fixture = Fixture {
        documents: vec![
            (
                "https://example.zitadel.cloud/.well-known/openid-configuration",
                json!({"issuer": "https://example.zitadel.cloud", "jwks_uri": "https://example.zitadel.cloud/oauth/v2/keys"}),
            ),
            ("https://example.zitadel.cloud/oauth/v2/keys", json!("KEYS")),
        ],
        claims: json!({"iss": "https://example.zitadel.cloud", "sub": "1", "aud": ["app1@todos", "123456789012345678"], "client_id": "app1@todos", "jti": "j", "urn:zitadel:iam:org:project:roles": {"manager": {"9": "acme.example"}}}),
        caller: json!(["1", "app1@todos", false, ""]),
        refused: vec![
            ("another project's", json!({"aud": ["app1@todos"]})),
            ("another instance's", json!({"iss": "https://other.zitadel.cloud"})),
            ("an ID token", json!({"at_hash": "x"})),
        ],
        ..Fixture::of("zitadel")
    };
    fixture.holds_for_signed_tokens().await;
}
