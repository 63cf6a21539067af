//! A dependency on a local checkout of mcp-auth, for use without access to GitHub.

use std::fs;
use std::path::{Component, Path};

use crate::Failure;

/// The `path` of the dependency: `checkout` unchanged if it is absolute, otherwise the relative path to it from the
/// project's directory, `into/name`. It uses `/` on every system, as Cargo.toml does.
///
/// # Errors
/// `checkout` is not a checkout of mcp-auth, `into` does not exist, or TOML or a shell would misread the path.
pub(super) fn dependency(checkout: &Path, into: &Path, name: &str) -> Result<String, Failure> {
    let manifest = checkout.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)
        .map_err(|error| format!("no checkout of mcp-auth: {}: {error}", manifest.display()))?;
    if !text.lines().any(|line| line.trim() == "name = \"mcp-auth\"") {
        return Err(format!("no checkout of mcp-auth: {} is of another package", manifest.display()).into());
    }
    let path = if checkout.is_absolute() {
        checkout.to_string_lossy().into_owned()
    } else {
        let missing = |error| format!("{} cannot be used: {error}", into.display());
        let project = into.canonicalize().map_err(missing)?.join(name);
        way(&project, &checkout.canonicalize()?)
    };
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path };
    match path.chars().find(|c| "\"\\'".contains(*c) || c.is_whitespace() || c.is_control()) {
        Some(c) => {
            Err(format!("{path} holds {c:?}, which Cargo.toml and the Dockerfile could misread").into())
        }
        None => Ok(path),
    }
}

/// The relative path from one absolute directory to another.
fn way(from: &Path, to: &Path) -> String {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| "..".into());
    let down = to.components().skip(shared).map(|component| match component {
        Component::Prefix(_) | Component::RootDir => component.as_os_str().to_string_lossy(),
        other => other.as_os_str().to_string_lossy(),
    });
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_goes_up_to_what_is_shared_and_down_again() {
        for (from, to, expected) in [
            ("/src/notes", "/src/mcp-auth", "../mcp-auth"),
            ("/src/mcp-auth/notes", "/src/mcp-auth", ".."),
            ("/a/b/notes", "/src/mcp-auth", "../../../src/mcp-auth"),
        ] {
            assert_eq!(way(Path::new(from), Path::new(to)), expected);
        }
    }

    #[test]
    fn an_absolute_checkout_stays_as_it_was_given() {
        let here = tempfile::tempdir().unwrap();
        fs::write(here.path().join("Cargo.toml"), "[package]\nname = \"mcp-auth\"\n").unwrap();
        let path = dependency(here.path(), Path::new("/no such directory"), "notes").unwrap();
        assert_eq!(path, here.path().to_string_lossy().replace('\\', "/"));
    }

    #[test]
    fn a_directory_of_another_package_or_of_none_is_refused() {
        let here = tempfile::tempdir().unwrap();
        let told = dependency(here.path(), Path::new("."), "notes").unwrap_err().to_string();
        assert!(told.starts_with("no checkout of mcp-auth: "), "{told}");
        fs::write(here.path().join("Cargo.toml"), "[package]\nname = \"mcp-auth-cli\"\n").unwrap();
        let told = dependency(here.path(), Path::new("."), "notes").unwrap_err().to_string();
        assert!(told.ends_with("is of another package"), "{told}");
    }
}
