//! A sample that is marked `compile_fail` does not compile, and the error printed below it is what the compiler says.

use std::fs;
use std::process::Command;

use crate::markdown::{all, root};

/// What the compiler says of `code`, as the `src/main.rs` of a package that depends on this crate.
fn said_of(code: &str) -> String {
    let package = root().join("target/book-compile-errors");
    fs::create_dir_all(package.join("src")).expect("a package");
    let ours = root().canonicalize().expect("the root of the repository");
    let manifest = format!(
        "[package]\nname = \"sample\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n\
         mcp-auth = {{ path = {ours:?}, features = [\"issuer\", \"testing\"] }}\n[workspace]\n"
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("its manifest");
    fs::copy(root().join("Cargo.lock"), package.join("Cargo.lock")).expect("its lock file");
    fs::write(package.join("src/main.rs"), format!("{code}\nfn main() {{}}\n")).expect("its source");
    let checked = Command::new(env!("CARGO"))
        .current_dir(&package)
        // Most of what it needs has been compiled for the workspace.
        .env("CARGO_TARGET_DIR", ours.join("target"))
        .args(["check", "--quiet", "--offline", "--color=never"])
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(!checked.status.success(), "it compiles:\n{code}");
    // What follows is cargo's: how many errors there were.
    said.split("\nerror: could not compile").next().unwrap_or_default().trim_end().to_owned()
}

#[test]
fn compile_errors_that_are_printed_are_what_the_compiler_says() {
    let mut compared = 0;
    for page in all() {
        for (index, sample) in page.blocks.iter().enumerate() {
            if sample.info == "rust,compile_fail" {
                let at = format!("{}:{}", page.name, sample.line);
                let printed = page.blocks.get(index + 1).filter(|next| next.info == "text");
                let printed =
                    printed.unwrap_or_else(|| panic!("{at}: the next block shows the compiler's error"));
                assert_eq!(printed.text.trim_end(), said_of(&sample.text), "{at}: what the compiler says");
                compared += 1;
            }
        }
    }
    assert!(compared > 0, "the book shows a compile error");
}
