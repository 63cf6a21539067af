//! Why what `[issuer]` names cannot be read.

use mcp_auth_runtime::config::{JwkSetError, SecretError};

use crate::person::own::InvalidKey;

/// Why what `[issuer]` names cannot be read. Shows no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfiguredError {
    /// A secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The keys of a client, of an issuer of assertions or of the application at which people log in.
    #[error(transparent)]
    Keys(#[from] JwkSetError),
    /// A key of `issuer.own_login`.
    #[error("issuer.own_login: {0}")]
    AnswerKey(#[from] InvalidKey),
    /// `issuer.login` needs a table that is not there.
    #[error(
        "issuer.login says that people log in elsewhere, and the table that says where is missing: add {0}"
    )]
    NoTable(String),
    /// Something of `[upstreams]` without which nobody could log in there, or everybody.
    #[error("upstreams.{name}: {what} is missing")]
    NotInUpstream {
        /// Its name.
        name: String,
        /// What is missing.
        what: &'static str,
    },
    /// A client that is not public has nothing to authenticate by.
    #[error(
        "client {client_id:?} of issuer.clients has nothing to authenticate by: add client_secret, client_secret_sha256, jwks or jwks_uri, or \
         public = true"
    )]
    NoCredential {
        /// The `client_id` of that client.
        client_id: String,
    },
    /// An initial access token that nobody could present.
    #[error("the initial access token {name:?} of issuer.registration has no secret: add token or sha256")]
    NoToken {
        /// The name of that token.
        name: String,
    },
    /// The keys of an issuer of assertions are not JSON.
    #[error("jwks of {issuer} in issuer.assertions is not JSON: {why}")]
    AssertionKeys {
        /// The issuer.
        issuer: String,
        /// Why it is not.
        why: serde_json::Error,
    },
    /// The application would not be asked, or not be believed.
    #[error(
        "issuer.own_login has one of check_url and check_secret, and the other is missing: add it, or remove both"
    )]
    HalfOfCheck,
}
