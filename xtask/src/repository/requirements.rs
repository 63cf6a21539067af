//! Each requirement that the book lists has tests, and they exist.

use super::named::{Tests, rows};

/// The page with the requirements of MCP's authorization extensions.
pub(super) const PAGE: &str = "docs/src/extensions.md";

/// What is wrong between `page` and the tests that there are, a line each.
pub(super) fn mistakes(page: &str, tests: &Tests<'_>) -> Vec<String> {
    let rows: Vec<_> = rows(page).collect();
    if rows.is_empty() {
        return vec![format!("{PAGE}: it lists nothing")];
    }
    rows.iter().flat_map(|row| tests.missing(PAGE, row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str) -> Vec<String> {
        mistakes(page, &Tests::of([("a.rs", "#[test]\nfn it_is_refused() {}\n")]))
    }

    #[test]
    fn a_requirement_needs_tests_and_each_must_exist() {
        assert_eq!(found("| § 1 | must | is done | `it_is_refused` |\n"), [""; 0]);
        for (cell, name) in [
            ("`it_is_refused`, `it_is_taken`", "it_is_taken"),
            ("`it_is_taken`", "it_is_taken"),
            ("none", "none"),
        ] {
            let wrong = found(&format!("| § 1 | must | is done | {cell} |\n"));
            assert_eq!(wrong, [format!("{PAGE}:1: there is no test {name:?}")]);
        }
    }

    #[test]
    fn a_page_that_is_gone_or_lists_nothing_is_found() {
        for page in ["", "# Extensions\n", "| § | must | done | tested by |\n|---|---|---|---|\n"] {
            assert_eq!(found(page), [format!("{PAGE}: it lists nothing")]);
        }
    }
}
