//! The file that holds the signing key: written completely or not at all, and readable by its owner alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::{KeyError, SigningKey};

/// The file name in the state directory; the content is PKCS#8 (RFC 5208), DER.
const FILE_NAME: &str = "signing-key.pkcs8";

/// The most bytes that are read; the keys written here are shorter.
const MAX_LENGTH: u64 = 4096;

impl SigningKey {
    /// Reads the key kept in `state_dir`, or makes one there: directory 0700, file 0600, which appears only when it
    /// is complete. If two processes start together, both use the same key.
    ///
    /// # Errors
    /// [`KeyError::Exposed`] when group or others can read the file, or could replace it in its directory.
    /// [`KeyError::Foreign`] when either belongs to another user, who could replace it too. Permissions are not
    /// repaired automatically, because the key may already have been read. Otherwise any other [`KeyError`].
    pub fn load_or_create(state_dir: &Path) -> Result<Self, KeyError> {
        create_dir(state_dir)?;
        if let Some(key) = Self::load(state_dir)? {
            return Ok(key);
        }
        let key = Self::generate()?;
        if create(&key, state_dir)? {
            tracing::info!(path = %state_dir.join(FILE_NAME).display(), kid = key.kid(), "signing key made");
            return Ok(key);
        }
        // Another process wrote its key first, so that key is used.
        Self::load(state_dir)?.ok_or_else(|| KeyError::Io {
            action: "read",
            path: state_dir.join(FILE_NAME),
            source: io::ErrorKind::NotFound.into(),
        })
    }

    /// Reads the key kept in `state_dir`; `None` if the directory or the file does not exist. It creates neither.
    ///
    /// # Errors
    /// As [`SigningKey::load_or_create`].
    pub fn load(state_dir: &Path) -> Result<Option<Self>, KeyError> {
        match File::open(state_dir) {
            Ok(dir) => refuse_exposed(&dir, state_dir, 0o022, "700")?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(KeyError::Io { action: "open", path: state_dir.to_owned(), source });
            }
        }
        let path = state_dir.join(FILE_NAME);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(KeyError::Io { action: "open", path, source });
            }
        };
        // The open file is checked, not its path, so that the file that is read is the one that was checked.
        refuse_exposed(&file, &path, 0o077, "600")?;
        let mut der = Vec::new();
        file.take(MAX_LENGTH).read_to_end(&mut der).map_err(|source| KeyError::Io {
            action: "read",
            path: path.clone(),
            source,
        })?;
        Self::from_pkcs8(&der).map(Some).ok_or(KeyError::Malformed { path })
    }
}

/// Makes the directory if it is missing. Its owner and permissions are checked when the key is read.
fn create_dir(dir: &Path) -> Result<(), KeyError> {
    if !dir.exists() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir).map_err(|source| KeyError::Io {
            action: "create",
            path: dir.to_owned(),
            source,
        })?;
        // The directory is beside mcp.toml, so probably in a git repository. If writing fails, the key is just as
        // safe.
        let _ = fs::write(dir.join(".gitignore"), "*\n");
    }
    Ok(())
}

