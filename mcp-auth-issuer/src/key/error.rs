//! The possible errors of a key, and of signing a token with it.

use std::path::PathBuf;

use mcp_auth_store::StoreError;

/// Why a key cannot be made, kept or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The crypto library aws-lc could not generate a key.
    #[error("cannot generate a signing key")]
    Generate,
    /// A file operation failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The operation that was tried, such as `read`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// Other users could read the key, or replace it by their own.
    #[error("{} is open to other users (mode {mode:04o}): run chmod {wanted} on it", path.display())]
    Exposed {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// The permissions to give it, as an argument of chmod, such as `600`.
        wanted: &'static str,
    },
    /// The file or directory belongs to another user, who could replace the key.
    #[error(
        "{} belongs to another user (uid {owner}; this process is uid {own}): run it as that user, or name another \
         directory in issuer.state_dir", path.display()
    )]
    Foreign {
        /// The file or directory.
        path: PathBuf,
        /// The user id of its owner.
        owner: u32,
        /// The user id of this process.
        own: u32,
    },
    /// The store, which keeps the keys of all its servers, cannot be read or written.
    #[error("the signing keys cannot be read from the store, or kept there: {}", .0.cause())]
    Store(#[source] StoreError),
    /// Where the keys are kept is something else than a key.
    #[error(
        "the store holds something that is not a private key where the signing keys are kept: restore it from a backup, or begin with an empty one"
    )]
    Kept,
    /// There are no keys where they are kept.
    #[error("there are no signing keys where they are kept")]
    Gone,
    /// They could not be read a moment ago, and are not tried for each token.
    #[error("the signing keys could not be read a moment ago")]
    Unread,
    /// The key is kept nowhere, so it cannot be changed.
    #[error("the signing key is in the memory of its process only, so there is nothing to rotate")]
    NotKept,
    /// The file does not hold signing keys.
    #[error("{} holds no signing keys; delete it to have a new one made", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

/// Why a JWT cannot be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// The claims or the header are not a JSON object.
    #[error("header and claims of a JWT are JSON objects")]
    NotAnObject,
    /// The claims or the header cannot be written as JSON.
    #[error("cannot serialize the claims")]
    Serialize(#[source] serde_json::Error),
    /// The crypto library aws-lc could not sign.
    #[error("cannot sign")]
    Sign,
}
