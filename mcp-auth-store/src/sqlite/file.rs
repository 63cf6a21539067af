//! The file, for its owner alone.

use std::fmt;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::schema;
use super::thread::Thread;
use crate::{OpenError, StoreError};

/// How long a step waits for another process that writes to the file.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it takes until the file is looked at again that another process has just made.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The [`Rows`](crate::durable::Rows) of a store in one SQLite file: what a change did is on the disk once it is done. Several processes of
/// one machine may share the file, and it must not be on a network drive.
pub struct SqliteRows {
    pub(super) thread: Thread,
    pub(super) path: PathBuf,
}

impl SqliteRows {
    /// The rows in the file `path`, which is made if it is not there.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        own_file(path)?;
        // A path is a path, whatever it begins with, and a file that is gone is not made anew.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(refused)?;
        connection.busy_timeout(PATIENCE).map_err(refused)?;
        write_ahead(&connection)?;
        // What was acknowledged is on the disk, also when the machine loses its power.
        connection
            .execute_batch(
                "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
                 PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;",
            )
            .map_err(refused)?;
        schema::migrate(&mut connection)?;
        connection.set_prepared_statement_cache_capacity(32);
        let thread = Thread::with(connection);
        let thread = thread.map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        Ok(Self { thread, path: path.to_owned() })
    }
}

impl fmt::Debug for SqliteRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteRows")
    }
}

pub(super) fn refused(error: rusqlite::Error) -> OpenError {
    OpenError::Database(StoreError::new(error))
}

/// Turns on the log by which readers do not wait for a writer. While another process does it, SQLite does not wait by itself.
fn write_ahead(connection: &Connection) -> Result<(), OpenError> {
    let mut tries = PATIENCE.as_millis() / LOOK_AGAIN.as_millis();
    loop {
        let mode =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => return Err(OpenError::Journal(mode)),
            Err(error) if tries > 0 && error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                tries -= 1;
                std::thread::sleep(LOOK_AGAIN);
            }
            Err(error) => return Err(refused(error)),
        }
    }
}

/// Makes the file for its owner alone, before SQLite would make it for everyone. One that is there is never opened here: to close it
/// would give up what SQLite has locked of it in this process.
fn own_file(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::File { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => is_its_owners_alone(path),
        Err(error) => Err(failed(error)),
    }
}

/// The file, and what stands beside it while it is used, or after a crash.
fn is_its_owners_alone(path: &Path) -> Result<(), OpenError> {
    for beside in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        let file = PathBuf::from(name);
        let metadata = match std::fs::metadata(&file) {
            Err(error) if !beside.is_empty() && error.kind() == ErrorKind::NotFound => continue,
            other => other.map_err(|source| OpenError::File { path: file.clone(), source })?,
        };
        #[cfg(unix)]
        if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
            return Err(OpenError::Readable(file.display().to_string()));
        }
        #[cfg(not(unix))]
        let _ = metadata;
    }
    Ok(())
}
