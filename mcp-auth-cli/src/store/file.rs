//! The file of a backup: a new one, for its owner alone, which is whole or not there.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::Failure;

/// A backup that is being written.
pub(super) struct NewFile {
    path: PathBuf,
    out: BufWriter<File>,
    is_whole: bool,
}

impl NewFile {
    /// # Errors
    /// A file that is there already: an older backup is not written over.
    pub(super) fn make(path: &Path) -> Result<Self, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                format!(
                    "{} is there already: name a file that is not, so that no backup is lost",
                    path.display()
                )
            }
            _ => format!("{} cannot be written: {error}", path.display()),
        })?;
        Ok(Self { path: path.to_owned(), out: BufWriter::new(file), is_whole: false })
    }

    /// All of it is written, and is on the disk once this is done.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        self.is_whole = true;
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_whole {
            // Half a backup is not left where somebody would trust it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Opens a backup to read it.
pub(super) fn open(path: &Path) -> io::Result<BufReader<File>> {
    File::open(path).map(BufReader::new)
}
