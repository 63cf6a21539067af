//! The file that holds the signing keys: written completely or not at all, and readable by its owner alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use mcp_auth_store::{RingKey, SigningRing};

use super::drafts;
use super::ring::kept_as;
use super::{KeyError, SigningAlgorithm, SigningKey};
use crate::observe::Event as _;
use crate::observe::key::SigningKeyMade;

/// The file name in the state directory.
pub(super) const FILE_NAME: &str = "signing-keys.json";
/// The file of older releases, with one key as PKCS#8 (RFC 5208), DER. It counts as long as there is no other file.
const ONLY_KEY: &str = "signing-key.pkcs8";
/// Who holds this file changes the keys.
const LOCK: &str = ".signing-keys.lock";

/// The most bytes that are read; what is written here is shorter.
const MAX_LENGTH: u64 = 256 * 1024;

/// Reads the keys kept in `state_dir`, or makes the first one there: directory 0700, file 0600, which appears only when it
/// is complete. If two processes start together, both use the same key.
///
/// # Errors
/// [`KeyError::Exposed`] when group or others can read the file, or could replace it in its directory.
/// [`KeyError::Foreign`] when either belongs to another user, who could replace it too. Permissions are not
/// repaired automatically, because the key may already have been read. Otherwise any other [`KeyError`].
pub(super) fn load_or_create(
    state_dir: &Path,
    algorithm: SigningAlgorithm,
    now: u64,
) -> Result<SigningRing, KeyError> {
    create_dir(state_dir)?;
    if let Some(ring) = load(state_dir)? {
        drafts::clear(state_dir, now);
        return Ok(ring);
    }
    let key = SigningKey::generate_for(algorithm)?;
    let ring = SigningRing::of(kept_as(&key, now, now)?);
    if create(&ring, key.kid(), state_dir)? {
        SigningKeyMade { kid: key.kid(), algorithm: key.algorithm().name() }.happened();
        return Ok(ring);
    }
    // Another process wrote its key first, so that key is used.
    load(state_dir)?.ok_or_else(|| KeyError::Io {
        action: "read",
        path: state_dir.join(FILE_NAME),
        source: io::ErrorKind::NotFound.into(),
    })
}

/// Reads the keys kept in `state_dir`; `None` if there are none. It creates nothing.
///
/// # Errors
/// As [`load_or_create`].
pub(super) fn load(state_dir: &Path) -> Result<Option<SigningRing>, KeyError> {
    match File::open(state_dir) {
        Ok(dir) => refuse_exposed(&dir, state_dir, 0o022, "700")?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(KeyError::Io { action: "open", path: state_dir.to_owned(), source });
        }
    }
    let path = state_dir.join(FILE_NAME);
    if let Some((text, _)) = read(&path)? {
        return SigningRing::from_secret_text(&text).map(Some).map_err(|_| KeyError::Malformed { path });
    }
    let path = state_dir.join(ONLY_KEY);
    let Some((private, made_at)) = read(&path)? else { return Ok(None) };
    match SigningKey::from_pkcs8(&private) {
        Some(_) => Ok(Some(SigningRing::of(RingKey { private, made_at, signs_from: 0 }))),
        None => Err(KeyError::Malformed { path }),
    }
}

/// Changes the keys kept in `state_dir`, one process after the other. What `step` says is kept then is written; `None`: nothing.
///
/// # Errors
/// As [`load_or_create`]; [`KeyError::Gone`] if there are no keys.
pub(super) fn change<T>(
    state_dir: &Path,
    step: impl FnOnce(&SigningRing) -> (T, Option<SigningRing>),
) -> Result<T, KeyError> {
    if load(state_dir)?.is_none() {
        return Err(KeyError::Gone);
    }
    let _held = lock(state_dir)?;
    let kept = load(state_dir)?.ok_or(KeyError::Gone)?;
    let (outcome, next) = step(&kept);
    if let Some(next) = next {
        let (path, draft) = (state_dir.join(FILE_NAME), state_dir.join(format!(".{FILE_NAME}.draft")));
        let failed = |source| KeyError::Io { action: "write", path: path.clone(), source };
        // Who held the lock before may have ended in the middle.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let text = next.to_secret_text().map_err(|_| KeyError::Kept)?;
        write_private(&draft, text.as_bytes())
            .and_then(|()| fs::rename(&draft, &path))
            .and_then(|()| sync_dir(state_dir))
            .map_err(failed)?;
        // It is in the other file if it is still in use; if it leaked, no copy of it should stay.
        let only = state_dir.join(ONLY_KEY);
        match fs::remove_file(&only).and_then(|()| sync_dir(state_dir)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(KeyError::Io { action: "remove", path: only, source });
            }
            _ => {}
        }
    }
    Ok(outcome)
}

