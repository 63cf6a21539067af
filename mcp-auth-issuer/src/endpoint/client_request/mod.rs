//! A request of a client to an endpoint for programs: what `/token`, `/par`, `/revoke`, `/introspect` and `/device_authorization` have in
//! common.
//!
//! - `request`: the request, and what is known of it so far.
//! - `client_auth`: authenticates the client that sent it. `guess`: how often its secret may be wrong.
//! - `grant_type`, `resource`: rules of several endpoints.
//! - `refusal`: the possible mistakes, and the answer to each; `cause`: by what, where there are several.

mod cause;
mod client_auth;
mod grant_type;
mod guess;
mod refusal;
mod request;
mod resource;

pub(super) use cause::{
    InvalidExchange, InvalidGrant, InvalidSubjectToken, NotAuthenticated, Over, Replayed,
};
pub(super) use client_auth::Authenticated;
pub(super) use grant_type::{is_trusted_with, may_use};
pub(crate) use guess::ClientSecrets;
pub(super) use refusal::Refusal;
pub(super) use request::{ClientRequest, Refused, answer};
pub(super) use resource::{verify_granted_resource, verify_resource};
