//! Drafts of the file of signing keys that a killed process left beside it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::file::{FILE_NAME, open_lock};

/// So old, in seconds, a draft is that nobody writes any more: it takes a moment.
const OLD: u64 = 60 * 60;

/// Removes what processes left here that ended while they wrote a key: it is a private key, and may be one that leaked and was replaced. Only
/// drafts of our own that are old, and only while nobody else changes the keys. What cannot be removed hinders no start.
pub(super) fn clear(state_dir: &Path, now: u64) {
    let left = match drafts(state_dir, now) {
        Ok(left) if left.is_empty() => return,
        Ok(left) => left,
        Err(error) => return tracing::warn!(%error, "drafts of signing keys cannot be looked for"),
    };
    let held = open_lock(state_dir).and_then(|file| Ok(file.try_lock().map(|()| file)?));
    // Who holds it writes a draft, and the next start looks again.
    let Ok(_held) = held else { return };
    for path in left {
        match fs::remove_file(&path) {
            Ok(()) => {
                tracing::warn!(path = %path.display(), "draft of a signing key removed that a process had left")
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(path = %path.display(), %error, "a draft of a signing key stays"),
        }
    }
}

/// The drafts in `state_dir` that nobody writes any more.
fn drafts(state_dir: &Path, now: u64) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(state_dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_draft = name.to_str().is_some_and(|name| name.starts_with(&format!(".{FILE_NAME}.")));
        // Of the entry itself: a link leads elsewhere, and was not made here.
        let Some(metadata) = is_draft.then(|| entry.metadata()).transpose()? else { continue };
        let written = metadata.modified()?.duration_since(std::time::UNIX_EPOCH);
        let is_old = written.is_ok_and(|since| since.as_secs().saturating_add(OLD) <= now);
        if metadata.is_file() && is_own(&metadata) && is_old {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Whether the file belongs to the user of this process.
#[cfg(unix)]
fn is_own(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(metadata) == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_own(_: &fs::Metadata) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs::File;
    use std::os::unix::fs::PermissionsExt as _;

    use mcp_auth_store::SigningRing;

    use super::super::SigningAlgorithm;
    use super::super::file::{load, load_or_create, lock, write_private};
    use super::*;

    const NOW: u64 = 1_800_000_000;
    const ES256: SigningAlgorithm = SigningAlgorithm::Es256;

    fn made(dir: &Path) -> SigningRing {
        load_or_create(dir, ES256, NOW).unwrap()
    }

    /// A file in `dir` that was written so many seconds before `NOW`.
    fn written(dir: &Path, name: &str, before: u64) -> PathBuf {
        let path = dir.join(name);
        write_private(&path, b"half a key").unwrap();
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(NOW - before);
        File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
        path
    }

    #[test]
    fn what_a_killed_process_left_is_removed_at_the_next_start_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let kept = made(dir.path());
        let old = [".signing-keys.json.draft", ".signing-keys.json.4f2a"]
            .map(|name| written(dir.path(), name, OLD));
        let stay = [
            // Another process may be writing it now.
            written(dir.path(), ".signing-keys.json.5b", OLD - 1),
            // Not ours by its name.
            written(dir.path(), "signing-keys.json.bak", 10 * OLD),
            written(dir.path(), ".signing-keys.json", 10 * OLD),
            written(dir.path(), "notes", 10 * OLD),
        ];
        let elsewhere = tempfile::tempdir().unwrap();
        let target = written(elsewhere.path(), "key", 10 * OLD);
        let link = dir.path().join(".signing-keys.json.link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let inside = dir.path().join(".signing-keys.json.d");
        fs::create_dir(&inside).unwrap();

        assert!(
            load(dir.path()).unwrap().is_some() && old.iter().all(|path| path.exists()),
            "looking changes nothing"
        );
        assert_eq!(load_or_create(dir.path(), ES256, NOW).unwrap(), kept);
        assert!(old.iter().all(|path| !path.exists()));
        assert!(stay.iter().chain([&target, &link, &inside]).all(|path| path.exists()));
        assert_eq!(load_or_create(dir.path(), ES256, NOW).unwrap(), kept);
    }

    #[test]
    fn while_another_process_changes_the_keys_nothing_is_removed_and_nobody_waits() {
        let dir = tempfile::tempdir().unwrap();
        let kept = made(dir.path());
        let draft = written(dir.path(), ".signing-keys.json.draft", OLD);
        let held = lock(dir.path()).unwrap();
        assert_eq!(load_or_create(dir.path(), ES256, NOW).unwrap(), kept);
        assert!(draft.exists());
        drop(held);
        assert_eq!(load_or_create(dir.path(), ES256, NOW).unwrap(), kept);
        assert!(!draft.exists());
    }

    #[test]
    fn a_directory_that_cannot_be_written_hinders_no_start_though_a_draft_stays() {
        let dir = tempfile::tempdir().unwrap();
        let kept = made(dir.path());
        written(dir.path(), ".signing-keys.json.draft", OLD);
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o500)).unwrap();
        assert_eq!(load_or_create(dir.path(), ES256, NOW).unwrap(), kept);
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    }
}
