//! What a new project compiles.

use std::fs::read_to_string;

use crate::markdown::root;

fn read(name: &str) -> String {
    read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn manifest(name: &str) -> toml::Table {
    read(name).parse().unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn a_project_that_tests_and_runs_compiles_the_runtime_once() {
    // The stores and `tls` are for the program, and so for its tests too: `testing` does not turn them on.
    let mut features = manifest("mcp-auth-runtime/Cargo.toml").remove("features").expect("features");
    let features = features.as_table_mut().expect("a table");
    assert_eq!(features.remove("default").and_then(|on| on.as_array().map(Vec::len)), Some(0));
    assert_eq!(features.keys().collect::<Vec<_>>(), ["postgres", "redis", "sqlite", "tls"]);
    for own in ["mcp-auth-core", "mcp-auth-macros"] {
        let features = manifest(&format!("{own}/Cargo.toml")).remove("features");
        assert_eq!(features, None, "{own}: with a feature on in tests only it is compiled twice");
    }
    let facade = manifest("Cargo.toml");
    assert_eq!(facade["features"]["testing"].as_array().map(Vec::len), Some(0), "nothing below it changes");
    // A dependency that tests use with other features would be compiled twice, and all that stands on it.
    let template = read("template/Cargo.toml.liquid");
    let tests = template.split("[dev-dependencies]").nth(1).and_then(|rest| rest.split("\n[").next());
    let lines = tests.expect("dev-dependencies").lines().filter(|line| line.contains('='));
    for line in lines {
        assert!(line.starts_with("mcp-auth = {") && line.ends_with("features = [\"testing\"] }"), "{line}");
    }
}

#[test]
fn a_project_has_a_release_profile_whose_panics_unwind() {
    let template = read("template/Cargo.toml.liquid");
    let profile = template.split("[profile.release]").nth(1).expect("a release profile");
    let profile: toml::Table = profile.parse().expect("a profile");
    assert_eq!(profile["lto"].as_str(), Some("thin"));
    assert!(!profile.contains_key("panic"), "a tool that panics fails its own call, and no other");
}