/// Makes it last that a file appeared in this directory, or is gone: that is a change of the directory, and not of the file.
#[cfg(unix)]
fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Elsewhere a directory cannot be opened as a file.
#[cfg(not(unix))]
fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Waits until no other process changes the keys, and keeps them from it as long as the file is held.
pub(super) fn lock(state_dir: &Path) -> Result<File, KeyError> {
    let locked = open_lock(state_dir).and_then(|file| file.lock().map(|()| file));
    locked.map_err(|source| KeyError::Io { action: "lock", path: state_dir.join(LOCK), source })
}

/// Opens the file that is locked.
pub(super) fn open_lock(state_dir: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(state_dir.join(LOCK))
}

/// What a file holds, and when it was written, in Unix seconds; `None` if there is none.
fn read(path: &Path) -> Result<Option<(Vec<u8>, u64)>, KeyError> {
    let failed = |action| move |source| KeyError::Io { action, path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed("open")(source)),
    };
    // The open file is checked, not its path, so that the file that is read is the one that was checked.
    refuse_exposed(&file, path, 0o077, "600")?;
    let written = file.metadata().and_then(|metadata| metadata.modified()).ok();
    let written = written.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let mut content = Vec::new();
    file.take(MAX_LENGTH).read_to_end(&mut content).map_err(failed("read"))?;
    Ok(Some((content, written.map_or(0, |since| since.as_secs()))))
}

/// Makes the directory if it is missing. Its owner and permissions are checked when the keys are read.
fn create_dir(dir: &Path) -> Result<(), KeyError> {
    if !dir.exists() {
        let missing: Vec<&Path> = dir.ancestors().take_while(|path| !path.exists()).collect();
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir).map_err(|source| KeyError::Io {
            action: "create",
            path: dir.to_owned(),
            source,
        })?;
        for parent in missing.iter().filter_map(|made| made.parent()) {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            // Of what is above, this process may be allowed to read nothing.
            let _ = sync_dir(parent);
        }
        // The directory is beside mcp.toml, so probably in a git repository. If writing fails, the key is just as
        // safe.
        let _ = fs::write(dir.join(".gitignore"), "*\n");
    }
    Ok(())
}

