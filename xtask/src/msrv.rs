//! The published crates compile with the `rust-version` of Cargo.toml. Their dependencies say which Rust they need;
//! where that version is installed, it is tried. Dev-dependencies are not looked at: no user ever compiles them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::cargo::PUBLISHED;
use crate::step::{Outcome, available, command, root, succeed};

pub(crate) fn check() -> Result<Outcome, String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).map_err(|e| format!("Cargo.toml: {e}"))?;
    let version = rust_version(&manifest).ok_or("no `rust-version = \"…\"` in Cargo.toml")?;
    let metadata = metadata()?;
    let (newer, looked_at) = newer_than(version, &metadata)?;
    if !newer.is_empty() {
        return Err(format!("rust-version is {version} in Cargo.toml, but\n{}", newer.join("\n")));
    }
    println!("none of {looked_at} crates says that it needs a Rust newer than {version}");
    if !available("rustup", &["run", version, "rustc", "--version"]) {
        println!("not tried with Rust {version} (rustup toolchain install {version} --profile minimal)");
        return Ok(Outcome::Passed);
    }
    let packages = PUBLISHED.iter().flat_map(|package| ["-p", package]);
    succeed(
        command("rustup")
            .args(["run", version, "cargo", "check", "--lib", "--all-features", "--locked"])
            .args(packages),
    )?;
    Ok(Outcome::Passed)
}

fn metadata() -> Result<Value, String> {
    let arguments = ["metadata", "--format-version", "1", "--all-features", "--locked"];
    let output =
        command("cargo").args(arguments).output().map_err(|error| format!("cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))
}

/// The crates that need a Rust newer than `version`, a line each, among those that compiling the published ones
/// compiles on some platform; and how many were looked at.
fn newer_than(version: &str, metadata: &Value) -> Result<(Vec<String>, usize), String> {
    let list = |at: &'static str| metadata.pointer(at).and_then(Value::as_array).ok_or(format!("no {at}"));
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let packages: BTreeMap<String, &Value> =
        list("/packages")?.iter().map(|package| (text(package, "id"), package)).collect();
    let nodes: BTreeMap<String, &Value> =
        list("/resolve/nodes")?.iter().map(|node| (text(node, "id"), node)).collect();
    let is_published = |package: &Value| PUBLISHED.contains(&text(package, "name").as_str());
    let mut next: Vec<String> =
        packages.iter().filter(|(_, package)| is_published(package)).map(|(id, _)| id.clone()).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = next.pop() {
        let dependencies = nodes.get(&id).and_then(|node| node["deps"].as_array());
        if seen.insert(id) {
            let compiled = dependencies.into_iter().flatten().filter(|dependency| is_compiled(dependency));
            next.extend(compiled.map(|dependency| text(dependency, "pkg")));
        }
    }
    let newer = seen.iter().filter_map(|id| {
        let package = packages.get(id)?;
        let needs = package["rust_version"].as_str()?;
        let (name, at) = (text(package, "name"), text(package, "version"));
        (numbers(needs) > numbers(version)).then(|| format!("{name} {at} needs Rust {needs}"))
    });
    Ok((newer.collect(), seen.len()))
}

/// Whether a dependency is more than one for tests.
fn is_compiled(dependency: &Value) -> bool {
    dependency["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"] != "dev"))
}

/// `1.88` is 1, 88, 0.
fn numbers(version: &str) -> [u32; 3] {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    std::array::from_fn(|_| numbers.next().unwrap_or(0))
}

/// The workspace's `rust-version`: the first one in its manifest.
fn rust_version(manifest: &str) -> Option<&str> {
    manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A published crate with one dependency of `kind`, which needs `rust`.
    fn graph(kind: Value, rust: Value) -> Value {
        json!({
            "packages": [
                { "id": "a", "name": "mcp-auth", "version": "0.1.0", "rust_version": "1.88" },
                { "id": "b", "name": "other", "version": "1.2.3", "rust_version": rust },
            ],
            "resolve": { "nodes": [
                { "id": "a", "deps": [{ "pkg": "b", "dep_kinds": [{ "kind": kind }] }] },
                { "id": "b", "deps": [] },
            ] },
        })
    }

    #[test]
    fn a_dependency_that_needs_a_newer_rust_is_named() {
        for kind in [Value::Null, json!("build")] {
            let (newer, looked_at) = newer_than("1.88", &graph(kind, json!("1.88.1"))).unwrap();
            assert_eq!((newer, looked_at), (vec!["other 1.2.3 needs Rust 1.88.1".to_owned()], 2));
        }
    }

    #[test]
    fn an_old_one_a_silent_one_and_one_for_tests_are_fine() {
        for (kind, rust) in
            [(Value::Null, json!("1.88")), (Value::Null, Value::Null), (json!("dev"), json!("1.99"))]
        {
            assert_eq!(newer_than("1.88", &graph(kind, rust)).unwrap().0, Vec::<String>::new());
        }
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(numbers("1.100") > numbers("1.88.2"));
        assert!(numbers("1.88") == numbers("1.88.0"));
    }

    #[test]
    fn the_rust_version_is_read_from_the_manifest() {
        assert_eq!(rust_version("[workspace.package]\nrust-version = \"1.88\"\n"), Some("1.88"));
        assert_eq!(rust_version("[package]\nrust-version.workspace = true\n"), None);
    }

    #[test]
    fn the_manifest_states_a_rust_version() {
        let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(rust_version(&manifest).is_some());
    }
}
