//! `mcp-auth new`: a project made from the template, and the cases in which it is refused.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::process::{mcp_auth, stdout};

/// Runs `mcp-auth new` in `directory`, without a person to answer questions.
fn new(directory: &Path, arguments: &[&str]) -> Output {
    mcp_auth().arg("new").args(arguments).current_dir(directory).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn read(directory: &Path, file: &str) -> String {
    fs::read_to_string(directory.join(file)).unwrap()
}

#[test]
fn without_a_terminal_what_is_not_given_takes_its_default() {
    let here = tempfile::tempdir().unwrap();
    let output = new(here.path(), &["my-server"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("my-server is ready"));
    let project = here.path().join("my-server");
    assert!(read(&project, "Cargo.toml").contains("name = \"my-server\""));
    assert!(read(&project, "src/main.rs").contains("use my_server::Notes;"));
    assert!(read(&project, "mcp.toml").contains("[issuer]"));
    assert!(!project.join("tests/over_stdio.rs").exists());
    assert!(!project.join("cargo-generate.toml").exists());
}

#[test]
fn what_is_given_is_what_is_made() {
    let here = tempfile::tempdir().unwrap();
    let issuer = "https://id.example.com/realms/a";
    let given = ["--description", "My notebook.", "--issuer", issuer, "--transport", "stdio", "--sqlite"];
    let output = new(here.path(), &[&["notebook", "--into", "."], &given[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let project = here.path().join("notebook");
    let manifest = read(&project, "Cargo.toml");
    assert!(
        manifest.contains("description = \"My notebook.\"") && manifest.contains("rusqlite"),
        "{manifest}"
    );
    let config = read(&project, "mcp.toml");
    assert!(config.contains(issuer) && config.contains("transport = \"stdio\""), "{config}");
    assert!(project.join("tests/over_stdio.rs").exists());
}

#[test]
fn a_login_at_a_provider_is_in_the_files_for_others_and_beside_no_other_issuer() {
    let here = tempfile::tempdir().unwrap();
    let output = new(here.path(), &["my-server", "--login", "github"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let project = here.path().join("my-server");
    let production = read(&project, "mcp.production.toml");
    for line in ["login = \"github\"", "[upstreams.github]", "provider      = \"github\"", "#allow "] {
        assert!(production.contains(line), "{line}: {production}");
    }
    assert!(!production.contains("enabled = false") && !production.contains("accounts"), "{production}");
    assert!(read(&project, "mcp.toml").contains("users = "), "here its login asks no password");
    assert!(read(&project, "Dockerfile").contains("ARG FEATURES=\"--features production-issuer\""));
    assert!(read(&project, "README.md").contains("https://notes.example.com/authorize/login/github"));
    for bad in [
        &["other", "--login", "github", "--issuer", "https://id.example.com"][..],
        &["other", "--login", "github", "--provider", "okta"],
        &["other", "--login", "myspace"],
    ] {
        assert!(!new(here.path(), bad).status.success(), "{bad:?}");
        assert!(!here.path().join("other").exists());
    }
}

#[test]
fn a_checkout_is_depended_on_by_the_way_from_the_project() {
    let here = tempfile::tempdir().unwrap();
    fs::create_dir_all(here.path().join("checkout")).unwrap();
    fs::write(here.path().join("checkout/Cargo.toml"), "[package]\nname = \"mcp-auth\"\n").unwrap();
    let output = new(here.path(), &["my-server", "--mcp-auth-path", "checkout"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let manifest = read(here.path(), "my-server/Cargo.toml");
    assert!(manifest.contains("mcp-auth = { path = \"../checkout\" }"), "{manifest}");
}

#[test]
fn the_project_is_a_git_repository_unless_it_is_within_one() {
    let here = tempfile::tempdir().unwrap();
    assert!(new(here.path(), &["outside"]).status.success());
    assert!(here.path().join("outside/.git").is_dir());
    let repository = here.path().join("outside");
    assert!(new(&repository, &["inside"]).status.success());
    assert!(!repository.join("inside/.git").exists());
}

#[test]
fn nothing_is_written_over() {
    let here = tempfile::tempdir().unwrap();
    fs::create_dir(here.path().join("taken")).unwrap();
    fs::write(here.path().join("taken/precious"), "mine").unwrap();
    let output = new(here.path(), &["taken"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("taken exists and is not empty"), "{}", stderr(&output));
    assert_eq!(read(here.path(), "taken/precious"), "mine");
    assert_eq!(fs::read_dir(here.path().join("taken")).unwrap().count(), 1);
}

#[test]
fn a_wrong_answer_is_refused_with_the_reason_and_nothing_is_made() {
    let here = tempfile::tempdir().unwrap();
    for (arguments, reason) in [
        (&["MyServer"][..], "\"my-server\" is"),
        (&["fn"], "keyword of Rust"),
        (&["ok", "--issuer", "http://id.example.com"], "starts with https://"),
        (&["ok", "--description", "say \"hi\""], "without '\"'"),
        (&["ok", "--transport", "tcp"], "possible values: http, stdio"),
        (&["ok", "--mcp-auth-path", "nowhere"], "no checkout of mcp-auth"),
    ] {
        let output = new(here.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(reason), "{arguments:?}: {}", stderr(&output));
        assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0, "{arguments:?}");
    }
}