/// Writes the first ring under its final name, by way of a private file beside it. False if the name is taken.
fn create(ring: &SigningRing, kid: &str, dir: &Path) -> Result<bool, KeyError> {
    let text = ring.to_secret_text().map_err(|_| KeyError::Generate)?;
    let path = dir.join(FILE_NAME);
    // The `kid` is a hash of a new key, so the name cannot be in use.
    let draft = dir.join(format!(".{FILE_NAME}.{kid}"));
    let written = write_private(&draft, text.as_bytes()).and_then(|()| {
        // A hard link appears in one step and, unlike a rename, never replaces keys that are already there.
        match fs::hard_link(&draft, &path) {
            Ok(()) => sync_dir(dir).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    });
    let _ = fs::remove_file(&draft);
    written.map_err(|source| KeyError::Io { action: "write", path, source })
}

pub(super) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
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

    use mcp_auth_store::KeyRotation;

    use super::*;

    const NOW: u64 = 1_800_000_000;
    const ES256: SigningAlgorithm = SigningAlgorithm::Es256;

    fn made(dir: &Path) -> SigningRing {
        load_or_create(dir, ES256, NOW).unwrap()
    }

    fn rotate(dir: &Path) -> KeyRotation {
        let fresh = kept_as(&SigningKey::generate().unwrap(), NOW, NOW + 500).unwrap();
        let step = |ring: &SigningRing| match ring.rotated(fresh, NOW) {
            KeyRotation::Added(ring) => (KeyRotation::Added(ring.clone()), Some(ring)),
            waiting => (waiting, None),
        };
        change(dir, step).unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn key_outlives_a_restart_and_only_its_owner_reads_it() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("a/state");
        let first = made(&dir);
        let second = made(&dir);
        assert_eq!(first, second);
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
            made(dir.path());
            let path = dir.path().join(FILE_NAME);
            fs::set_permissions(&path, fs::Permissions::from_mode(exposed)).unwrap();
            let error = load_or_create(dir.path(), ES256, NOW).unwrap_err();
            assert!(matches!(error, KeyError::Exposed { mode, .. } if mode == exposed), "{error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn directory_that_others_can_write_is_refused_before_its_key_is_read() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("state");
        let kept = made(&dir);
        for exposed in [0o777, 0o775, 0o720, 0o702] {
            fs::set_permissions(&dir, fs::Permissions::from_mode(exposed)).unwrap();
            for error in [load_or_create(&dir, ES256, NOW).unwrap_err(), load(&dir).unwrap_err()] {
                assert!(error.to_string().contains("chmod 700"), "{exposed:o}: {error}");
            }
        }
        for closed in [0o755, 0o700, 0o500] {
            fs::set_permissions(&dir, fs::Permissions::from_mode(closed)).unwrap();
            assert_eq!(load(&dir).unwrap().unwrap(), kept, "{closed:o}");
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
        assert!(load(&dir).unwrap().is_none());
        assert!(!dir.exists());
    }

    #[test]
    fn damaged_key_is_refused_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        made(dir.path());
        let path = dir.path().join(FILE_NAME);
        fs::write(&path, b"not a key").unwrap();
        assert!(matches!(load_or_create(dir.path(), ES256, NOW), Err(KeyError::Malformed { .. })));
        assert_eq!(
            fs::read(&path).unwrap(),
            b"not a key",
            "a new key would orphan the tokens of the old one"
        );
    }

    #[test]
    fn processes_that_start_together_share_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let rings: Vec<SigningRing> = std::thread::scope(|scope| {
            let starts: Vec<_> =
                (0..8).map(|_| scope.spawn(|| load_or_create(dir.path(), ES256, NOW))).collect();
            starts.into_iter().map(|s| s.join().unwrap().unwrap()).collect()
        });
        assert!(rings.iter().all(|ring| *ring == rings[0]), "{rings:?}");
    }

    #[test]
    fn the_key_of_an_older_release_is_taken_over_and_leaves_its_file_with_the_first_change() {
        let dir = tempfile::tempdir().unwrap();
        let (old, path) = (SigningKey::generate().unwrap(), dir.path().join(ONLY_KEY));
        write_private(&path, &old.to_pkcs8().unwrap()).unwrap();
        let ring = made(dir.path());
        assert_eq!(ring.keys()[0].private, old.to_pkcs8().unwrap());
        assert!(!dir.path().join(FILE_NAME).exists(), "a directory that cannot be written is enough");
        let KeyRotation::Added(ring) = rotate(dir.path()) else { panic!("none waits") };
        assert_eq!(ring.keys()[0].private, old.to_pkcs8().unwrap());
        assert!(load(dir.path()).unwrap() == Some(ring));
        assert!(!path.exists());
        for name in [FILE_NAME, LOCK] {
            assert_eq!(mode(&dir.path().join(name)), 0o600, "{name}");
        }
        let exposed = tempfile::tempdir().unwrap();
        let path = exposed.path().join(ONLY_KEY);
        fs::write(&path, old.to_pkcs8().unwrap()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(load(exposed.path()), Err(KeyError::Exposed { .. })));
    }

    #[test]
    fn of_many_rotations_at_once_one_gives_the_next_key() {
        let dir = tempfile::tempdir().unwrap();
        made(dir.path());
        let outcomes: Vec<KeyRotation> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| rotate(dir.path()))).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, KeyRotation::Added(_))).count(), 1);
        assert_eq!(load(dir.path()).unwrap().unwrap().keys().len(), 2);
    }

    #[test]
    fn what_a_process_left_half_done_hinders_no_change_and_where_no_key_is_none_is_made() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(change(dir.path(), |_| ((), None)), Err(KeyError::Gone)));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        made(dir.path());
        fs::write(dir.path().join(format!(".{FILE_NAME}.draft")), b"half").unwrap();
        assert!(matches!(rotate(dir.path()), KeyRotation::Added(_)));
    }
}
