//! What every file must be like, in any language: no machine paths, nothing unfinished.

use std::path::Path;

/// Files a stranger looks for.
const REQUIRED: [&str; 9] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "mcp.toml.example",
];

/// How an entry of CHANGELOG.md opens.
const ENTRIES: [&str; 4] = ["- **breaking:** ", "- **added:** ", "- **fixed:** ", "- **security:** "];

/// Where machines keep the private files of a user. A name follows.
const MACHINE_PATHS: [&str; 5] = ["/home/", "/root/", "/Users/", "\\Users\\", "/tmp/"];

/// Paths that examples and tests make up; they belong to no real machine.
const MADE_UP: [&str; 1] = ["/home/ann"];

/// Past this many lines a source file probably holds two ideas.
const LONG: usize = 450;

/// The files a stranger looks for that are not below `root`.
pub(super) fn missing(root: &Path) -> Vec<String> {
    let absent = REQUIRED.iter().filter(|file| !root.join(file).is_file());
    absent.map(|file| format!("{file} is missing")).collect()
}

/// What is wrong with one file, a line each: `file:line: what`.
pub(super) fn mistakes(name: &str, text: &str, checkout: &str) -> Vec<String> {
    let mut found = Vec::new();
    if name.ends_with(".rs") && text.lines().count() > LONG {
        println!("long: {name} has {} lines; is it one idea?", text.lines().count());
    }
    for (number, line) in text.lines().enumerate() {
        let mut wrong = |what: &str| found.push(format!("{name}:{}: {what}", number + 1));
        if has_machine_path(line, checkout) {
            wrong("a path on someone's machine");
        }
        if name.ends_with(".rs") && is_unfinished(line) {
            wrong("unfinished code");
        }
        if name == "CHANGELOG.md" && line.starts_with("- ") && !ENTRIES.iter().any(|e| line.starts_with(e)) {
            wrong("an entry opens with **breaking:**, **added:**, **fixed:** or **security:**");
        }
    }
    found
}

fn has_machine_path(line: &str, checkout: &str) -> bool {
    // A checkout directly below the root has a name that other paths may well contain.
    let here = checkout.matches(['/', '\\']).count() > 1 && line.contains(checkout);
    here || MACHINE_PATHS.iter().any(|prefix| {
        line.match_indices(prefix).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + prefix.len()..].chars().next();
            let inside_a_longer_path = before.is_some_and(|c| c.is_alphanumeric() || "_-.".contains(c));
            let host_of_a_url = line[..at].ends_with(":/");
            let made_up = MADE_UP.iter().any(|path| {
                let rest = line[at..].strip_prefix(path);
                rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || "_-.".contains(c)))
            });
            (!inside_a_longer_path || prefix.starts_with('\\'))
                && !host_of_a_url
                && !made_up
                && after.is_some_and(|c| c.is_alphanumeric() || c == '.')
        })
    })
}

fn is_unfinished(line: &str) -> bool {
    // Put together here so that this file does not find itself.
    [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("FIX", "ME"), concat!("#[", "ignore]")]
        .iter()
        .any(|mark| line.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_path_is_found() {
        assert!(has_machine_path(&format!("file://{}home/alice/notes", '/'), "/srv/a/b"));
        for user in ["alice", "runner"] {
            assert!(has_machine_path(&format!("see /home{}{user}/notes", '/'), "/srv/a/b"));
            assert!(has_machine_path(&format!("C:\\Users{}{user}", '\\'), "/srv/a/b"));
        }
        assert!(has_machine_path("built in /srv/a/b/target", "/srv/a/b"));
    }

    #[test]
    fn a_path_of_the_project_or_of_a_url_is_not_a_machine_path() {
        for fine in [
            "https://example.com/home/page",
            "todo://home/milk",
            "a path such as /home/ or",
            "src/root/mod.rs",
            "/src/lib.rs",
        ] {
            assert!(!has_machine_path(fine, "/src"), "{fine}");
        }
    }

    #[test]
    fn a_made_up_path_is_not_a_machine_path_and_one_that_only_begins_like_it_is() {
        assert!(!has_machine_path("found /home/ann/mcp.toml", "/src"));
        assert!(has_machine_path(&format!("/home{}anna/mcp.toml", '/'), "/src"));
        assert!(has_machine_path(&format!("/home/ann/a and /home{}bob/b", '/'), "/src"));
    }

    #[test]
    fn a_test_left_out_needs_a_reason() {
        assert!(is_unfinished(concat!("    #[", "ignore]")));
        assert!(!is_unfinished("    #[ignore = \"another test runs it as a process\"]"));
    }

    #[test]
    fn unfinished_code_is_found_in_rust_only() {
        let line = format!("fn f() {{ todo{}) }}", "!(");
        assert_eq!(mistakes("src/lib.rs", &line, "/srv/a/b"), ["src/lib.rs:1: unfinished code"]);
        assert!(mistakes("README.md", &line, "/srv/a/b").is_empty());
    }

    #[test]
    fn a_changelog_entry_needs_its_prefix() {
        let text = "# Changelog\n\n- **added:** a thing\n- another thing\n  - of it\n";
        let found = mistakes("CHANGELOG.md", text, "/srv/a/b");
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("CHANGELOG.md:4: "), "{found:?}");
    }
}
