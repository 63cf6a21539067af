//! What a process starts with: its environment, current directory, executable and files. All of it is an argument, so
//! that a test decides it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most that is read of any file, in bytes: neither a configuration nor a secret is longer.
const MAX_FILE: u64 = 1 << 20;

/// A file's text, and who may read it.
#[derive(Clone)]
pub struct FileText {
    /// The text.
    pub text: String,
    /// Whether every user of the machine may read the file (always false where the system cannot say).
    pub world_readable: bool,
}

/// The file system, as far as configuration reads it.
pub trait Files: Send + Sync + 'static {
    /// Reads a whole file.
    ///
    /// # Errors
    /// As [`std::fs::File::open`]; [`io::ErrorKind::InvalidData`] for what is not UTF-8 or over 1 MiB.
    fn read(&self, path: &Path) -> io::Result<FileText>;

    /// The first bytes of a file, `most` of them and one more if it is longer.
    ///
    /// # Errors
    /// As [`std::fs::File::open`].
    fn read_bytes(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = self.read(path)?.text.into_bytes();
        bytes.truncate(most.saturating_add(1));
        Ok(bytes)
    }
}

/// The operating system's files.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemFiles;

impl Files for SystemFiles {
    fn read(&self, path: &Path) -> io::Result<FileText> {
        let file = std::fs::File::open(path)?;
        let world_readable = is_world_readable(&file.metadata()?);
        let mut text = String::new();
        file.take(MAX_FILE + 1).read_to_string(&mut text)?;
        if text.len() as u64 > MAX_FILE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is over 1 MiB"));
        }
        Ok(FileText { text, world_readable })
    }

    fn read_bytes(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        let most = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(unix)]
fn is_world_readable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.mode() & 0o004 != 0
}

#[cfg(not(unix))]
fn is_world_readable(_: &std::fs::Metadata) -> bool {
    false
}

/// Environment, current directory, executable and files of one process.
#[derive(Clone)]
pub struct ProcessContext {
    /// The environment variables.
    pub variables: BTreeMap<OsString, OsString>,
    /// Where relative paths of arguments and variables start.
    pub current_dir: PathBuf,
    /// The running executable, if the system says.
    pub executable: Option<PathBuf>,
    /// The file system.
    pub files: Arc<dyn Files>,
}

impl ProcessContext {
    /// Of this process.
    pub fn system() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
            current_dir: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            executable: std::env::current_exe().ok(),
            files: Arc::new(SystemFiles),
        }
    }

    /// No variables and no executable; the operating system's files.
    pub fn empty() -> Self {
        Self {
            variables: BTreeMap::new(),
            current_dir: PathBuf::from("."),
            executable: None,
            files: Arc::new(SystemFiles),
        }
    }

    /// The same with one more variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// A variable that is set, is not empty and is UTF-8.
    pub(in crate::config) fn text(&self, name: &str) -> Option<&str> {
        self.variables.get(std::ffi::OsStr::new(name))?.to_str().filter(|text| !text.is_empty())
    }
}

/// Names of variables only: their values may be secret.
impl fmt::Debug for ProcessContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessContext")
            .field("variables", &self.variables.keys().collect::<Vec<_>>())
            .field("current_dir", &self.current_dir)
            .field("executable", &self.executable)
            .finish_non_exhaustive()
    }
}

/// Files in memory, for tests.
#[cfg(test)]
#[derive(Default, Clone)]
pub(crate) struct MemoryFiles(pub(crate) BTreeMap<PathBuf, FileText>);

#[cfg(test)]
impl MemoryFiles {
    pub(crate) fn with(mut self, path: &str, text: &str) -> Self {
        self.0.insert(path.into(), FileText { text: text.to_owned(), world_readable: false });
        self
    }

    pub(crate) fn with_world_readable(mut self, path: &str, text: &str) -> Self {
        self.0.insert(path.into(), FileText { text: text.to_owned(), world_readable: true });
        self
    }

    /// A process at `/home/ann` with these files and the executable `/opt/bin/server`.
    pub(crate) fn process(self) -> ProcessContext {
        ProcessContext {
            variables: BTreeMap::new(),
            current_dir: "/home/ann".into(),
            executable: Some("/opt/bin/server".into()),
            files: Arc::new(self),
        }
    }
}

#[cfg(test)]
impl Files for MemoryFiles {
    fn read(&self, path: &Path) -> io::Result<FileText> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_value_of_the_environment() {
        let shown = format!("{:?}", ProcessContext::empty().variable("TOKEN", "hunter2"));
        assert!(shown.contains("TOKEN") && !shown.contains("hunter2"), "{shown}");
    }

    #[cfg(unix)]
    #[test]
    fn system_files_say_who_may_read_and_stop_at_a_mebibyte() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, "x").unwrap();
        for (mode, world_readable) in [(0o600, false), (0o640, false), (0o644, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(SystemFiles.read(&path).unwrap().world_readable, world_readable, "{mode:o}");
        }
        std::fs::write(&path, vec![b'a'; (1 << 20) + 1]).unwrap();
        assert_eq!(SystemFiles.read(&path).err().unwrap().kind(), io::ErrorKind::InvalidData);
    }
}
