//! Client registration: clients register themselves (RFC 7591), and those that are nobody else's too change and remove what is kept of them
//! (RFC 7592).
//!
//! - `post`: `POST /register`. Any client may, or only one that shows an initial access token.
//! - `manage`: `GET`, `PUT` and `DELETE /register/{client_id}`, with the registration access token. `change`: what `PUT` replaces.
//! - `client_metadata`: what a client says of itself, and what is kept of it.
//! - `bearer`: the token that a request shows.
//! - `options`: what the operator decides.
//! - `refusal`: the possible mistakes, and the answer to each.

mod bearer;
mod change;
mod client_metadata;
mod manage;
mod options;
mod post;
mod refusal;

pub(super) use manage::{delete, get, put};
pub use options::{InitialAccessToken, RegistrationOptions};
pub(super) use post::post;
