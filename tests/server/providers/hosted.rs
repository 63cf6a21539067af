//! Providers that run as a service. Their tokens are verified by their keys.

use jsonwebtoken::Algorithm;
use mcp_auth::serde_json::json;

use super::fixture::Fixture;

pub(super) fn auth0() -> Fixture {
    Fixture {
        documents: vec![
            (
                "https://example.eu.auth0.com/.well-known/oauth-authorization-server",
                json!({"issuer": "https://example.eu.auth0.com/", "jwks_uri": "https://example.eu.auth0.com/.well-known/jwks.json"}),
            ),
            ("https://example.eu.auth0.com/.well-known/jwks.json", json!("KEYS")),
        ],
        claims: json!({"iss": "https://example.eu.auth0.com/", "sub": "auth0|1", "aud": ["https://todos.example.com/mcp", "https://example.eu.auth0.com/userinfo"], "azp": "app1", "scope": "openid todos.read", "permissions": ["todos.read", "todos.write"]}),
        caller: json!(["auth0|1", "app1", false, "openid todos.read"]),
        refused: vec![
            ("another API's", json!({"aud": "https://other.example.com/api"})),
            ("for userinfo alone", json!({"aud": "https://example.eu.auth0.com/userinfo"})),
            ("another tenant's", json!({"iss": "https://other.eu.auth0.com/"})),
            ("without the slash", json!({"iss": "https://example.eu.auth0.com"})),
        ],
        ..Fixture::of("auth0")
    }
}

#[tokio::test]
async fn auth0_of_a_person() {
    auth0().holds_for_signed_tokens().await;
}

#[tokio::test]
async fn auth0_of_a_machine() {
    let fixture = Fixture {
        claims: json!({"iss": "https://example.eu.auth0.com/", "sub": "robot1@clients", "aud": "https://todos.example.com/mcp", "azp": "robot1", "gty": "client-credentials", "scope": "todos.read"}),
        caller: json!(["robot1@clients", "robot1", true, "todos.read"]),
        refused: vec![
            ("an ID token", json!({"aud": "robot1", "at_hash": "x"})),
            ("expired", json!({"exp": 1000})),
            ("encrypted", json!({"@enc": "A256GCM"})),
        ],
        ..auth0()
    };
    fixture.holds_for_signed_tokens().await;
}

#[tokio::test]
async fn clerk() {
    let fixture = Fixture {
        documents: vec![
            (
                "https://clerk.example.com/.well-known/oauth-authorization-server",
                json!({"issuer": "https://clerk.example.com", "jwks_uri": "https://clerk.example.com/.well-known/jwks.json"}),
            ),
            ("https://clerk.example.com/.well-known/jwks.json", json!("KEYS")),
        ],
        header: json!({"typ": "at+jwt"}),
        claims: json!({"iss": "https://clerk.example.com", "sub": "user_1", "aud": "https://todos.example.com/mcp", "client_id": "c1", "scope": "todos.read", "jti": "j"}),
        caller: json!(["user_1", "c1", false, "todos.read"]),
        refused: vec![
            ("of a browser session", json!({"@typ": "JWT", "azp": "https://app.example.com"})),
            ("without an audience", json!({"aud": null})),
            ("for another server", json!({"aud": "https://other.example.com/mcp"})),
        ],
        ..Fixture::of("clerk")
    };
    fixture.holds_for_signed_tokens().await;
}

#[tokio::test]
async fn descope() {
    let fixture = Fixture {
        documents: vec![("https://api.descope.com/P2example/.well-known/jwks.json", json!("KEYS"))],
        claims: json!({"iss": "https://api.descope.com/v1/apps/P2example", "sub": "U1", "aud": ["https://todos.example.com/mcp", "P2example"], "client_id": "c1", "scope": "todos.read"}),
        caller: json!(["U1", "c1", false, "todos.read"]),
        refused: vec![
            ("another project's", json!({"iss": "https://api.descope.com/v1/apps/P2other"})),
            ("for another server", json!({"aud": ["P2example"]})),
            (
                "of a tenant that is not listed",
                json!({"iss": "https://api.descope.com/v1/apps/P2example/T1"}),
            ),
        ],
        ..Fixture::of("descope")
    };
    fixture.holds_for_signed_tokens().await;
}

