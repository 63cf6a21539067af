//! The threat list and the names of tests hold each other: no label without a row, no row without a test.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::named::{Row, Tests, rows};

/// The page with the threat list.
pub(super) const PAGE: &str = "docs/src/threats.md";

/// What is wrong between `page` and the tests that there are, a line each.
pub(super) fn mistakes(page: &str, tests: &Tests<'_>) -> Vec<String> {
    let rows: Vec<(String, Row<'_>)> = rows(page)
        .map(|row| (row.first.to_ascii_lowercase(), row))
        .filter(|(label, _)| is_label(label))
        .collect();
    let mut wrong = Vec::new();
    for pair in rows.windows(2) {
        if pair[0].0 >= pair[1].0 {
            wrong.push(format!("{PAGE}:{}: {} comes after {}", pair[1].1.line, pair[1].0, pair[0].0));
        }
    }
    for (label, row) in &rows {
        wrong.extend(tests.missing(PAGE, row));
        let unlabelled = row
            .tests
            .iter()
            .filter(|test| tests.contain(test))
            .filter(|test| !labels(test).iter().any(|range| range.contains(label)));
        let line = row.line;
        wrong.extend(
            unlabelled.map(|test| format!("{PAGE}:{line}: the name of {test:?} does not say {label}")),
        );
    }
    for (test, place) in tests.all() {
        let ranges = labels(test);
        let ends: BTreeSet<&String> = ranges.iter().flat_map(|range| [range.start(), range.end()]).collect();
        for end in ends {
            if !rows.iter().any(|(label, _)| label == end) {
                wrong.push(format!("{place}: {end} is not a row of {PAGE}"));
            }
        }
    }
    wrong
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
        mistakes(page, &Tests::of([("a.rs", TESTS)]))
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
