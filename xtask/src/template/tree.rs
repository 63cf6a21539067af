//! Directories as what is in them: compared byte by byte, and copied so that what stays the same stays untouched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every file below `directory`, by its path there.
pub(super) fn read(directory: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>, String> {
    let told = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let mut files = BTreeMap::new();
    let mut left = vec![directory.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(&next).map_err(|error| told(&next, error))? {
            let path = entry.map_err(|error| told(&next, error))?.path();
            if path.is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap_or(&path).to_owned();
                files.insert(name, fs::read(&path).map_err(|error| told(&path, error))?);
            }
        }
    }
    Ok(files)
}

/// Insists that two directories hold the same files with the same bytes.
pub(super) fn expect_same(one: &Path, other: &Path, by_one: &str, by_other: &str) -> Result<(), String> {
    let (one, other) = (read(one)?, read(other)?);
    let names: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let mut different = Vec::new();
    for name in names {
        let shown = name.display();
        match (one.get(name), other.get(name)) {
            (Some(one), Some(other)) if one == other => {}
            (Some(one), Some(other)) => {
                let line = one.iter().zip(other).take_while(|(a, b)| a == b).filter(|(a, _)| **a == b'\n');
                different.push(format!("{shown}:{}: {by_one} and {by_other} differ", line.count() + 1));
            }
            (Some(_), None) => different.push(format!("{shown}: made by {by_one} only")),
            (None, _) => different.push(format!("{shown}: made by {by_other} only")),
        }
    }
    if different.is_empty() { Ok(()) } else { Err(different.join("\n")) }
}

/// Makes `to` hold what `from` holds. A file that is already so keeps its time, so that cargo builds nothing anew.
pub(super) fn sync(from: &Path, to: &Path) -> Result<(), String> {
    let wanted = read(from)?;
    let there = if to.exists() { read(to)? } else { BTreeMap::new() };
    for name in there.keys().filter(|name| !wanted.contains_key(*name)) {
        fs::remove_file(to.join(name)).map_err(|error| format!("{}: {error}", to.join(name).display()))?;
    }
    for (name, bytes) in wanted.iter().filter(|(name, bytes)| there.get(*name) != Some(bytes)) {
        write(&to.join(name), bytes)?;
    }
    Ok(())
}

/// Writes a file, with the directories above it, unless it is already so.
pub(super) fn write(file: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(file).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(file, bytes));
    written.map_err(|error| format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of one test, removed with it.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(test: &str) -> Self {
            let directory = std::env::temp_dir().join(format!("xtask-{}-{test}", std::process::id()));
            fs::create_dir_all(&directory).unwrap();
            Self(directory)
        }

        fn put(&self, file: &str, text: &str) -> PathBuf {
            let path = self.0.join(file);
            write(&path, text.as_bytes()).unwrap();
            path
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    #[test]
    fn what_differs_is_named_with_its_line_and_what_is_missing_with_its_maker() {
        let scratch = Scratch::new("compare");
        scratch.put("a/same", "1\n2\n");
        scratch.put("b/same", "1\n2\n");
        let (a, b) = (scratch.0.join("a"), scratch.0.join("b"));
        assert_eq!(expect_same(&a, &b, "a", "b"), Ok(()));
        scratch.put("a/src/x", "1\n2\n");
        scratch.put("b/src/x", "1\n3\n");
        scratch.put("a/left", "");
        scratch.put("b/right", "");
        let told = expect_same(&a, &b, "a", "b").unwrap_err();
        for part in ["left: made by a only", "right: made by b only", "x:2: a and b differ"] {
            assert!(told.contains(part), "{part} in {told}");
        }
    }

    #[test]
    fn a_synced_directory_is_the_same_and_what_was_so_already_is_not_written() {
        let scratch = Scratch::new("sync");
        scratch.put("from/same", "1");
        scratch.put("from/deep/changed", "2");
        let untouched = scratch.put("to/same", "1");
        scratch.put("to/deep/changed", "1");
        scratch.put("to/gone", "");
        let before = fs::metadata(&untouched).unwrap().modified().unwrap();
        let (from, to) = (scratch.0.join("from"), scratch.0.join("to"));
        sync(&from, &to).unwrap();
        assert_eq!(read(&from), read(&to));
        assert_eq!(fs::metadata(&untouched).unwrap().modified().unwrap(), before);
    }
}
