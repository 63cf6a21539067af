//! The tools of a server, as a table for people or as JSON.

use std::process::ExitCode;

use mcp_auth_core::canonical::sorted;
use rmcp::model::Tool;
use serde_json::{Value, json};

use super::types::type_name;
use crate::Failure;
use crate::terminal::{self, Cell, DIM, STRONG, Table, Terminal, shown_line, shown_lines, styled};

/// Prints the tools.
///
/// # Errors
/// Never; the return type is the one that all commands have.
pub(super) fn print(terminal: &Terminal, tools: &[Tool], as_json: bool) -> Result<ExitCode, Failure> {
    if as_json {
        terminal.line(terminal::json(&json!({ "tools": tools }))?);
        return Ok(ExitCode::SUCCESS);
    }
    if tools.is_empty() {
        terminal.note("the server shows no tools to this caller");
    }
    for (at, tool) in tools.iter().enumerate() {
        if at > 0 {
            terminal.line("");
        }
        let description = tool.description.as_deref().unwrap_or_default();
        terminal.line(format!("{}{}", styled(STRONG, shown_line(&tool.name, 128)), hints(tool)));
        for line in shown_lines(description).lines().take_while(|line| !line.trim().is_empty()) {
            terminal.line(format!("  {}", line.trim_end()));
        }
        terminal.table(&arguments(tool));
    }
    Ok(ExitCode::SUCCESS)
}

fn hints(tool: &Tool) -> String {
    let Some(annotations) = &tool.annotations else { return String::new() };
    let named = [(annotations.read_only_hint, "reads only"), (annotations.destructive_hint, "destructive")];
    let said: Vec<&str> =
        named.into_iter().filter(|(hint, _)| *hint == Some(true)).map(|(_, name)| name).collect();
    if said.is_empty() { String::new() } else { format!("  {}", styled(DIM, said.join(", "))) }
}

/// One row for each argument, required ones first: name, type, description.
fn arguments(tool: &Tool) -> Table<3> {
    let mut table = Table::indented(4);
    let root = sorted(Value::Object((*tool.input_schema).clone()));
    let Some(properties) = root.get("properties").and_then(Value::as_object) else { return table };
    let required = root.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let needed = |key: &str| required.iter().any(|name| name.as_str() == Some(key));
    let (first, then): (Vec<_>, Vec<_>) = properties.iter().partition(|(key, _)| needed(key));
    for (key, schema) in first.into_iter().chain(then) {
        let optional = if needed(key) { "" } else { ", optional" };
        let kind = format!("{}{optional}", shown_line(&type_name(&root, schema), 80));
        let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        table.row([shown_line(key, 60).into(), Cell::styled(DIM, kind), shown_line(description, 200).into()]);
    }
    table
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn arguments_stand_in_columns_with_their_types() {
        let schema = json!({
            "type": "object",
            "properties": {
                "title": { "type": "string", "description": "What to do." },
                "tags": { "type": "array", "items": { "type": "string" } },
            },
            "required": ["title"],
        });
        let tool = Tool::new("add", "Add.", Arc::new(schema.as_object().unwrap().clone()));
        let rows: Vec<String> = arguments(&tool)
            .lines(None)
            .iter()
            .map(|row| anstream::adapter::strip_str(row).to_string())
            .collect();
        assert!(rows.contains(&"    title  string                     What to do.".to_owned()), "{rows:?}");
        assert!(rows.contains(&"    tags   array of string, optional".to_owned()), "{rows:?}");
    }
}
