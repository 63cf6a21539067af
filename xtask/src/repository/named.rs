//! Tests that pages of the book name: in the last cell of a row, a comma between them.

use std::collections::BTreeMap;

/// What the last cell of a table's head says, where its rows name tests.
const HEAD: &str = "tested by";

/// The tests of all sources, and where each one is: `file:line`.
pub(super) struct Tests<'a>(BTreeMap<&'a str, String>);

/// One row of a table.
pub(super) struct Row<'a> {
    pub(super) line: usize,
    /// Its first cell.
    pub(super) first: &'a str,
    /// The tests it names: one or more.
    pub(super) tests: Vec<&'a str>,
}

impl<'a> Tests<'a> {
    /// Those of `sources`, each a file's name and text.
    pub(super) fn of(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let tests = sources.into_iter().flat_map(|(file, text)| {
            tests_of(text).into_iter().map(move |(line, name)| (name, format!("{file}:{line}")))
        });
        Self(tests.collect())
    }

    /// Whether there is one of this name.
    pub(super) fn contain(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Their names and places.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'a str, &str)> {
        self.0.iter().map(|(name, place)| (*name, &**place))
    }

    /// What a row of `page` names and is not there, a line each.
    pub(super) fn missing(&self, page: &str, row: &Row<'_>) -> Vec<String> {
        let missing = row.tests.iter().filter(|test| !self.contain(test));
        missing.map(|test| format!("{page}:{}: there is no test {test:?}", row.line)).collect()
    }
}

/// The rows of all tables of a page.
pub(super) fn rows<'a>(page: &'a str) -> impl Iterator<Item = Row<'a>> {
    page.lines().enumerate().filter_map(|(index, line): (usize, &'a str)| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let last = *cells.last()?;
        let tests = last.split(", ").map(|test| test.trim_matches('`')).collect();
        (last != HEAD).then(|| Row { line: index + 1, first: cells[0], tests })
    })
}

/// The tests of a source file: the line and the name of each.
fn tests_of(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut is_test = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.starts_with("#[") {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            continue;
        }
        let name = line.trim_start_matches("pub ").trim_start_matches("async ").strip_prefix("fn ");
        if let Some((name, _)) = name.filter(|_| is_test).and_then(|rest| rest.split_once('(')) {
            found.push((index + 1, name));
        }
        is_test = false;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "#[test]\nfn first() {}\n\n    #[tokio::test(start_paused = true)]\n    async fn second() {}\n\nfn third() {}\n";

    #[test]
    fn tests_are_known_by_their_names_and_other_functions_are_not() {
        let tests = Tests::of([("a.rs", SOURCE)]);
        let all: Vec<_> = tests.all().collect();
        assert_eq!(all, [("first", "a.rs:2"), ("second", "a.rs:5")]);
        assert!(tests.contain("first") && !tests.contain("third"));
    }

    #[test]
    fn the_head_and_the_line_below_it_are_not_rows() {
        let page = "| § | must | tested by |\n|---|---|---|\n| 1 | x | `first`, `fourth` |\n\ntext\n";
        let rows: Vec<_> = rows(page).collect();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].line, rows[0].first, &*rows[0].tests), (3, "1", &["first", "fourth"][..]));
        let missing = Tests::of([("a.rs", SOURCE)]).missing("page.md", &rows[0]);
        assert_eq!(missing, ["page.md:3: there is no test \"fourth\""]);
    }
}