#[tokio::test]
async fn logto() {
    let fixture = Fixture {
        documents: vec![
            (
                "https://example.logto.app/oidc/.well-known/openid-configuration",
                json!({"issuer": "https://example.logto.app/oidc", "jwks_uri": "https://example.logto.app/oidc/jwks"}),
            ),
            ("https://example.logto.app/oidc/jwks", json!("KEYS")),
        ],
        algorithm: Algorithm::ES384,
        header: json!({"typ": "at+jwt"}),
        claims: json!({"iss": "https://example.logto.app/oidc", "sub": "u1", "aud": "https://todos.example.com/mcp", "client_id": "app1", "scope": "todos.read"}),
        caller: json!(["u1", "app1", false, "todos.read"]),
        refused: vec![
            ("of an organization", json!({"aud": "urn:logto:organization:o1"})),
            ("another API's", json!({"aud": "https://other.example.com/mcp"})),
            ("another tenant's", json!({"iss": "https://other.logto.app/oidc"})),
        ],
        ..Fixture::of("logto")
    };
    fixture.holds_for_signed_tokens().await;
}

pub(super) fn okta() -> Fixture {
    Fixture {
        documents: vec![
            (
                "https://example.okta.com/.well-known/oauth-authorization-server/oauth2/default",
                json!({"issuer": "https://example.okta.com/oauth2/default", "jwks_uri": "https://example.okta.com/oauth2/default/v1/keys"}),
            ),
            ("https://example.okta.com/oauth2/default/v1/keys", json!("KEYS")),
        ],
        header: json!({}),
        claims: json!({"iss": "https://example.okta.com/oauth2/default", "sub": "ann@example.com", "uid": "00u1", "cid": "0oa1", "aud": "https://todos.example.com/mcp", "scp": ["openid", "todos.read"], "ver": 1}),
        caller: json!(["00u1", "0oa1", false, "openid todos.read"]),
        refused: vec![
            (
                "of the org server",
                json!({"iss": "https://example.okta.com", "@typ": "application/okta-internal-at+jwt"}),
            ),
            ("for another API", json!({"aud": "api://default"})),
            ("of Okta's own kind", json!({"@typ": "application/okta-internal-at+jwt"})),
            ("another server's", json!({"iss": "https://example.okta.com/oauth2/other"})),
        ],
        ..Fixture::of("okta")
    }
}

#[tokio::test]
async fn okta_of_a_person() {
    okta().holds_for_signed_tokens().await;
}

#[tokio::test]
async fn okta_of_a_machine() {
    let fixture = Fixture {
        claims: json!({"iss": "https://example.okta.com/oauth2/default", "sub": "0oa1", "cid": "0oa1", "aud": "https://todos.example.com/mcp", "scp": ["todos.read"], "ver": 1}),
        caller: json!(["0oa1", "0oa1", true, "todos.read"]),
        refused: vec![
            ("for another API", json!({"aud": "api://default"})),
            ("of nobody", json!({"sub": null})),
            ("for a list without us", json!({"aud": ["https://other.example.com/mcp"]})),
        ],
        ..okta()
    };
    fixture.holds_for_signed_tokens().await;
}

#[tokio::test]
async fn scalekit() {
    let fixture = Fixture {
        documents: vec![
            (
                "https://example.scalekit.com/.well-known/oauth-authorization-server/resources/res_1234567890",
                json!({"issuer": "https://example.scalekit.com/resources/res_1234567890", "jwks_uri": "https://example.scalekit.com/keys"}),
            ),
            ("https://example.scalekit.com/keys", json!("KEYS")),
        ],
        header: json!({}),
        claims: json!({"iss": "https://example.scalekit.com", "sub": "usr_1", "aud": ["res_1234567890", "https://todos.example.com/mcp"], "client_id": "m2m_1", "scope": "todos.read", "org_id": "org_1"}),
        caller: json!(["usr_1", "m2m_1", false, "todos.read"]),
        refused: vec![
            ("for another resource", json!({"aud": ["res_other"]})),
            ("another environment's", json!({"iss": "https://other.scalekit.com"})),
            (
                "of another resource's server",
                json!({"iss": "https://example.scalekit.com/resources/res_other"}),
            ),
        ],
        ..Fixture::of("scalekit")
    };
    fixture.holds_for_signed_tokens().await;
}

