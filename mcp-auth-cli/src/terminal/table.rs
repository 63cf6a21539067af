//! Aligned columns, with widths measured as a terminal shows them.

use anstyle::Style;

use super::wrap::{width, wrapped};
use super::{DIM, shown, styled};

/// The spaces between two columns.
const GAP: usize = 2;
/// The smallest width to which the last column is broken.
const LEAST: usize = 16;

/// One field of a table: text from any source (it is escaped), and its style.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// This text, in this style.
    pub(crate) fn styled(style: Style, text: impl AsRef<str>) -> Self {
        Self { text: shown(text.as_ref()).into_owned(), style }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(Style::new(), text)
    }
}

/// Rows of `N` cells, with or without a heading.
#[derive(Debug, Clone)]
pub(crate) struct Table<const N: usize> {
    indent: usize,
    heading: Option<[Cell; N]>,
    rows: Vec<[Cell; N]>,
}

impl<const N: usize> Table<N> {
    /// A table without a heading, with every row indented by this many spaces.
    pub(crate) fn indented(indent: usize) -> Self {
        Self { indent, heading: None, rows: Vec::new() }
    }

    /// As [`indented`](Self::indented), with a heading, which is left out above an empty column.
    pub(crate) fn headed(indent: usize, heading: [&str; N]) -> Self {
        Self { indent, heading: Some(heading.map(|name| Cell::styled(DIM, name))), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: [Cell; N]) {
        self.rows.push(cells);
    }

    /// The table as lines, without trailing spaces; its last column is broken to fit `room` columns.
    pub(crate) fn lines(&self, room: Option<usize>) -> Vec<String> {
        let mut widths = [0; N];
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(&cell.text));
            }
        }
        let heading = self.heading.clone().map(|mut heading| {
            for (cell, widest) in heading.iter_mut().zip(&mut widths) {
                match *widest {
                    0 => cell.text.clear(),
                    _ => *widest = (*widest).max(width(&cell.text)),
                }
            }
            heading
        });
        let before = self.indent + widths.iter().rev().skip(1).map(|widest| space(*widest)).sum::<usize>();
        let last = room.map(|room| room.saturating_sub(before).max(LEAST));
        let mut lines = Vec::new();
        for row in heading.iter().chain(&self.rows) {
            let Some((end, columns)) = row.split_last() else { continue };
            let mut line = " ".repeat(self.indent);
            for (cell, widest) in columns.iter().zip(widths) {
                line.push_str(&paint(cell.style, &cell.text));
                line.push_str(&" ".repeat(space(widest) - width(&cell.text)));
            }
            for part in wrapped(&end.text, last) {
                line.push_str(&paint(end.style, &part));
                lines.push(line.trim_end().to_owned());
                line = " ".repeat(before);
            }
        }
        lines
    }
}

/// The width of a column with the gap after it; 0 if it is empty.
fn space(widest: usize) -> usize {
    if widest == 0 { 0 } else { widest + GAP }
}

/// Adds no escape codes to text without a style, so that `trim_end` sees its trailing spaces.
fn paint(style: Style, text: &str) -> String {
    if style.is_plain() || text.is_empty() { text.to_owned() } else { styled(style, text) }
}

#[cfg(test)]
mod tests {
    use super::super::GOOD;
    use super::*;

    fn table() -> Table<3> {
        let mut table = Table::headed(0, ["KIND", "NAME", "WHAT"]);
        table.row([Cell::styled(GOOD, "tool"), "做事".into(), "Does things for the caller".into()]);
        table.row(["prompt".into(), "plan".into(), "".into()]);
        table
    }

    fn plain(table: &Table<3>, room: Option<usize>) -> Vec<String> {
        table.lines(room).iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn columns_align_by_what_a_terminal_shows() {
        let lines = plain(&table(), None);
        assert_eq!(
            lines,
            ["KIND    NAME  WHAT", "tool    做事  Does things for the caller", "prompt  plan",]
        );
    }

    #[test]
    fn last_column_breaks_under_itself() {
        let lines = plain(&table(), Some(32));
        assert_eq!(lines[1..3], ["tool    做事  Does things for", "              the caller"]);
    }

    #[test]
    fn column_with_nothing_in_it_takes_no_space() {
        let mut table = Table::<3>::indented(0);
        table.row(["a".into(), "".into(), "b".into()]);
        assert_eq!(table.lines(None), ["a  b"]);
        let mut table = Table::<3>::headed(0, ["ONE", "TWO", "THREE"]);
        table.row(["a".into(), "".into(), "b".into()]);
        let lines: Vec<_> =
            table.lines(None).iter().map(|l| anstream::adapter::strip_str(l).to_string()).collect();
        assert_eq!(lines, ["ONE  THREE", "a    b"]);
    }

    #[test]
    fn cell_from_outside_starts_no_line() {
        let mut table = Table::<1>::indented(2);
        table.row(["a\nb\u{1b}[2J".into()]);
        assert_eq!(table.lines(None), ["  a\\nb\\u{1b}[2J"]);
    }
}
