//! A `mod.rs` is a table of contents: modules, what is public of them, and documentation.

use super::rust::Source;

/// The first code of each `mod.rs` that holds any: `file:line: what`.
pub(super) fn mistakes(sources: &[Source]) -> Vec<String> {
    let contents = sources.iter().filter(|source| source.name.ends_with("/mod.rs"));
    contents
        .filter_map(|source| {
            let (line, what) = source.code.first()?;
            Some(format!("{}:{line}: {what}; a mod.rs is a table of contents and holds no code", source.name))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, text: &str) -> Vec<String> {
        mistakes(&[Source::read(name, text).unwrap()])
    }

    #[test]
    fn modules_and_what_is_public_of_them_are_a_table_of_contents() {
        let text = "//! Two rooms.\nmod a;\n#[cfg(test)]\nmod tests;\npub use a::A;\nuse a::b as _;\n";
        assert!(of("x/src/y/mod.rs", text).is_empty());
    }

    #[test]
    fn code_in_a_table_of_contents_is_found_and_elsewhere_is_not() {
        for code in
            ["fn f() {}", "struct S;", "impl S {}", "const X: u8 = 1;", "mod a { fn f() {} }", "m!();"]
        {
            let text = format!("//! One room.\n{code}\n");
            let found = of("x/src/y/mod.rs", &text);
            assert_eq!(found.len(), 1, "{code}: {found:?}");
            assert!(found[0].starts_with("x/src/y/mod.rs:2: "), "{found:?}");
            assert!(of("x/src/y.rs", &text).is_empty(), "{code}");
        }
    }
}
