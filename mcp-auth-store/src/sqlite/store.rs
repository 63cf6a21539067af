//! A store in one SQLite file.

use std::fmt;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::ambient::Random;
use rusqlite::Connection;

use super::schema;
use super::thread::Thread;
use super::vault::StoreKeys;
use crate::Backend;

/// How long a step waits for another process that writes to the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// A [`Backend`] in one SQLite file: what a step did is on the disk once the step is done. Several processes of one machine may share
/// the file, and it must not be on a network drive.
///
/// Secrets are in it as hashes. Sealing keys, and the arguments of calls that wait for their person, are encrypted.
#[derive(Clone)]
pub struct SqliteStore {
    pub(super) thread: Thread,
    pub(super) keys: Arc<StoreKeys>,
    pub(super) random: Arc<dyn Random>,
}

/// Why there is no store in a file.
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
    #[error("others may read the store {0}: it holds who allowed what to whom; run: chmod 600 {0}")]
    Readable(String),
    /// SQLite refuses it.
    #[error("SQLite refuses the store")]
    Sqlite(#[from] rusqlite::Error),
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

impl SqliteStore {
    /// The store in the file `path`, which is made if it is not there. What has to be read back is encrypted with `keys`.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: &Path, keys: StoreKeys, random: Arc<dyn Random>) -> Result<Self, OpenError> {
        own_file(path)?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        // What was acknowledged is on the disk, also when the machine loses its power.
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;")?;
        schema::migrate(&mut connection)?;
        connection.set_prepared_statement_cache_capacity(64);
        let thread = Thread::with(connection);
        let thread = thread.map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        Ok(Self { thread, keys: Arc::new(keys), random })
    }
}

impl Backend for SqliteStore {
    fn lasts(&self) -> bool {
        true
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteStore")
    }
}

/// Makes the file for its owner alone, before SQLite would make it for everyone.
fn own_file(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::File { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        let file = options.mode(0o600).open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(OpenError::Readable(path.display().to_string()));
        }
    }
    #[cfg(not(unix))]
    options.open(path).map_err(failed)?;
    Ok(())
}