#[tokio::test]
async fn stytch() {
    let fixture = Fixture {
        documents: vec![
            (
                "https://example.customers.stytch.com/.well-known/oauth-authorization-server",
                json!({"issuer": "https://example.customers.stytch.com", "jwks_uri": "https://example.customers.stytch.com/.well-known/jwks.json"}),
            ),
            ("https://example.customers.stytch.com/.well-known/jwks.json", json!("KEYS")),
        ],
        header: json!({}),
        claims: json!({"iss": "https://example.customers.stytch.com", "sub": "user-1", "aud": ["project-live-11111111-2222-3333-4444-555555555555"], "client_id": "connected-app-1", "scope": "openid todos.read"}),
        caller: json!(["user-1", "connected-app-1", false, "openid todos.read"]),
        refused: vec![
            ("of a session", json!({"client_id": null})),
            ("another project's", json!({"aud": ["project-live-66666666-7777-8888-9999-000000000000"]})),
            (
                "from stytch.com",
                json!({"iss": "stytch.com/project-live-11111111-2222-3333-4444-555555555555"}),
            ),
        ],
        ..Fixture::of("stytch")
    };
    fixture.holds_for_signed_tokens().await;
}

#[tokio::test]
async fn supabase() {
    let fixture = Fixture {
        documents: vec![
            (
                "https://example.supabase.co/.well-known/oauth-authorization-server/auth/v1",
                json!({"issuer": "https://example.supabase.co/auth/v1", "jwks_uri": "https://example.supabase.co/auth/v1/.well-known/jwks.json"}),
            ),
            ("https://example.supabase.co/auth/v1/.well-known/jwks.json", json!("KEYS")),
        ],
        algorithm: Algorithm::ES256,
        claims: json!({"iss": "https://example.supabase.co/auth/v1", "sub": "u1", "aud": "authenticated", "role": "authenticated", "client_id": "c1", "scope": "openid email", "is_anonymous": false}),
        caller: json!(["u1", "c1", false, "email openid"]),
        refused: vec![
            ("of a session", json!({"client_id": null})),
            ("of someone who did not log in", json!({"is_anonymous": true})),
            ("for anonymous use", json!({"aud": "anon"})),
            ("another project's", json!({"iss": "https://other.supabase.co/auth/v1"})),
        ],
        ..Fixture::of("supabase")
    };
    fixture.holds_for_signed_tokens().await;
}

fn workos() -> Fixture {
    Fixture {
        documents: vec![
            (
                "https://example.authkit.app/.well-known/oauth-authorization-server",
                json!({"issuer": "https://example.authkit.app", "jwks_uri": "https://example.authkit.app/oauth2/jwks"}),
            ),
            ("https://example.authkit.app/oauth2/jwks", json!("KEYS")),
        ],
        header: json!({}),
        claims: json!({"iss": "https://example.authkit.app", "sub": "user_1", "aud": "https://todos.example.com/mcp", "client_id": "client_1", "scope": "openid todos.read", "org_id": "org_1", "sid": "s"}),
        caller: json!(["user_1", "client_1", false, "openid todos.read"]),
        refused: vec![
            ("for the environment", json!({"aud": "client_01EXAMPLE"})),
            ("of user management", json!({"aud": null, "iss": "https://api.workos.com"})),
            ("for another resource", json!({"aud": "https://other.example.com/mcp"})),
        ],
        ..Fixture::of("workos")
    }
}

#[tokio::test]
async fn workos_of_a_person() {
    workos().holds_for_signed_tokens().await;
}

#[tokio::test]
async fn workos_connect() {
    let fixture = Fixture {
        more: "audience = [\"https://todos.example.com/mcp\", \"client_01EXAMPLE\"]",
        claims: json!({"iss": "https://example.authkit.app", "sub": "client_m2m", "aud": "client_01EXAMPLE", "client_id": "client_m2m", "org_id": "org_1", "scope": "todos.read"}),
        caller: json!(["client_m2m", "client_m2m", true, "todos.read"]),
        refused: vec![
            ("another environment's", json!({"aud": "client_01OTHER"})),
            ("without an audience", json!({"aud": null})),
            ("an ID token", json!({"at_hash": "x"})),
        ],
        ..workos()
    };
    fixture.holds_for_signed_tokens().await;
}
