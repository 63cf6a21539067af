//! `--scopes`: every operation, who may call it, what it does.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::config::TableFormat;
use crate::declared::Rule;
use crate::declared::registry::{Declaration, Registry};

/// The table in the format asked for, with a line end.
pub(super) fn render(registry: &Registry, format: TableFormat) -> String {
    match format {
        TableFormat::Text => text(registry),
        TableFormat::Json => format!("{:#}\n", machine(registry)),
    }
}

fn text(registry: &Registry) -> String {
    let rows: Vec<[String; 4]> = registry
        .iter()
        .map(|(_, declaration)| {
            let first_line = declaration.description().unwrap_or_default().lines().next().unwrap_or_default();
            [
                declaration.kind().to_string(),
                declaration.name().to_owned(),
                declaration.rule.to_string(),
                first_line.to_owned(),
            ]
        })
        .collect();
    let head = ["KIND", "OPERATION", "REQUIRES", "DESCRIPTION"].map(str::to_owned);
    let width = |column: usize| {
        rows.iter().chain([&head]).map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2)];
    let mut table = String::new();
    for [kind, name, requires, description] in [&head].into_iter().chain(&rows) {
        let line =
            format!("{kind:0$}  {name:1$}  {requires:2$}  {description}", widths[0], widths[1], widths[2]);
        let _ = writeln!(table, "{}", line.trim_end());
    }
    table
}

fn machine(registry: &Registry) -> Value {
    let operations: Vec<Value> = registry.iter().map(|(_, declaration)| operation(declaration)).collect();
    json!({ "operations": operations, "scopes": registry.scopes() })
}

fn operation(declaration: &Declaration) -> Value {
    let (access, scopes) = match &declaration.rule {
        Rule::Public => ("public", Vec::new()),
        Rule::Authenticated => ("authenticated", Vec::new()),
        Rule::All(_) => ("all", declaration.rule.scopes()),
        Rule::Any(_) => ("any", declaration.rule.scopes()),
    };
    json!({
        "kind": declaration.kind(),
        "name": declaration.name(),
        "access": access,
        "scopes": scopes,
        "description": declaration.description(),
    })
}
