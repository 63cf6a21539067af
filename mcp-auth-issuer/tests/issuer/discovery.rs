//! Metadata and keys.

use http::StatusCode;
use mcp_auth_core::ScopeSet;
use mcp_auth_issuer::{GrantType, NamedClient};

use crate::harness::*;

#[tokio::test]
async fn b01_both_metadata_documents_name_the_issuer_and_s256() {
    let app = App::new();
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), "application/json");
        let document = answer.json();
        assert_eq!(document["issuer"], ISSUER);
        assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
        assert_eq!(document["response_types_supported"], serde_json::json!(["code"]));
        assert_eq!(document["scopes_supported"], serde_json::json!(["admin", "todos.read", "todos.write"]));
        assert_eq!(
            document["token_endpoint_auth_methods_supported"],
            serde_json::json!(["none", "client_secret_basic", "client_secret_post", "private_key_jwt"])
        );
        for endpoint in ["token", "revocation", "introspection"] {
            let methods = &document[format!("{endpoint}_endpoint_auth_methods_supported")];
            assert!(
                methods.as_array().unwrap().contains(&serde_json::json!("private_key_jwt")),
                "{endpoint}"
            );
            assert_eq!(
                document[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")],
                serde_json::json!(["ES256", "ES384", "EdDSA", "PS256", "RS256"]),
            );
        }
    }
}

#[tokio::test]
async fn every_endpoint_that_is_advertised_exists() {
    let app = App::new();
    let document = app.get("/.well-known/oauth-authorization-server").await.json();
    let mut endpoints = 0;
    for (name, value) in document.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            let path = value.as_str().unwrap().strip_prefix(ISSUER).unwrap();
            assert_ne!(app.get(path).await.status, StatusCode::NOT_FOUND, "{name}");
            endpoints += 1;
        }
    }
    assert_eq!(endpoints, 7);
}

#[tokio::test]
async fn openid_document_has_what_its_clients_insist_on_and_no_id_token_scope() {
    let document = App::new().get("/.well-known/openid-configuration").await.json();
    for required in ["jwks_uri", "subject_types_supported", "id_token_signing_alg_values_supported"] {
        assert!(!document[required].is_null(), "{required}");
    }
    assert!(!document["scopes_supported"].to_string().contains("openid"));
    assert!(document.get("userinfo_endpoint").is_none());
}

#[tokio::test]
async fn jwks_holds_one_public_es256_key() {
    let jwks = App::new().get("/jwks").await.json();
    let key = &jwks["keys"][0];
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"], &key["use"]),
        (&"EC".into(), &"P-256".into(), &"ES256".into(), &"sig".into())
    );
    assert!(key.get("d").is_none());
}

#[tokio::test]
async fn metadata_ignores_host_and_forwarded_headers() {
    let request = http::Request::get("/.well-known/oauth-authorization-server")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example");
    let answer = App::new().send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert!(!answer.body.contains("evil"));
}

/// Clients took it for an offer, and were refused: nobody may use it whom the operator did not name for it.
#[tokio::test]
async fn metadata_names_a_grant_of_named_clients_where_one_of_them_may_use_it() {
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    let grants = async |clients: Vec<NamedClient>| {
        let app = App::with(|_| (), |options| options.clients = clients);
        let document = app.get("/.well-known/oauth-authorization-server").await.json();
        let named = document["grant_types_supported"].as_array().unwrap().clone();
        named.iter().map(|grant| grant.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let machine = |grant_types: &[GrantType]| NamedClient {
        grant_types: grant_types.iter().copied().collect(),
        ..NamedClient::machine("job", "a secret of enough characters", ScopeSet::default())
    };
    let of_people = ["authorization_code", "refresh_token"];
    assert_eq!(grants(vec![]).await, of_people);
    let page = NamedClient::public("our app", [REDIRECT.parse().unwrap()]);
    assert_eq!(grants(vec![page]).await, of_people);
    let named = grants(vec![machine(&[GrantType::ClientCredentials])]).await;
    assert_eq!(named, ["authorization_code", "refresh_token", "client_credentials"]);
    let named = grants(vec![machine(&[GrantType::TokenExchange])]).await;
    assert_eq!(named, ["authorization_code", "refresh_token", exchange]);
}
