//! Why a database is not the store of this server.

use std::path::PathBuf;

use crate::StoreError;

/// Why there is no store in a database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be made or read.
    #[error("cannot open the store {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Others than its owner may read it.
    #[error("others may read {0}: a store holds who allowed what to whom; run: chmod 600 {0}")]
    Readable(String),
    /// It is encrypted with a key that was not given.
    #[error(
        "the store is encrypted with another key than the one that is given: give that one too, as one from before"
    )]
    Key,
    /// It was to be filled, and only a part of it is there.
    #[error(
        "the store was to be filled by a copy or a restore that did not end: take an empty one, and begin again"
    )]
    Half,
    /// The file system cannot be used.
    #[error("the store cannot be kept there: its journal is {0:?} and not \"wal\"; is it a network drive?")]
    Journal(String),
    /// The database cannot be reached, or it refuses.
    #[error("the database of the store cannot be used: {}", .0.cause())]
    Database(StoreError),
    /// A newer release wrote it, and says that this one may not use it.
    #[error(
        "a newer mcp-auth changed this store: it needs version {min_version} of its tables, and this one knows {newest}; use the newer one"
    )]
    Newer {
        /// The oldest version that may use it.
        min_version: i64,
        /// What this release knows.
        newest: i64,
    },
}
