//! The token endpoint (OAuth 2.1 §3.2): a client shows who it is and what it was given, and gets an access token.
//!
//! - `post`: the way of a request.
//! - `client_auth`: who the client is; also the revocation endpoint's.
//! - `authorization_code`, `refresh_token`, `client_credentials`: one grant each. Each verifies everything before it
//!   uses anything up, so a refused request leaves a code or refresh token as it was.
//! - `refusal`: what may be wrong, and what is said of it.

mod authorization_code;
mod client_auth;
mod client_credentials;
mod post;
mod refresh_token;
mod refusal;

pub(super) use client_auth::authenticate;
pub(super) use post::post;
pub(super) use refresh_token::PresentedRefreshToken;
pub(super) use refusal::Refusal;
