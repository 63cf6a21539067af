//! What may be wrong with a key, or with a token that it is to sign.

use std::path::PathBuf;

/// A key that cannot be made, kept or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// aws-lc refused to make one.
    #[error("cannot generate an ES256 key")]
    Generate,
    /// The file system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Others could read the key, or put one of theirs in its place.
    #[error("{} is open to other users (mode {mode:04o}): run chmod {wanted} on it", path.display())]
    Exposed {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// The permissions to give it.
        wanted: &'static str,
    },
    /// Its owner could replace the key.
    #[error(
        "{} belongs to another user (uid {owner}; this process is uid {own}): run it as that user, or name another \
         directory in issuer.state_dir", path.display()
    )]
    Foreign {
        /// The file or directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who asks.
        own: u32,
    },
    /// Not a P-256 private key in PKCS#8.
    #[error("{} holds no P-256 private key in PKCS#8 (DER); delete it to have a new one made", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

/// A JWT that cannot be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// The claims or the header are no JSON object.
    #[error("header and claims of a JWT are JSON objects")]
    NotAnObject,
    /// They do not serialize.
    #[error("cannot serialize the claims")]
    Serialize(#[source] serde_json::Error),
    /// aws-lc refused to sign.
    #[error("cannot sign")]
    Sign,
}
