//! Allows one refresh at a time on this machine, by a lock on a file beside the logins.

use std::fs::File;
use std::path::Path;

use super::file;
use super::file::FileError;

/// Held while a token is refreshed; dropping it releases the lock.
#[derive(Debug)]
pub(crate) struct Guard {
    _file: File,
}

impl Guard {
    pub(super) fn wait(directory: &Path) -> Result<Self, FileError> {
        file::make_private(directory)?;
        let path = directory.join("lock");
        let failed = |reason| FileError::Failed { what: "open", path: path.clone(), reason };
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(failed)?;
        #[cfg(unix)]
        rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)
            .map_err(|reason| failed(reason.into()))?;
        Ok(Self { _file: file })
    }
}
