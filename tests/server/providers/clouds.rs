//! Identity services of the large clouds. Their tokens are verified by their keys.

use mcp_auth::serde_json::json;

use super::fixture::Fixture;

#[tokio::test]
async fn azure_b2c() {
    let fixture = Fixture {
        documents: vec![
            (
                "https://example.b2clogin.com/example.onmicrosoft.com/B2C_1_signin/v2.0/.well-known/openid-configuration",
                json!({"issuer": "https://example.b2clogin.com/11111111-2222-3333-4444-555555555555/v2.0/", "jwks_uri": "https://example.b2clogin.com/example.onmicrosoft.com/B2C_1_signin/discovery/v2.0/keys"}),
            ),
            (
                "https://example.b2clogin.com/example.onmicrosoft.com/B2C_1_signin/discovery/v2.0/keys",
                json!("KEYS"),
            ),
        ],
        claims: json!({"iss": "https://example.b2clogin.com/11111111-2222-3333-4444-555555555555/v2.0/", "sub": "s1", "aud": "66666666-7777-8888-9999-000000000000", "azp": "app1", "scp": "todos.read", "ver": "1.0", "tfp": "B2C_1_signin"}),
        caller: json!(["s1", "app1", false, "todos.read"]),
        refused: vec![
            ("another API's", json!({"aud": "11111111-2222-3333-4444-555555555555"})),
            (
                "another tenant's",
                json!({"iss": "https://example.b2clogin.com/66666666-7777-8888-9999-000000000000/v2.0/"}),
            ),
            ("of another version", json!({"ver": "2.0"})),
        ],
        ..Fixture::of("azure-b2c")
    };
    fixture.holds_for_signed_tokens().await;
}

fn cloudflare_access() -> Fixture {
    Fixture {
        documents: vec![("https://example.cloudflareaccess.com/cdn-cgi/access/certs", json!("KEYS"))],
        claims: json!({"iss": "https://example.cloudflareaccess.com", "sub": "u1", "aud": ["4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2"], "type": "app", "email": "ann@example.com"}),
        caller: json!(["u1", null, false, ""]),
        refused: vec![
            ("of the login itself", json!({"type": "org"})),
            ("another application's", json!({"aud": ["0000"]})),
            ("another team's", json!({"iss": "https://other.cloudflareaccess.com"})),
            ("of nobody", json!({"sub": ""})),
        ],
        ..Fixture::of("cloudflare-access")
    }
}

#[tokio::test]
async fn cloudflare_access_of_a_person() {
    cloudflare_access().holds_for_signed_tokens().await;
}

#[tokio::test]
async fn cloudflare_access_of_a_service() {
    let fixture = Fixture {
        claims: json!({"iss": "https://example.cloudflareaccess.com", "sub": "", "aud": ["4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2"], "type": "app", "common_name": "robot.access"}),
        caller: json!(["robot.access", "robot.access", true, ""]),
        refused: vec![
            ("of the login itself", json!({"type": "org"})),
            ("another application's", json!({"aud": ["0000"]})),
            ("without a type", json!({"type": null})),
        ],
        ..cloudflare_access()
    };
    fixture.holds_for_signed_tokens().await;
}

fn cognito() -> Fixture {
    Fixture {
        more: "scope_prefix = \"todos/\"",
        documents: vec![
            (
                "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_aBcDeFgHi/.well-known/openid-configuration",
                json!({"issuer": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_aBcDeFgHi", "jwks_uri": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_aBcDeFgHi/.well-known/jwks.json"}),
            ),
            (
                "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_aBcDeFgHi/.well-known/jwks.json",
                json!("KEYS"),
            ),
        ],
        header: json!({}),
        claims: json!({"iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_aBcDeFgHi", "sub": "s1", "aud": "https://todos.example.com/mcp", "client_id": "c1", "username": "ann", "token_use": "access", "scope": "openid todos/todos.read"}),
        caller: json!(["s1", "c1", false, "openid todos.read"]),
        refused: vec![
            ("an ID token", json!({"token_use": "id", "aud": "c1"})),
            ("without an audience", json!({"aud": null})),
            (
                "another pool's",
                json!({"iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_aBcDeFgHix"}),
            ),
            ("without a use", json!({"token_use": null})),
        ],
        ..Fixture::of("cognito")
    }
}

#[tokio::test]
async fn cognito_of_a_person() {
    cognito().holds_for_signed_tokens().await;
}

#[tokio::test]
async fn cognito_of_a_machine_without_an_audience() {
    let fixture = Fixture {
        more: "scope_prefix = \"todos/\"\naudience_optional = true\nallowed_clients = [\"robot\"]",
        claims: json!({"iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_aBcDeFgHi", "sub": "robot", "client_id": "robot", "token_use": "access", "scope": "todos/todos.read other/x"}),
        caller: json!(["robot", "robot", true, "todos.read"]),
        refused: vec![
            ("another client's", json!({"client_id": "c2"})),
            ("of no client", json!({"client_id": null})),
            ("for another server", json!({"aud": "https://other.example.com/mcp"})),
        ],
        ..cognito()
    };
    fixture.holds_for_signed_tokens().await;
}

