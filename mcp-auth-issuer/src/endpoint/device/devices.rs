//! What the endpoints for devices share, and where they are.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::limit::Limits;
use super::{authorization, get as page, post as answer};
use crate::endpoint::path::{DEVICE, DEVICE_AUTHORIZATION};
use crate::issuer::Issuer;
use crate::mac::StoreMac;

/// What the store keeps the key of user codes for.
const PURPOSE: &str = "issuer-user-codes";

/// The state that the endpoints for devices share.
pub(super) struct Devices {
    pub(super) issuer: Arc<Issuer>,
    /// What a user code is kept as.
    pub(super) user_codes: StoreMac,
    pub(super) limits: Limits,
}

/// The endpoints for devices.
pub(crate) fn router(issuer: Arc<Issuer>) -> Router {
    let user_codes = StoreMac::new(issuer.store.clone(), PURPOSE, &*issuer.ambient.random);
    let devices = Arc::new(Devices { issuer, user_codes, limits: Limits::default() });
    Router::new()
        // No CORS: a page in a browser has better ways to log in, and the other one is for people.
        .route(DEVICE_AUTHORIZATION, post(authorization::post))
        .route(DEVICE, get(page::get).post(answer::post))
        .with_state(devices)
}
