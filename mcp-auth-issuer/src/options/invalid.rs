//! An option out of its range.

use std::time::Duration;

use mcp_auth_core::seen;
use mcp_auth_runtime::facade::InvalidKeys;

use crate::assertion::InvalidAssertions;

/// An option out of its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidOption {
    /// A claim that the issuer writes into every token itself.
    #[error("{claim:?} in claims of {subject:?} is what the issuer writes into every token itself")]
    ReservedClaim {
        /// Whose it is.
        subject: String,
        /// The claim.
        claim: String,
    },
    /// A duration that is too short or too long.
    #[error("{name} is {}s, must be {}s to {}s", given.as_secs(), min.as_secs(), max.as_secs())]
    Lifetime {
        /// The name of the option, such as `access_token_lifetime`.
        name: &'static str,
        /// The value that was given.
        given: Duration,
        /// The smallest allowed value.
        min: Duration,
        /// The largest allowed value.
        max: Duration,
    },
    /// The list of users is empty, too long, or has a name twice.
    #[error("issuer.users has to be 1 to 32 different names")]
    Users,
    /// A name that a token cannot carry.
    #[error(
        "{} in {list} must have 1 to 128 visible characters, and no spaces at its ends",
        seen::quote(name, 128)
    )]
    Name {
        /// The option it is in: `users`, `clients` or `workloads`.
        list: &'static str,
        /// The name that is not allowed.
        name: String,
    },
    /// Two clients in the configuration have the same identifier.
    #[error("client {id:?} is in the clients twice: remove one, or give it another client_id")]
    ClientTwice {
        /// The `client_id` that occurs twice.
        id: String,
    },
    /// A client has the name of a user. Its tokens would name it as that user's name them, and whatever is decided by
    /// `sub`, such as a role, would hold for both.
    #[error("client {id:?} has the name of a user, so its tokens would be taken for that user's")]
    ClientIsUser {
        /// The `client_id`.
        id: String,
    },
    /// A client in the configuration has a secret that can be guessed.
    #[error("client {id:?} has a secret of less than 16 characters: make one with `openssl rand -base64 32`")]
    ShortSecret {
        /// The `client_id` of that client.
        id: String,
    },
    /// A public client has a grant that only its authentication would protect.
    #[error(
        "client {id:?} is public and has the grant type {grant}, which only clients that authenticate may use: remove it from grant_types, \
         or give the client a secret or keys"
    )]
    PublicClient {
        /// The `client_id` of that client.
        id: String,
        /// The grant type.
        grant: &'static str,
    },
    /// A client lists others whose tokens it may exchange, and exchanges none.
    #[error(
        "client {id:?} has exchange_from, and does not exchange tokens: add token_exchange to grant_types, or remove exchange_from"
    )]
    ExchangeUnused {
        /// The `client_id` of that client.
        id: String,
    },
    /// A client for people has no address that an answer could be sent to.
    #[error(
        "client {id:?} has the grant type authorization_code and no redirect_uris, so no answer could reach it: add redirect_uris, or remove \
         the grant type"
    )]
    ClientWithoutRedirectUri {
        /// The `client_id` of that client.
        id: String,
    },
    /// The keys of a client are at a URL that is never asked.
    #[error("client {id:?}: jwks_uri: {why}")]
    ClientKeysAt {
        /// The `client_id` of that client.
        id: String,
        /// Why it is not.
        why: String,
    },
    /// The keys of a client are not a JWK Set of public keys that verify.
    #[error("client {id:?}: {why}")]
    ClientKeys {
        /// The `client_id` of that client.
        id: String,
        /// Why they cannot be used.
        why: InvalidKeys,
    },
    /// A client in the configuration has a scope that the server does not declare.
    #[error("client {id:?} has scope {scope:?}, which the server does not declare")]
    UndeclaredScope {
        /// The `client_id` of that client.
        id: String,
        /// The scope that is not declared.
        scope: String,
    },
    /// A client may use device codes, which are turned off.
    #[error(
        "client {id:?} has the grant type device_code, and device codes are off: set issuer.device_code = true, or remove the grant type"
    )]
    DeviceCodeOff {
        /// The `client_id` of that client.
        id: String,
    },
    /// A name in `client_documents.private` that no host has.
    #[error("{host:?} in client_documents.private is not the name of a host, in lower case")]
    PrivateHost {
        /// The name.
        host: String,
    },
    /// An issuer whose assertions would stand for too much.
    #[error(transparent)]
    Assertions(#[from] InvalidAssertions),
    /// A number of logins a minute with which nobody could log in, or that is not a limit.
    #[error("accounts.{name} is {given}, must be 1 to {most}")]
    Attempts {
        /// The name of the option.
        name: &'static str,
        /// The value that was given.
        given: u32,
        /// The largest allowed value.
        most: u32,
    },
    /// A value of `registrations_per_minute` that is not a rate: with 0, no client could ever register.
    #[error("registrations_per_minute is {given}, must be 1 to 60000000")]
    Registrations {
        /// The value that was given.
        given: u32,
    },
}
