//! The endpoints at their paths, and which of them pages of other sites may call.
//!
//! The endpoints for programs answer CORS requests of any origin: they read no cookie, so a page gets nothing from
//! them that its own server could not get. The authorization endpoint never does (RFC 9700 §2.6): it is for people,
//! and recognises them by a cookie.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, Method};
use tower_http::cors::{Any, CorsLayer};

use super::path::{
    ACCOUNT, AUTHORIZE, CONFIRM, CONNECT, FACTORS, INTROSPECT, JWKS, PAR, PASSKEYS_SCRIPT, REGISTER,
    REGISTERED, RESET, RETURN, RETURN_FROM, REVOKE, TOKEN,
};
use super::{
    account, authorize, confirm, connect, device, factors, introspect, jwks, metadata, par, passkeys,
    registration, reset, returned, revoke, token,
};
use crate::issuer::Issuer;
use crate::person::page::speaking;

/// All endpoints, to be merged at the root of the issuer's origin.
pub(crate) fn router(issuer: Arc<Issuer>) -> Router {
    let of_accounts = match issuer.accounts {
        Some(_) => Router::new()
            .route(FACTORS, get(factors::get).post(factors::post))
            .route(PASSKEYS_SCRIPT, get(passkeys::get))
            .route(RESET, get(reset::get).post(reset::post)),
        None => Router::new(),
    };
    let devices = issuer.device_codes.then(|| device::router(Arc::clone(&issuer)));
    let router = Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata::oauth).layer(cors([Method::GET])))
        .route("/.well-known/openid-configuration", get(metadata::openid).layer(cors([Method::GET])))
        .route(JWKS, get(jwks::get).layer(cors([Method::GET])))
        .route(REGISTER, post(registration::post).layer(cors([Method::POST])))
        .route(
            REGISTERED,
            get(registration::get).put(registration::put).delete(registration::delete).layer(cors([
                Method::GET,
                Method::PUT,
                Method::DELETE,
            ])),
        )
        .route(PAR, post(par::post).layer(cors([Method::POST])))
        .route(AUTHORIZE, get(authorize::get).post(authorize::post))
        .route(ACCOUNT, get(account::get).post(account::post))
        .route(CONFIRM, get(confirm::get).post(confirm::post))
        .route(CONNECT, get(connect::get).post(connect::post))
        .route(RETURN, get(returned::get))
        .route(RETURN_FROM, get(returned::get))
        .route(TOKEN, post(token::post).layer(cors([Method::POST])))
        // No CORS: a resource server asks, with a secret.
        .route(INTROSPECT, post(introspect::post))
        .route(REVOKE, post(revoke::post).layer(cors([Method::POST])))
        .merge(of_accounts)
        .with_state(issuer);
    // Without a client that may use them, they are not there.
    devices.into_iter().fold(router, Router::merge).layer(from_fn(speaking))
}

/// Allows any origin, but never credentials. MCP clients send their protocol version as a header on every request, and a proof of their key
/// (DPoP) to the token endpoint.
fn cors<const N: usize>(methods: [Method; N]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(methods)
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            HeaderName::from_static("dpop"),
            HeaderName::from_static("mcp-protocol-version"),
        ])
        .expose_headers([RETRY_AFTER])
        .max_age(Duration::from_secs(600))
}
