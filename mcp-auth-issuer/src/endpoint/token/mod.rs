//! The token endpoint (OAuth 2.1 §3.2): a client authenticates, presents a grant, and gets an access token.
//!
//! - `post`: handles the request, step by step.
//! - `authorization_code`, `refresh_token`, `client_credentials`, `device_code`, `token_exchange`, `jwt_bearer`, `workload`: one grant each, as a list of
//!   steps with their rules below it. Each verifies everything before it uses the code or refresh token, so a refused request leaves it as it was.
//! - `renewed`: what the login of a person says now.
//! - `may_go_on`: whether a grant is as good as on the first day; introspection asks it too.
//! - `proof`: the key that the request proves, and what the tokens are bound to (DPoP).
//! - `scope`: which scopes a new token has.
//! - `new_grant`: the first tokens of what a person allowed. `issued`: what a grant answers.

mod authorization_code;
mod client_credentials;
mod device_code;
mod issued;
mod jwt_bearer;
mod may_go_on;
mod new_grant;
mod post;
mod proof;
mod refresh_token;
mod renewed;
mod scope;
mod token_exchange;
mod workload;

pub(super) use may_go_on::{ends_at, may_go_on};
pub(super) use post::post;
pub(crate) use proof::Binding;
pub(super) use refresh_token::PresentedRefreshToken;
