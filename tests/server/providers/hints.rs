//! What the log says of a refused token, by the provider that is configured.

use mcp_auth::serde_json::{Value, json};

use super::clouds::entra;
use super::fixture::{Fixture, Presented};
use super::hosted::{auth0, okta};
use super::self_hosted::keycloak;

/// An encrypted JWT.
const JWE: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwiaXNzIjoiaHR0cHM6Ly9leGFtcGxlLmV1LmF1dGgwLmNvbS8ifQ..AAAAAAAAAAAAAAAA.c29tZWJvZHlzLXNlY3JldA.AAAAAAAAAAAAAAAAAAAAAA";

/// Each refused token has a hint that says this, or none.
async fn says(fixture: Fixture, cases: Vec<(Presented, Option<&str>)>) {
    let (refused, expected): (Vec<Presented>, Vec<Option<&str>>) = cases.into_iter().unzip();
    let hints = fixture.hints(&refused).await;
    for (index, (hint, expected)) in hints.iter().zip(expected).enumerate() {
        match (hint, expected) {
            (Some(hint), Some(expected)) => assert!(hint.contains(expected), "{index}: {hint}"),
            (None, None) => {}
            _ => panic!("{index}: {hint:?}, not {expected:?}"),
        }
    }
}

fn signed(changes: Value) -> Presented {
    Presented::Signed(changes)
}

#[tokio::test]
async fn an_encrypted_token_at_auth0_means_that_no_api_was_asked_for_and_at_keycloak_nothing() {
    let at_auth0 = vec![
        (Presented::Text(JWE), Some("encrypted for Auth0 itself")),
        (Presented::Text("an-opaque-token-of-auth0"), Some("the client asked for no API")),
        (signed(json!({ "exp": 1000 })), None),
        (signed(json!({ "aud": "https://other.example.com/api" })), None),
    ];
    says(auth0(), at_auth0).await;
    says(keycloak(), vec![(Presented::Text(JWE), None), (Presented::Text("an-opaque-token"), None)]).await;
}

#[tokio::test]
async fn a_token_of_keycloak_without_subject_or_audience_leads_to_the_scope_and_the_mapper_and_one_of_auth0_does_not()
 {
    let at_keycloak = vec![
        (signed(json!({ "sub": null })), Some("client scope `basic`")),
        (signed(json!({ "aud": null })), Some("No mapper puts your server into `aud`")),
        (signed(json!({ "aud": "account" })), Some("`account` is in nearly every token")),
        (signed(json!({ "aud": "app1" })), Some("is a client of the realm")),
        (signed(json!({ "typ": "ID" })), Some("ID token or a refresh token")),
        (signed(json!({ "aud": "https://other.example.com/mcp" })), None),
        (signed(json!({ "iss": "https://keycloak.example.com/realms/other" })), None),
    ];
    says(keycloak(), at_keycloak).await;
    let at_auth0 = vec![(signed(json!({ "sub": null })), None), (signed(json!({ "aud": "account" })), None)];
    says(auth0(), at_auth0).await;
}

#[tokio::test]
async fn a_token_of_oktas_org_server_and_one_of_entras_other_version_are_known_by_their_looks() {
    let org = json!({ "iss": "https://example.okta.com", "@typ": "application/okta-internal-at+jwt" });
    let at_okta = vec![
        (signed(org.clone()), Some("org server")),
        (signed(json!({ "iss": "https://example.okta.com" })), Some("org server")),
        (signed(json!({ "aud": "api://default" })), Some("still `api://default`")),
        (signed(json!({ "iss": "https://example.okta.com/oauth2/other" })), None),
    ];
    says(okta(), at_okta).await;
    let v1 = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/";
    let at_entra = vec![
        (signed(json!({ "iss": v1, "ver": "1.0" })), Some("`requestedAccessTokenVersion` to 2")),
        (signed(json!({ "ver": "1.0" })), Some("`requestedAccessTokenVersion` to 2")),
        (signed(json!({ "aud": "00000003-0000-0000-c000-000000000000" })), Some("another API")),
        (signed(org), None),
    ];
    says(entra(), at_entra).await;
    says(okta(), vec![(signed(json!({ "iss": v1 })), None)]).await;
}

#[tokio::test]
async fn an_opaque_token_of_google_or_github_is_known_where_only_jwts_are_taken() {
    let cases = vec![
        (Presented::Text("ya29.a0AfH6SMBx-y_zSomebodysSecret"), Some("one of Google")),
        (Presented::Text("gho_16C7e42F292c6912E7710c838347Ae178B4a"), Some("one of GitHub")),
        (Presented::Text("glpat-somebodysSecret"), None),
    ];
    says(keycloak(), cases).await;
}
