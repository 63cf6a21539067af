//! People log in at an OpenID Connect provider. It is told apart who they are by (issuer, subject), never by an email address, and nobody is let
//! in who is not named, unless the operator says so.
//!
//! - `options`: which provider, and who is let in.
//! - `metadata`: where its endpoints are.
//! - `request`: what the browser is sent there with.
//! - `exchange`: the code for an ID token.
//! - `person`: whom the ID token names.
//! - `login`: the steps.

mod exchange;
mod login;
mod metadata;
mod options;
mod person;
mod request;

pub use login::{InvalidUpstream, UpstreamLogin};
pub use options::{Admitted, UpstreamOptions};
pub(super) use person::PREFIX;
