//! The version of rmcp is one: in the lock, in the range that users resolve, in the book and in what we work around.

use std::fs::read_to_string;

use crate::markdown::root;

#[test]
fn rmcp_is_one_version_in_lock_manifest_book_and_architecture() {
    let read =
        |name: &str| read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let lock: toml::Table = read("Cargo.lock").parse().expect("a lock");
    let packages = lock["package"].as_array().expect("packages");
    let locked: Vec<&str> = packages
        .iter()
        .filter(|package| package["name"].as_str() == Some("rmcp"))
        .filter_map(|package| package["version"].as_str())
        .collect();
    let [locked] = locked[..] else { panic!("rmcp is there {} times", locked.len()) };
    let (minor, _patch) = locked.rsplit_once('.').expect("three numbers");

    let manifest: toml::Table = read("Cargo.toml").parse().expect("a manifest");
    let range = manifest["workspace"]["dependencies"]["rmcp"]["version"].as_str().expect("a range");
    assert_eq!(range, format!("~{minor}.0"), "a new project resolves what was tested");

    let page = read("docs/src/migrate-from-rmcp.md");
    assert!(
        page.contains(&format!("A to-do server on rmcp {minor}.")) && page.contains(&format!("`{range}`"))
    );
    let upgrade = read("docs/src/upgrade.md");
    assert!(upgrade.contains(&format!("| `{range}` |")), "the range of rmcp");
    let package = &manifest["workspace"]["package"];
    let (rust, ours) = (package["rust-version"].as_str(), package["version"].as_str());
    let ours = ours.and_then(|version| version.rsplit_once('.')).expect("a version").0;
    assert!(upgrade.contains(&format!("| Rust | {} |", rust.expect("a version of Rust"))), "{rust:?}");
    assert!(upgrade.contains(&format!("| mcp-auth | `{ours}` |")), "{ours}");

    let architecture = read("ARCHITECTURE.md");
    let rows: Vec<&str> = architecture.lines().filter(|line| line.starts_with("| rmcp ")).collect();
    assert!(
        !rows.is_empty() && rows.iter().all(|row| row.starts_with(&format!("| rmcp {locked}"))),
        "{rows:#?}"
    );
    assert!(!read("template/Cargo.toml.liquid").contains("rmcp"), "a project takes rmcp from mcp-auth");
}
