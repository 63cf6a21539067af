//! Valid project names: accepted by cargo for a package and a binary, and not changed by cargo-generate.

use std::str::FromStr;

/// The name of a package, its binary and its directory: 1 to 64 ASCII characters, lower-case words and numbers, all
/// joined by `-` or all by `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProjectName(String);

/// Names that the package cannot have because of its dependencies, and names that cargo or Rust reserve.
const TAKEN: [&str; 20] = [
    "alloc",
    "build",
    "core",
    "deps",
    "examples",
    "incremental",
    "mcp-auth",
    "mcp_auth",
    "over-http",
    "over-stdio",
    "over_http",
    "over_stdio",
    "proc-macro",
    "proc_macro",
    "rusqlite",
    "schemars",
    "serde",
    "std",
    "test",
    "tokio",
];

/// Rust's keywords, including reserved ones (The Rust Reference, Keywords).
const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield",
];

impl ProjectName {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the crate in Rust code.
    pub(super) fn crate_name(&self) -> String {
        self.0.replace('-', "_")
    }
}

impl FromStr for ProjectName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let wrong = |reason: &str| Err(format!("{name:?} {reason}"));
        let words: Vec<&str> = name.split(['-', '_']).collect();
        if name.len() > 64 {
            return wrong("is longer than 64 characters");
        }
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return wrong("does not start with a letter a to z");
        }
        let alphabet = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if !name.chars().all(alphabet) || words.contains(&"") || (name.contains('-') && name.contains('_')) {
            return wrong(&format!(
                "is not made of lower-case words, all joined by \"-\" or all by \"_\"; {:?} is",
                kebab_case(name)
            ));
        }
        if KEYWORDS.contains(&name) {
            return wrong("is a keyword of Rust, so no crate may have it");
        }
        if TAKEN.contains(&name) {
            return wrong("is the name of a package that the project needs");
        }
        Ok(Self(name.to_owned()))
    }
}

/// A valid name similar to `name`: `MyServer` becomes `my-server`.
fn kebab_case(name: &str) -> String {
    let mut words = String::new();
    let mut after_lower_case = false;
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && after_lower_case {
                words.push('-');
            }
            words.push(c.to_ascii_lowercase());
        } else {
            words.push('-');
        }
        after_lower_case = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_joined_by_one_sign_are_a_name() {
        for (name, crate_name) in
            [("notes", "notes"), ("my-server", "my_server"), ("my_server2", "my_server2"), ("a", "a")]
        {
            let parsed: ProjectName = name.parse().unwrap();
            assert_eq!((parsed.as_str(), parsed.crate_name()), (name, crate_name.to_owned()));
        }
    }

    #[test]
    fn anything_else_is_refused_with_a_name_that_is_not() {
        for (name, near) in [
            ("MyServer", "my-server"),
            ("my server", "my-server"),
            ("a--b", "a-b"),
            ("a_b-c", "a-b-c"),
            ("a/../b", "a-b"),
        ] {
            let told = name.parse::<ProjectName>().unwrap_err();
            assert!(told.ends_with(&format!("{near:?} is")), "{told}");
            assert!(near.parse::<ProjectName>().is_ok());
        }
    }

    #[test]
    fn what_cargo_or_rust_refuse_is_refused_with_the_reason() {
        for (name, reason) in [
            ("", "a letter"),
            ("-x", "a letter"),
            ("1st", "a letter"),
            ("über", "a letter"),
            ("fn", "keyword"),
            ("test", "a package that the project needs"),
            ("mcp-auth", "a package that the project needs"),
            (&"x".repeat(65), "longer than 64"),
        ] {
            let told = name.parse::<ProjectName>().unwrap_err();
            assert!(told.contains(reason), "{name}: {told}");
        }
    }
}
