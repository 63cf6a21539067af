//! `[[issuer.clients]]` and `[issuer.registration]`: the clients of the built-in issuer.

use crate::config::derived::JwkSetError;

/// What is not safe in the clients of the built-in issuer. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerClientConflict {
    /// Two clients with one identifier.
    #[error("client {client:?} is configured twice: {at}")]
    DuplicateClient {
        /// The client.
        client: String,
        /// Key and source of the second.
        at: String,
    },
    /// A client that says nothing of how it authenticates.
    #[error(
        "client {client:?} has no credential: give it client_secret, client_secret_sha256, jwks or jwks_uri, or write \
         public = true if it cannot keep one: {at}"
    )]
    ClientWithoutCredential {
        /// The client.
        client: String,
        /// Key and source.
        at: String,
    },
    /// A client that would authenticate in several ways.
    #[error("client {client:?} has {keys}: a client authenticates in one way, so keep one of them: {at}")]
    ClientCredentials {
        /// The client.
        client: String,
        /// The keys that say how.
        keys: String,
        /// Key and source.
        at: String,
    },
    /// Keys of a client that cannot be used.
    #[error("client {client:?}: {error}: {at}")]
    ClientKeys {
        /// The client.
        client: String,
        /// Why.
        #[source]
        error: JwkSetError,
        /// Key and source.
        at: String,
    },
    /// A public client with a grant that only its authentication would protect.
    #[error(
        "client {client:?} is public and has {grant} in grant_types: anyone who knows its name would get tokens; give it a \
         credential, or remove the grant type: {at}"
    )]
    PublicClientGrant {
        /// The client.
        client: String,
        /// The grant type.
        grant: &'static str,
        /// Key and source.
        at: String,
    },
    /// A client may use device codes, which are turned off.
    #[error(
        "client {client:?} has device_code in grant_types, and device codes are off: set issuer.device_code = true, or remove the \
         grant type: {at}"
    )]
    DeviceCodeOff {
        /// The client.
        client: String,
        /// Key and source.
        at: String,
    },
    /// A client lists others whose tokens it may exchange, and exchanges none.
    #[error(
        "client {client:?} has exchange_from, and does not exchange tokens: write \"token_exchange\" into its grant_types, or remove \
         exchange_from: {at}"
    )]
    ClientExchangeUnused {
        /// The client.
        client: String,
        /// Key and source.
        at: String,
    },
    /// A client that people log in with, and no answer can be sent to.
    #[error(
        "client {client:?} has authorization_code in grant_types and no redirect_uris: say where answers to it are sent: {at}"
    )]
    ClientWithoutRedirectUri {
        /// The client.
        client: String,
        /// Key and source.
        at: String,
    },
    /// Redirect URIs that no answer is sent to.
    #[error(
        "client {client:?} has redirect_uris, and grant_types without authorization_code: remove one of them: {at}"
    )]
    ClientRedirectUnused {
        /// The client.
        client: String,
        /// Key and source.
        at: String,
    },
    /// A client that would refresh what it never gets.
    #[error(
        "client {client:?} has refresh_token in grant_types, and never gets a refresh token: that comes with authorization_code or \
         device_code. Add one of these to grant_types, or remove refresh_token: {at}"
    )]
    ClientRefreshUnused {
        /// The client.
        client: String,
        /// Key and source.
        at: String,
    },
    /// Two initial access tokens of one name.
    #[error("initial access token {name:?} is configured twice: {at}")]
    DuplicateInitialToken {
        /// The name.
        name: String,
        /// Key and source of the second.
        at: String,
    },
    /// An initial access token that is nowhere, or in two places.
    #[error("initial access token {name:?} has either sha256 or token: {at}")]
    HashOrToken {
        /// The name.
        name: String,
        /// Key and source.
        at: String,
    },
    /// An initial access token that can be guessed.
    #[error(
        "initial access token {name:?} is shorter than {least} characters: make one with `openssl rand -base64 32`: {at}"
    )]
    ShortInitialToken {
        /// The name.
        name: String,
        /// The fewest characters.
        least: usize,
        /// Key and source.
        at: String,
    },
    /// A client whose tokens would be taken for a user's.
    #[error(
        "client {client:?} has the name of one of issuer.users, and both names become `sub` of a token: a role or a rule that \
         names the user would hold for the client too; rename one of them: {at}"
    )]
    ClientIsUser {
        /// The client, and the user.
        client: String,
        /// Key and source of the client.
        at: String,
    },
}
