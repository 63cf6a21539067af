//! In which line of a text each key stands.

use std::collections::BTreeMap;

use toml_edit::{ImDocument, Item, TableLike, Value};

/// The line of every key of one text, from 1. Steps into an array are numbers.
#[derive(Debug, Clone, Default)]
pub(in crate::config) struct Positions(BTreeMap<Vec<String>, usize>);

impl Positions {
    /// Those of a TOML text; none if it is not TOML.
    pub(in crate::config) fn of(text: &str) -> Self {
        let mut found = Found { text, path: Vec::new(), positions: Self::default() };
        if let Ok(document) = ImDocument::parse(text) {
            found.table(document.as_table());
        }
        found.positions
    }

    /// The line of the key at `path`, else of the nearest table around it.
    pub(in crate::config) fn line(&self, path: &[String]) -> Option<usize> {
        // One table that is read as a list of one has no step into it.
        let alone: Vec<String> = path.iter().filter(|step| *step != "0").cloned().collect();
        let nearest = (1..=path.len()).rev().find_map(|steps| self.0.get(&path[..steps]));
        self.0.get(path).or_else(|| self.0.get(&alone)).or(nearest).copied()
    }
}

/// The line of a byte of a text, from 1.
pub(in crate::config) fn line_of(text: &str, byte: usize) -> usize {
    text.as_bytes()[..byte.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

struct Found<'a> {
    text: &'a str,
    path: Vec<String>,
    positions: Positions,
}

impl Found<'_> {
    fn table(&mut self, table: &dyn TableLike) {
        for (name, item) in table.iter() {
            let header = item.as_table().and_then(toml_edit::Table::span);
            let key = table.get_key_value(name).and_then(|(key, _)| key.span());
            self.step(name.to_owned(), header.or(key).or(item.span()), |found| found.item(item));
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Value(value) => self.value(value),
            Item::Table(table) => self.table(table),
            Item::ArrayOfTables(tables) => {
                for (index, table) in tables.iter().enumerate() {
                    self.step(index.to_string(), table.span(), |found| found.table(table));
                }
            }
            Item::None => {}
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::InlineTable(table) => self.table(table),
            Value::Array(array) => {
                for (index, value) in array.iter().enumerate() {
                    self.step(index.to_string(), value.span(), |found| found.value(value));
                }
            }
            _ => {}
        }
    }

    fn step(&mut self, name: String, span: Option<std::ops::Range<usize>>, below: impl FnOnce(&mut Self)) {
        self.path.push(name);
        if let Some(span) = span {
            self.positions.0.insert(self.path.clone(), line_of(self.text, span.start));
        }
        below(self);
        self.path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_key_has_its_line() {
        let text = "auth.verify = \"tokens\"\n\n[server]\nlisten = \"a\"\n\n[[auth.issuers]]\nissuer = \"a\"\n\n\
                    [[auth.issuers]]\nalgorithms = [\n  \"a\",\n  \"b\",\n]\n[scopes.\"a.b\"]\nx = { y = 1 }\n";
        let positions = Positions::of(text);
        for (path, line) in [
            (&["auth", "verify"][..], Some(1)),
            (&["server"], Some(3)),
            (&["server", "listen"], Some(4)),
            (&["server", "gone"], Some(3)),
            (&["auth", "issuers", "0"], Some(6)),
            (&["auth", "issuers", "0", "issuer"], Some(7)),
            (&["auth", "issuers", "1", "issuer"], Some(9)),
            (&["auth", "issuers", "1", "algorithms", "1"], Some(12)),
            (&["scopes", "a.b"], Some(14)),
            (&["scopes", "a.b", "x", "y"], Some(15)),
            (&["limits"], None),
        ] {
            let path: Vec<String> = path.iter().map(|step| (*step).to_owned()).collect();
            assert_eq!(positions.line(&path), line, "{path:?}");
        }
        assert_eq!(Positions::of("[auth").line(&["auth".to_owned()]), None);
    }
}