pub(super) fn entra() -> Fixture {
    Fixture {
        documents: vec![
            (
                "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0/.well-known/openid-configuration",
                json!({"issuer": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0", "jwks_uri": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/discovery/v2.0/keys"}),
            ),
            (
                "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/discovery/v2.0/keys",
                json!("KEYS"),
            ),
        ],
        claims: json!({"iss": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0", "sub": "pairwise", "oid": "o1", "tid": "11111111-2222-3333-4444-555555555555", "aud": "66666666-7777-8888-9999-000000000000", "azp": "app1", "scp": "todos.read", "ver": "2.0"}),
        caller: json!(["o1", "app1", false, "todos.read"]),
        refused: vec![
            ("another API's", json!({"aud": "11111111-2222-3333-4444-555555555555"})),
            (
                "of version 1",
                json!({"iss": "https://sts.windows.net/11111111-2222-3333-4444-555555555555/", "ver": "1.0"}),
            ),
            ("of another version", json!({"ver": "1.0"})),
            (
                "another tenant's",
                json!({"iss": "https://login.microsoftonline.com/66666666-7777-8888-9999-000000000000/v2.0", "tid": "66666666-7777-8888-9999-000000000000"}),
            ),
            ("of nobody", json!({"oid": null})),
        ],
        ..Fixture::of("entra")
    }
}

#[tokio::test]
async fn entra_of_a_person() {
    entra().holds_for_signed_tokens().await;
}

#[tokio::test]
async fn entra_of_an_application() {
    let fixture = Fixture {
        claims: json!({"iss": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0", "sub": "x", "oid": "app-o", "tid": "11111111-2222-3333-4444-555555555555", "aud": "66666666-7777-8888-9999-000000000000", "azp": "app1", "roles": ["todos.read"], "idtyp": "app", "ver": "2.0"}),
        caller: json!(["app-o", "app1", true, ""]),
        refused: vec![
            ("another API's", json!({"aud": "11111111-2222-3333-4444-555555555555"})),
            ("of another version", json!({"ver": "1.0"})),
            ("for Graph", json!({"aud": "00000003-0000-0000-c000-000000000000"})),
        ],
        ..entra()
    };
    fixture.holds_for_signed_tokens().await;
}

#[tokio::test]
async fn entra_v1() {
    let fixture = Fixture {
        documents: vec![
            (
                "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0/.well-known/openid-configuration",
                json!({"issuer": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0", "jwks_uri": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/discovery/v2.0/keys"}),
            ),
            (
                "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/discovery/v2.0/keys",
                json!("KEYS"),
            ),
        ],
        claims: json!({"iss": "https://sts.windows.net/11111111-2222-3333-4444-555555555555/", "sub": "pairwise", "oid": "o1", "tid": "11111111-2222-3333-4444-555555555555", "aud": "https://todos.example.com/mcp", "appid": "app1", "scp": "todos.read", "ver": "1.0"}),
        caller: json!(["o1", "app1", false, "todos.read"]),
        refused: vec![
            (
                "of version 2",
                json!({"iss": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0", "ver": "2.0"}),
            ),
            ("another API's", json!({"aud": "https://other.example.com/api"})),
            (
                "another tenant's",
                json!({"iss": "https://sts.windows.net/66666666-7777-8888-9999-000000000000/"}),
            ),
        ],
        ..Fixture::of("entra-v1")
    };
    fixture.holds_for_signed_tokens().await;
}

#[tokio::test]
async fn entra_external_id() {
    let fixture = Fixture {
        documents: vec![
            (
                "https://example.ciamlogin.com/11111111-2222-3333-4444-555555555555/v2.0/.well-known/openid-configuration",
                json!({"issuer": "https://11111111-2222-3333-4444-555555555555.ciamlogin.com/11111111-2222-3333-4444-555555555555/v2.0", "jwks_uri": "https://11111111-2222-3333-4444-555555555555.ciamlogin.com/11111111-2222-3333-4444-555555555555/discovery/v2.0/keys"}),
            ),
            (
                "https://11111111-2222-3333-4444-555555555555.ciamlogin.com/11111111-2222-3333-4444-555555555555/discovery/v2.0/keys",
                json!("KEYS"),
            ),
        ],
        claims: json!({"iss": "https://11111111-2222-3333-4444-555555555555.ciamlogin.com/11111111-2222-3333-4444-555555555555/v2.0", "sub": "pairwise", "oid": "o1", "tid": "11111111-2222-3333-4444-555555555555", "aud": "66666666-7777-8888-9999-000000000000", "azp": "app1", "scp": "todos.read", "ver": "2.0"}),
        caller: json!(["o1", "app1", false, "todos.read"]),
        refused: vec![
            (
                "by the name of the tenant",
                json!({"iss": "https://example.ciamlogin.com/11111111-2222-3333-4444-555555555555/v2.0"}),
            ),
            ("another API's", json!({"aud": "11111111-2222-3333-4444-555555555555"})),
            ("of another version", json!({"ver": "1.0"})),
        ],
        ..Fixture::of("entra-external-id")
    };
    fixture.holds_for_signed_tokens().await;
}
