//! The token endpoint (OAuth 2.1 §3.2): a client authenticates, presents a grant, and gets an access token.
//!
//! - `post`: handles the request, step by step.
//! - `client_auth`: authenticates the client; the revocation endpoint uses it too. `guess`: how often its secret may be wrong.
//! - `authorization_code`, `refresh_token`, `client_credentials`, `device_code`, `token_exchange`, `jwt_bearer`, `workload`: one grant each, as a list of
//!   steps with their rules below it. Each verifies everything before it uses the code or refresh token, so a refused request leaves it as it was.
//! - `may_go_on`: whether a grant is as good as on the first day; introspection asks it too.
//! - `proof`: the key that the request proves, and what the tokens are bound to (DPoP).
//! - `grant_type`, `resource`, `scope`: steps of several grants, a rule each.
//! - `new_grant`: the first tokens of what a person allowed. `issued`: what a grant answers.
//! - `refusal`: the possible mistakes, and the answer to each.

mod authorization_code;
mod client_auth;
mod client_credentials;
mod device_code;
mod grant_type;
mod guess;
mod issued;
mod jwt_bearer;
mod may_go_on;
mod new_grant;
mod post;
mod proof;
mod refresh_token;
mod refusal;
mod resource;
mod scope;
mod token_exchange;
mod workload;

pub(super) use client_auth::{Authenticated, authenticate};
pub(super) use grant_type::may_use;
pub(crate) use guess::ClientSecrets;
pub(super) use may_go_on::{ends_at, may_go_on};
pub(super) use post::post;
pub(crate) use proof::Binding;
pub(super) use refresh_token::PresentedRefreshToken;
pub(super) use refusal::Refusal;
pub(super) use resource::verify_resource;
