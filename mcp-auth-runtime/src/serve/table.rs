//! `--scopes`: every operation, who may call it, what it does.

use std::fmt::Write as _;

use crate::authz::{Policy, Settings};
use crate::config::TableFormat;
use crate::declared::lock::{LOCK_FILE, Lock};
use crate::declared::registry::Registry;
use crate::declared::table::operations_to_json;
use crate::error::{Error, Result};
use mcp_auth_core::Hierarchy;

/// The table in the format asked for, with a line end. The lock is written into the current directory, and a line says so.
pub(super) fn render(registry: &Registry, format: TableFormat) -> Result<String> {
    match format {
        TableFormat::Text => Ok(text(registry)),
        TableFormat::Json => {
            let policy = Policy::compile(registry.rules(), &Hierarchy::default(), Settings::default());
            Ok(operations_to_json(registry, policy.scopes())?)
        }
        TableFormat::Lock => {
            let lock = Lock::of(registry).map_err(|wrong| Error::from(wrong.to_string()))?;
            std::fs::write(LOCK_FILE, lock.to_string())
                .map_err(|error| Error::from(format!("cannot write {LOCK_FILE}: {error}")))?;
            let plural = if lock.len() == 1 { "" } else { "s" };
            Ok(format!("wrote {LOCK_FILE}: {} operation{plural}\n", lock.len()))
        }
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
    let head = ["KIND", "OPERATION", "RULE", "DESCRIPTION"].map(str::to_owned);
    let width = |column: usize| {
        rows.iter().chain([&head]).map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2)];
    let mut table = String::new();
    for [kind, name, rule, description] in [&head].into_iter().chain(&rows) {
        let line = format!("{kind:0$}  {name:1$}  {rule:2$}  {description}", widths[0], widths[1], widths[2]);
        let _ = writeln!(table, "{}", line.trim_end());
    }
    table
}
