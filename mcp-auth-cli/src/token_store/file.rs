//! Stores logins as files of mode 0600, one for each server, in a directory of mode 0700.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Why a file could not be stored or was not trusted. Names the file and the solution, never its content.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("no directory to keep logins in: set HOME or XDG_STATE_HOME to an absolute path")]
    NoDirectory,
    #[error("cannot {what} {}", path.display())]
    Failed {
        what: &'static str,
        path: PathBuf,
        #[source]
        reason: io::Error,
    },
    #[error(
        "{path} can be read by others (mode {mode:04o}), so its tokens are not secret any more; \
         run: rm {path}, and log in again",
        path = path.display()
    )]
    NotPrivate { path: PathBuf, mode: u32 },
    #[error("{path} can be changed by others (mode {mode:04o}); run: chmod 700 {path}", path = path.display())]
    DirectoryNotPrivate { path: PathBuf, mode: u32 },
    #[error("{} belongs to another user", .0.display())]
    NotOurs(PathBuf),
    #[error("{} is not a plain file", .0.display())]
    NotAFile(PathBuf),
    #[error("the server's URL is too long to name a file by; use --token instead of a kept login")]
    TooLong,
}

/// `$XDG_STATE_HOME/mcp-auth`, else `~/.local/state/mcp-auth`; on Windows `%LOCALAPPDATA%\mcp-auth`.
pub(super) fn state_directory() -> Result<PathBuf, FileError> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| cfg!(windows).then(|| absolute("LOCALAPPDATA")).flatten())
        .or_else(|| absolute("HOME").map(|home| home.join(".local").join("state")));
    Ok(state.ok_or(FileError::NoDirectory)?.join("mcp-auth"))
}

/// The files of one directory.
#[derive(Debug)]
pub(super) struct Files {
    directory: PathBuf,
}

impl Files {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub(super) fn load(&self, server: &str) -> Result<Option<String>, FileError> {
        let path = self.path(server)?;
        let failed = |reason| FileError::Failed { what: "read", path: path.clone(), reason };
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        // The metadata is taken from the open file, so that the file cannot be replaced between the check and the
        // reading.
        check_private(&path, &file.metadata().map_err(failed)?)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        Ok(Some(text))
    }

    /// Writes another file beside it and renames it: a reader finds the old login or the new one, never half of it.
    pub(super) fn save(&self, server: &str, text: &str) -> Result<(), FileError> {
        let path = self.path(server)?;
        make_private(&self.directory)?;
        let beside = self.directory.join(format!(".{}.new", std::process::id()));
        let written = write_private(&beside, text).and_then(|()| fs::rename(&beside, &path));
        written.map_err(|reason| {
            // The incomplete file is not a login. Only the first error is reported.
            let _ = fs::remove_file(&beside);
            FileError::Failed { what: "write", path: path.clone(), reason }
        })
    }

    /// Removes the login; returns whether there was one.
    pub(super) fn forget(&self, server: &str) -> Result<bool, FileError> {
        let path = self.path(server)?;
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(reason) => Err(FileError::Failed { what: "remove", path, reason }),
        }
    }

    fn path(&self, server: &str) -> Result<PathBuf, FileError> {
        let name = name_of(server);
        // 255 bytes is the usual limit for a file name.
        if name.len() > 250 { Err(FileError::TooLong) } else { Ok(self.directory.join(name)) }
    }
}

/// A readable file name that is different for every URL, even if file names are not case-sensitive: small letters,
/// digits, `.` and `-` stay, every other character becomes its hexadecimal value.
fn name_of(server: &str) -> String {
    let mut name = String::with_capacity(server.len() + 16);
    for byte in server.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' => name.push(char::from(byte)),
            other => name.push_str(&format!("_{other:02x}")),
        }
    }
    name.push_str(".json");
    name
}

/// Makes the directory with mode 0700; refuses one that other users may write to.
pub(super) fn make_private(directory: &Path) -> Result<(), FileError> {
    let failed = |reason| FileError::Failed { what: "make", path: directory.to_owned(), reason };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = fs::metadata(directory).map_err(failed)?;
        let mode = metadata.mode() & 0o7777;
        if mode & 0o022 != 0 {
            return Err(FileError::DirectoryNotPrivate { path: directory.to_owned(), mode });
        }
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(FileError::NotOurs(directory.to_owned()));
        }
    }
    Ok(())
}

fn check_private(path: &Path, metadata: &fs::Metadata) -> Result<(), FileError> {
    if !metadata.is_file() {
        return Err(FileError::NotAFile(path.to_owned()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let mode = metadata.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(FileError::NotPrivate { path: path.to_owned(), mode });
        }
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(FileError::NotOurs(path.to_owned()));
        }
    }
    Ok(())
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = match options.open(path) {
        // The file was left by an earlier process that had the same process number and died.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            options.open(path)?
        }
        opened => opened?,
    };
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> (tempfile::TempDir, Files) {
        let directory = tempfile::tempdir().unwrap();
        let files = Files::new(directory.path().join("deeper").join("mcp-auth"));
        (directory, files)
    }

    #[test]
    fn what_is_saved_is_loaded_replaced_and_forgotten() {
        let (_directory, files) = files();
        assert_eq!(files.load("http://a/mcp").unwrap(), None);
        assert!(!files.forget("http://a/mcp").unwrap());
        files.save("http://a/mcp", "one").unwrap();
        files.save("http://a/mcp", "two").unwrap();
        files.save("http://a/mcp2", "other").unwrap();
        assert_eq!(files.load("http://a/mcp").unwrap().as_deref(), Some("two"));
        assert!(files.forget("http://a/mcp").unwrap());
        assert_eq!(files.load("http://a/mcp").unwrap(), None);
        assert_eq!(files.load("http://a/mcp2").unwrap().as_deref(), Some("other"));
        assert_eq!(fs::read_dir(&files.directory).unwrap().count(), 1, "nothing is left beside");
    }

    #[test]
    fn every_server_has_its_own_file_name_that_stays_in_the_directory() {
        assert_eq!(name_of("https://a.example/mcp"), "https_3a_2f_2fa.example_2fmcp.json");
        assert_ne!(
            name_of("https://a.example/B").to_lowercase(),
            name_of("https://a.example/b").to_lowercase()
        );
        let names =
            ["http://a/b", "http://a_2fb", "http://a/../b", "http://A/b", "http://a/b?c"].map(name_of);
        for (at, name) in names.iter().enumerate() {
            assert!(!name.contains('/'), "{name}");
            assert!(!names[at + 1..].contains(name), "{name}");
        }
    }

    #[test]
    fn a_url_too_long_for_a_name_is_refused() {
        let (_directory, files) = files();
        assert!(matches!(files.save(&"a".repeat(300), "x"), Err(FileError::TooLong)));
    }

    #[cfg(unix)]
    #[test]
    fn file_and_directory_are_private_and_others_that_are_not_are_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_directory, files) = files();
        files.save("s", "x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let path = files.path("s").unwrap();
        assert_eq!((mode(&path), mode(&files.directory)), (0o600, 0o700));
        for open in [0o640, 0o604, 0o660, 0o610] {
            set(&path, open);
            assert!(matches!(files.load("s"), Err(FileError::NotPrivate { mode, .. }) if mode == open));
        }
        set(&path, 0o600);
        assert_eq!(files.load("s").unwrap().as_deref(), Some("x"));
        set(&files.directory, 0o770);
        assert!(matches!(files.save("s", "y"), Err(FileError::DirectoryNotPrivate { .. })));
    }
}