/// Writes `key` under its final name, by way of a private file beside it. False if the name is taken.
fn create(key: &SigningKey, dir: &Path) -> Result<bool, KeyError> {
    let der = key.pair.to_pkcs8v1().map_err(|_| KeyError::Generate)?;
    let path = dir.join(FILE_NAME);
    // The `kid` is a hash of a new key, so the name cannot be in use.
    let draft = dir.join(format!(".{FILE_NAME}.{}", key.kid()));
    let written = write_private(&draft, der.as_ref()).and_then(|()| {
        // A hard link appears in one step and, unlike a rename, never replaces a key that is already there.
        match fs::hard_link(&draft, &path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    });
    let _ = fs::remove_file(&draft);
    written.map_err(|source| KeyError::Io { action: "write", path, source })
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Reports an error if the file belongs to another user, or if it gives others the `forbidden` permissions.
#[cfg(unix)]
fn refuse_exposed(file: &File, path: &Path, forbidden: u32, wanted: &'static str) -> Result<(), KeyError> {
    use std::os::unix::fs::MetadataExt as _;
    let failed = |source| KeyError::Io { action: "read the permissions of", path: path.to_owned(), source };
    let metadata = file.metadata().map_err(failed)?;
    refuse_foreign(path, metadata.uid(), rustix::process::geteuid().as_raw())?;
    let mode = metadata.mode() & 0o777;
    if mode & forbidden == 0 {
        Ok(())
    } else {
        Err(KeyError::Exposed { path: PathBuf::from(path), mode, wanted })
    }
}

#[cfg(unix)]
fn refuse_foreign(path: &Path, owner: u32, own: u32) -> Result<(), KeyError> {
    if owner == own { Ok(()) } else { Err(KeyError::Foreign { path: PathBuf::from(path), owner, own }) }
}

#[cfg(not(unix))]
fn refuse_exposed(_: &File, _: &Path, _: u32, _: &'static str) -> Result<(), KeyError> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn key_outlives_a_restart_and_only_its_owner_reads_it() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("a/state");
        let first = SigningKey::load_or_create(&dir).unwrap();
        let second = SigningKey::load_or_create(&dir).unwrap();
        assert_eq!(first.kid(), second.kid());
        assert_eq!(mode(&dir), 0o700);
        assert_eq!(mode(&dir.join(FILE_NAME)), 0o600);
        let mut names: Vec<_> = fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [".gitignore", FILE_NAME], "no draft is left behind");
    }

    #[test]
    fn key_that_others_can_read_is_refused() {
        for exposed in [0o640, 0o604, 0o644, 0o660] {
            let dir = tempfile::tempdir().unwrap();
            SigningKey::load_or_create(dir.path()).unwrap();
            let path = dir.path().join(FILE_NAME);
            fs::set_permissions(&path, fs::Permissions::from_mode(exposed)).unwrap();
            let error = SigningKey::load_or_create(dir.path()).unwrap_err();
            assert!(matches!(error, KeyError::Exposed { mode, .. } if mode == exposed), "{error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn directory_that_others_can_write_is_refused_before_its_key_is_read() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("state");
        let kept = SigningKey::load_or_create(&dir).unwrap();
        for exposed in [0o777, 0o775, 0o720, 0o702] {
            fs::set_permissions(&dir, fs::Permissions::from_mode(exposed)).unwrap();
            for error in [SigningKey::load_or_create(&dir).unwrap_err(), SigningKey::load(&dir).unwrap_err()]
            {
                assert!(error.to_string().contains("chmod 700"), "{exposed:o}: {error}");
            }
        }
        for closed in [0o755, 0o700, 0o500] {
            fs::set_permissions(&dir, fs::Permissions::from_mode(closed)).unwrap();
            assert_eq!(SigningKey::load(&dir).unwrap().unwrap().kid(), kept.kid(), "{closed:o}");
        }
    }

    #[test]
    fn what_another_user_owns_is_refused_by_both_names() {
        let path = Path::new("/srv/state");
        assert!(refuse_foreign(path, 1000, 1000).is_ok());
        let error = refuse_foreign(path, 1001, 1000).unwrap_err().to_string();
        let said = "/srv/state belongs to another user (uid 1001; this process is uid 1000)";
        assert!(error.starts_with(said) && error.contains("state_dir"), "{error}");
    }

    #[test]
    fn looking_for_a_key_makes_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("state");
        assert!(SigningKey::load(&dir).unwrap().is_none());
        assert!(!dir.exists());
    }

    #[test]
    fn damaged_key_is_refused_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        SigningKey::load_or_create(dir.path()).unwrap();
        let path = dir.path().join(FILE_NAME);
        fs::write(&path, b"not a key").unwrap();
        assert!(matches!(SigningKey::load_or_create(dir.path()), Err(KeyError::Malformed { .. })));
        assert_eq!(
            fs::read(&path).unwrap(),
            b"not a key",
            "a new key would orphan the tokens of the old one"
        );
    }

    #[test]
    fn processes_that_start_together_share_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let kids: Vec<String> = std::thread::scope(|scope| {
            let starts: Vec<_> =
                (0..8).map(|_| scope.spawn(|| SigningKey::load_or_create(dir.path()))).collect();
            starts.into_iter().map(|s| s.join().unwrap().unwrap().kid().to_owned()).collect()
        });
        assert!(kids.iter().all(|kid| *kid == kids[0]), "{kids:?}");
    }
}
