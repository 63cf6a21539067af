//! Authorization server metadata (RFC 8414 §2), and the same as OpenID provider metadata for clients that look there.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use mcp_auth_runtime::facade::{Algorithm, proof_algorithms};
use mcp_auth_store::GrantType;
use serde_json::{Value, json};

use super::authorize::PROMPT_VALUES;
use super::path::{AUTHORIZE, DEVICE_AUTHORIZATION, INTROSPECT, JWKS, PAR, REGISTER, REVOKE, TOKEN};
use crate::issuer::Issuer;

/// `GET /.well-known/oauth-authorization-server`
pub(super) async fn oauth(State(issuer): State<Arc<Issuer>>) -> Response {
    respond(document(&issuer))
}

/// `GET /.well-known/openid-configuration`: some MCP clients fetch it first, others when there is no RFC 8414
/// document.
///
/// OpenID Connect Discovery 1.0 §3 requires two members: how subjects are named, and which algorithm signs ID tokens.
/// Clients check for them, although this issuer does not make ID tokens and does not support the scope `openid`.
pub(super) async fn openid(State(issuer): State<Arc<Issuer>>) -> Response {
    let mut document = document(&issuer);
    document["subject_types_supported"] = json!(["public"]);
    let mut algorithms: Vec<_> =
        issuer.keys.listed(issuer.now()).iter().map(|key| key.algorithm.name()).collect();
    algorithms.sort_unstable();
    algorithms.dedup();
    document["id_token_signing_alg_values_supported"] = json!(algorithms);
    respond(document)
}

fn document(issuer: &Issuer) -> Value {
    let mut document = common(issuer);
    if issuer.assertions.has_id_jag() {
        // draft-ietf-oauth-identity-assertion-authz-grant: by this a client knows that it may present one.
        document["authorization_grant_profiles_supported"] =
            json!(["urn:ietf:params:oauth:grant-profile:id-jag"]);
    }
    document
}

fn common(issuer: &Issuer) -> Value {
    let origin = issuer.origin.as_str();
    let auth_methods = json!(["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]);
    let signing_algs = json!(Algorithm::OF_ASSERTIONS.map(Algorithm::name));
    let mut document = json!({
        "issuer": origin,
        "authorization_endpoint": format!("{origin}{AUTHORIZE}"),
        "pushed_authorization_request_endpoint": format!("{origin}{PAR}"),
        "require_pushed_authorization_requests": issuer.require_par,
        "token_endpoint": format!("{origin}{TOKEN}"),
        "revocation_endpoint": format!("{origin}{REVOKE}"),
        "introspection_endpoint": format!("{origin}{INTROSPECT}"),
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "introspection_endpoint_auth_signing_alg_values_supported": signing_algs,
        "jwks_uri": format!("{origin}{JWKS}"),
        "scopes_supported": issuer.scopes.names().collect::<Vec<_>>(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": grant_types(issuer).map(GrantType::as_str).collect::<Vec<_>>(),
        "token_endpoint_auth_methods_supported": auth_methods,
        "token_endpoint_auth_signing_alg_values_supported": signing_algs,
        "revocation_endpoint_auth_methods_supported": auth_methods,
        "revocation_endpoint_auth_signing_alg_values_supported": signing_algs,
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": proof_algorithms().collect::<Vec<_>>(),
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": issuer.documents.is_enabled(),
        "prompt_values_supported": PROMPT_VALUES,
        // Those of pushed requests are supported (RFC 9126 §5). If this member is absent, it counts as true (OpenID Connect Discovery 1.0 §3).
        "request_uri_parameter_supported": false,
    });
    if issuer.device_codes {
        // RFC 8628 §4.
        document["device_authorization_endpoint"] = json!(format!("{origin}{DEVICE_AUTHORIZATION}"));
    }
    if issuer.registration.is_possible() {
        document["registration_endpoint"] = json!(format!("{origin}{REGISTER}"));
    }
    let acr_values = issuer.login.acr_values_supported();
    if !acr_values.is_empty() {
        document["acr_values_supported"] = json!(acr_values);
    }
    document
}

/// The grants that some client may use.
fn grant_types(issuer: &Issuer) -> impl Iterator<Item = GrantType> {
    let is_on = |grant_type: &GrantType| match grant_type {
        // Of clients that register or describe themselves too.
        GrantType::AuthorizationCode | GrantType::RefreshToken => true,
        GrantType::ClientCredentials | GrantType::TokenExchange => {
            issuer.named.values().any(|client| client.may(*grant_type))
        }
        GrantType::JwtBearer => !issuer.assertions.is_empty(),
        GrantType::DeviceCode => issuer.device_codes,
    };
    GrantType::ALL.into_iter().filter(is_on)
}

fn respond(document: Value) -> Response {
    // Short, because a developer may restart the server with other scopes, and clients should then not use the old
    // document.
    ([(CACHE_CONTROL, "max-age=60")], axum::Json(document)).into_response()
}
