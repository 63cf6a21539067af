//! What the page on trouble says that a server or the doctor says is in their sources.

use std::path::Path;

use crate::markdown::root;

const PAGE: &str = "docs/src/troubleshoot.md";

/// Every source below `folder` as one text, strings that are broken over lines in one piece.
fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.push_str(&sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&std::fs::read_to_string(&path).expect("a source"));
        }
    }
    let pieces = all.split("\\\n").enumerate();
    pieces.map(|(index, piece)| if index == 0 { piece } else { piece.trim_start() }).collect()
}

/// The first cells of the page's tables, and where.
fn quoted() -> Vec<String> {
    let text = std::fs::read_to_string(root().join(PAGE)).expect("the page");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let spans =
        rows.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>());
    spans.filter(|span| span.contains(' ')).collect()
}

#[test]
fn every_message_that_is_quoted_is_one_that_is_written() {
    let crates = ["mcp-auth-runtime/src", "mcp-auth-store/src", "mcp-auth-macros/src"];
    let written = crates.map(|at| sources(&root().join(at))).concat().replace("\\\"", "\"");
    let quoted = quoted();
    assert!(quoted.len() > 20, "{quoted:?}");
    for message in quoted.iter().filter(|message| !message.contains(" = ")) {
        for part in message.split('…').map(str::trim) {
            let part = part.trim_matches('"').trim();
            assert!(written.contains(part), "{PAGE}: nothing says {part:?}");
        }
    }
}

#[test]
fn every_line_of_the_doctor_that_is_named_is_one_of_its() {
    let checks = std::fs::read_to_string(root().join("mcp-auth-cli/src/doctor/checks.rs"))
        .expect("the doctor's lines");
    let text = std::fs::read_to_string(root().join(PAGE)).expect("the page");
    let (mut in_table, mut named) = (false, 0);
    for line in text.lines() {
        in_table = line.contains("the doctor's line |") || (in_table && line.starts_with('|'));
        let last = line.trim_end_matches(" |").rsplit("| ").next().unwrap_or_default();
        if in_table && last.starts_with('`') {
            for id in last.split('`').skip(1).step_by(2) {
                assert!(checks.contains(&format!("\"{id}\"")), "{PAGE}: the doctor has no line {id}");
                named += 1;
            }
        }
    }
    assert!(named > 15, "{named} lines are named");
}
