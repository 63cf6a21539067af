//! Why a login could not be stored or read.

use super::file;

/// Why a login could not be stored or read. Never holds its content.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenStoreError {
    #[error("MCP_AUTH_KEEP is {0:?}, expected keyring or file")]
    UnknownPlace(String),
    #[error(transparent)]
    File(#[from] file::FileError),
    #[cfg(feature = "keyring")]
    #[error("the keyring refused{0}; --keep file does without it")]
    Keyring(&'static str, #[source] ::keyring::Error),
    #[error("there is no keyring here ({0}); --keep file does without it")]
    NoKeyring(String),
    #[error(
        "what is kept for {server} cannot be read ({why}); `mcp-auth login {server} --forget` removes it"
    )]
    Unreadable { server: String, why: String },
}
