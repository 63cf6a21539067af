//! `[auth]`: whether a caller is verified, and what a login asks for.

use crate::declared::Kind;

/// What is not safe in `[auth]`. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthConflict {
    /// Operations need a caller, and no caller is verified.
    #[error(
        "verify is \"none\", but {kind} `{operation}` needs {rule}: remove it and say whose tokens are accepted in \
         [[auth.issuers]], or make every operation public: {at}"
    )]
    Unverified {
        /// What kind of operation.
        kind: Kind,
        /// Its name.
        operation: String,
        /// What it needs.
        rule: String,
        /// Key and source.
        at: String,
    },
    /// Issuers whose tokens would be ignored.
    #[error("verify is \"none\", but issuers are configured: remove it, or the issuers in {issuers}: {at}")]
    UnusedIssuers {
        /// The tables that name them.
        issuers: &'static str,
        /// Key and source.
        at: String,
    },
    /// Verifiers of the program's own that would not be asked.
    #[error("verify is \"none\", but auth.verifiers names some: remove one of them: {at}")]
    UnusedVerifiers {
        /// Key and source.
        at: String,
    },
    /// Tokens are to be verified, and of no issuer.
    #[error(
        "no issuer is configured, so no token could be accepted: add [[auth.issuers]], or [issuer] while you develop, or \
         [[auth.api_keys]] for programs, or name verifiers of your own program in auth.verifiers; where every operation is public, write verify = \"none\" in [auth]: {at}"
    )]
    NoIssuers {
        /// Key and source.
        at: String,
    },
    /// A header with two meanings.
    #[error("header {header} carries the token, so it cannot stand in {other} too: {at}")]
    TokenHeaderTaken {
        /// The header.
        header: String,
        /// The other key.
        other: &'static str,
        /// Key and source.
        at: String,
    },
    /// Operations need scopes, and what a first login asks for is not said.
    #[error(
        "{kind} `{operation}` needs {rule}, so auth.base_scopes must say what clients ask for when they log in: \
         base_scopes = [\"…\"], or [] to let them ask for everything: {at}"
    )]
    BaseScopesMissing {
        /// What kind of operation.
        kind: Kind,
        /// Its name.
        operation: String,
        /// What it needs.
        rule: String,
        /// Key and source.
        at: String,
    },
    /// A credential that could not be verified.
    #[error("verify is \"none\", so nothing could verify the stdio credential: {at}")]
    StdioCredentialUnverified {
        /// Key and source.
        at: String,
    },
}
