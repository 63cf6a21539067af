//! What drivers report, as tables: client by step.

use serde_json::Value;

/// One step a driver took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) ok: bool,
    /// What was seen, or what went wrong.
    pub(crate) seen: String,
}

/// The steps in what a driver printed: a line of JSON each. Other lines are ignored.
pub(crate) fn steps(output: &str) -> Vec<Step> {
    let lines = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let steps = lines.filter_map(|line| {
        let name = line["step"].as_str()?.to_owned();
        Some(Step {
            name,
            ok: line["ok"].as_bool()?,
            seen: line["seen"].as_str().unwrap_or_default().to_owned(),
        })
    });
    steps.collect()
}

/// One run of one driver.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) steps: Vec<Step>,
    /// Why this row is red, with everything that helps to find out.
    pub(crate) failure: Option<String>,
}

impl Row {
    /// A row whose driver printed `output` and ended with success, or did not. `columns` are the steps that have to
    /// be there, all of them and no other; if it is empty, every step that the driver did counts.
    pub(crate) fn new(label: String, output: &str, success: bool, columns: &[&str]) -> Self {
        let steps = steps(output);
        let names: Vec<_> = steps.iter().map(|step| step.name.as_str()).collect();
        let complete = if columns.is_empty() { !steps.is_empty() } else { names == columns };
        let wrong = steps.iter().find(|step| !step.ok);
        let failure = match wrong {
            Some(step) => Some(format!("{label}: {}: {}", step.name, step.seen)),
            None if success && complete => None,
            None => Some(format!("{label}: ended after the steps {names:?}")),
        };
        Self { label, steps, failure }
    }

    /// What stands in `column`.
    fn cell(&self, column: &str) -> &'static str {
        match self.steps.iter().find(|step| step.name == column) {
            Some(step) if step.ok => "ok",
            Some(_) => "FAILED",
            None => "-",
        }
    }
}

/// Rows by steps, in Markdown that is readable in a terminal too.
pub(crate) fn by_step(first: &str, columns: &[&str], rows: &[Row]) -> String {
    let head = std::iter::once(first.to_owned()).chain(columns.iter().map(|&column| column.to_owned()));
    let line = |row: &Row| {
        std::iter::once(row.label.clone())
            .chain(columns.iter().map(|column| row.cell(column).to_owned()))
            .collect()
    };
    markdown(head.collect(), rows.iter().map(line).collect())
}

/// A Markdown table with aligned columns.
pub(crate) fn markdown(head: Vec<String>, rows: Vec<Vec<String>>) -> String {
    let width = |column: usize| {
        let cells = std::iter::once(&head).chain(&rows).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default().max(3)
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, &width)| format!(" {cell:<width$} |"));
        format!("|{}\n", padded.collect::<String>())
    };
    let rule: String = widths.iter().map(|&width| format!("{}|", "-".repeat(width + 2))).collect();
    let body: String = rows.iter().map(|row| line(row)).collect();
    format!("{}|{rule}\n{body}", line(&head))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "{\"step\":\"list\",\"ok\":true,\"seen\":\"2\"}\nnoise\n{\"step\":\"call\",\"ok\":true}\n";

    #[test]
    fn a_row_with_every_step_is_green() {
        let row = Row::new("client".to_owned(), GOOD, true, &["list", "call"]);
        assert_eq!((row.failure.clone(), row.cell("call"), row.cell("refresh")), (None, "ok", "-"));
    }

    #[test]
    fn a_row_without_one_of_its_steps_is_red() {
        let row = Row::new("client".to_owned(), GOOD, true, &["list", "call", "refresh"]);
        assert!(row.failure.is_some_and(|failure| failure.contains("list")));
        assert!(Row::new("client".to_owned(), "", true, &[]).failure.is_some());
    }

    #[test]
    fn a_row_whose_driver_failed_is_red_even_with_every_step() {
        assert!(Row::new("client".to_owned(), GOOD, false, &["list", "call"]).failure.is_some());
    }

    #[test]
    fn a_failed_step_is_named_with_what_was_seen() {
        let output = r#"{"step":"401","ok":false,"seen":"expected 401; got 200"}"#;
        let row = Row::new("client".to_owned(), output, false, &["401"]);
        assert_eq!(row.failure.as_deref(), Some("client: 401: expected 401; got 200"));
        assert_eq!(row.cell("401"), "FAILED");
    }

    #[test]
    fn columns_are_aligned() {
        let table = markdown(vec!["a".into(), "long".into()], vec![vec!["longer".into(), "b".into()]]);
        assert_eq!(table, "| a      | long |\n|--------|------|\n| longer | b    |\n");
    }
}
