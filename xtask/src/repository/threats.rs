//! The threat list and the names of tests hold each other: no label without a row, no row without a test.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// The page with the threat list.
pub(super) const PAGE: &str = "docs/src/threats.md";

/// One row of the page.
struct Row<'a> {
    line: usize,
    /// In small letters, as test names have it: `t24`.
    label: String,
    /// The tests it names: one or more.
    tests: Vec<&'a str>,
}

/// What is wrong between `page` and `texts` (each a file's name and text), a line each.
pub(super) fn mistakes<'a>(page: &str, texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let rows = rows(page);
    let mut tests = BTreeMap::new();
    for (file, text) in texts {
        tests.extend(tests_of(text).into_iter().map(|(line, name)| (name, format!("{file}:{line}"))));
    }
    let mut wrong = Vec::new();
    for pair in rows.windows(2) {
        if pair[0].label >= pair[1].label {
            wrong.push(format!("{PAGE}:{}: {} comes after {}", pair[1].line, pair[1].label, pair[0].label));
        }
    }
    for row in &rows {
        let (line, label) = (row.line, &row.label);
        for test in &row.tests {
            if !tests.contains_key(test) {
                wrong.push(format!("{PAGE}:{line}: there is no test {test:?}"));
            } else if !labels(test).iter().any(|range| range.contains(label)) {
                wrong.push(format!("{PAGE}:{line}: the name of {test:?} does not say {label}"));
            }
        }
    }
    for (test, place) in &tests {
        let ranges = labels(test);
        let ends: BTreeSet<&String> = ranges.iter().flat_map(|range| [range.start(), range.end()]).collect();
        for end in ends {
            if !rows.iter().any(|row| row.label == *end) {
                wrong.push(format!("{place}: {end} is not a row of {PAGE}"));
            }
        }
    }
    wrong
}

/// The rows: a label in the first cell, the names of tests in the last one, a comma between them.
fn rows<'a>(page: &'a str) -> Vec<Row<'a>> {
    let row = |(index, line): (usize, &'a str)| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let label = cells.first()?.to_ascii_lowercase();
        is_label(&label).then(|| (index + 1, label, *cells.last().unwrap_or(&"")))
    };
    let rows = page.lines().enumerate().filter_map(row);
    let tests = |cell: &'a str| cell.split(", ").map(|test| test.trim_matches('`')).collect();
    rows.map(|(line, label, cell)| Row { line, label, tests: tests(cell) }).collect()
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

/// The labels in a test's name: `t01_t03_…` says two, `k01_to_k09_…` all between the two.
fn labels(name: &str) -> Vec<RangeInclusive<String>> {
    let words: Vec<&str> = name.split('_').collect();
    let mut found: Vec<RangeInclusive<String>> = Vec::new();
    for (index, word) in words.iter().enumerate().filter(|(_, word)| is_label(word)) {
        let from = index.checked_sub(2).filter(|from| words[from + 1] == "to" && is_label(words[*from]));
        if let Some(from) = from {
            found.pop();
            found.push(words[from].to_owned()..=(*word).to_owned());
        } else {
            found.push((*word).to_owned()..=(*word).to_owned());
        }
    }
    found
}

/// A letter and two digits.
fn is_label(word: &str) -> bool {
    matches!(word.as_bytes(), [letter, tens, ones]
        if letter.is_ascii_lowercase() && tens.is_ascii_digit() && ones.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTS: &str = "#[test]\nfn k01_to_k03_an_issuer_is_down() {}\n\n    #[tokio::test]\n    async fn t24_us() {}\n\n\
                         #[test]\nfn without_a_label() {}\n\nfn t99_not_a_test() {}\n";

    fn found(page: &str) -> Vec<String> {
        mistakes(page, [("a.rs", TESTS)])
    }

    fn page(rows: &[(&str, &str)]) -> String {
        rows.iter().map(|(label, test)| format!("| {label} | asked | answer | `{test}` |\n")).collect()
    }

    const GOOD: [(&str, &str); 4] = [
        ("K01", "k01_to_k03_an_issuer_is_down"),
        ("K02", "k01_to_k03_an_issuer_is_down"),
        ("K03", "k01_to_k03_an_issuer_is_down"),
        ("T24", "t24_us"),
    ];

    #[test]
    fn a_page_that_agrees_with_its_tests_passes() {
        assert_eq!(found(&page(&GOOD)), [""; 0]);
    }

    #[test]
    fn a_label_without_a_row_is_found_at_its_test() {
        let wrong = found(&page(&GOOD[..3]));
        assert_eq!(wrong, [format!("a.rs:5: t24 is not a row of {PAGE}")]);
        assert_eq!(found(&page(&GOOD[1..])), [format!("a.rs:2: k01 is not a row of {PAGE}")]);
    }

    #[test]
    fn each_test_of_a_row_is_looked_for() {
        let both = page(&GOOD).replace("`t24_us`", "`t24_us`, `t24_them`");
        assert_eq!(found(&both), [format!("{PAGE}:4: there is no test \"t24_them\"")]);
        assert_eq!(found(&both.replace("t24_them", "t24_us")), [""; 0]);
    }

    #[test]
    fn a_row_needs_a_test_that_exists_and_bears_its_label() {
        for (test, why) in
            [("t24_them", "no test"), ("t99_not_a_test", "no test"), ("without_a_label", "t25")]
        {
            let rows = [&GOOD[..], &[("T25", test)]].concat();
            let wrong = found(&page(&rows));
            assert_eq!(wrong.len(), 1, "{wrong:?}");
            assert!(wrong[0].starts_with(&format!("{PAGE}:5: ")) && wrong[0].contains(why), "{wrong:?}");
        }
    }

    #[test]
    fn rows_stand_in_order_and_once() {
        let [first, second, third, fourth] = GOOD;
        for rows in [[first, third, second, fourth], [fourth, first, second, third]] {
            assert_eq!(found(&page(&rows)).len(), 1);
        }
        assert_eq!(found(&page(&[first, first, second, third, fourth])).len(), 1);
    }
}
