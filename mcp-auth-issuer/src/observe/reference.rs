//! The events as a text for operators, made from the types. `MCP_AUTH_BLESS=1` writes it anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::event::Described;
use super::field::FIELDS;
use super::{account, authorization, client, confirm, connect, device, key, login, token};

/// All events, by what they are about.
const ALL: [(&str, &[Described]); 9] = [
    ("Logins", login::EVENTS),
    ("Accounts", account::EVENTS),
    ("Authorization", authorization::EVENTS),
    ("Devices", device::EVENTS),
    ("Tokens and grants", token::EVENTS),
    ("Clients", client::EVENTS),
    ("Confirmed calls", confirm::EVENTS),
    ("Connected accounts", connect::EVENTS),
    ("Signing keys", key::EVENTS),
];

fn markdown() -> String {
    let mut text = String::new();
    for (title, events) in ALL {
        let _ = writeln!(text, "## {title}\n\n| event | level | when | fields |\n|---|---|---|---|");
        for event in events {
            let fields: Vec<String> = event.fields.iter().map(|field| format!("`{field}`")).collect();
            let level = event.level.as_str().to_lowercase();
            let (name, when) = (event.name, event.when.trim());
            let _ = writeln!(text, "| `{name}` | {level} | {when} | {} |", fields.join(", "));
        }
        text.push('\n');
    }
    text.push_str("## Fields\n\n| field | what it says |\n|---|---|\n");
    for (field, says) in FIELDS {
        let _ = writeln!(text, "| `{field}` | {} |", says.trim());
    }
    text
}

/// The line of the book's page behind which all is made from the types.
const MADE: &str = "<!-- what follows is made from the types in mcp-auth-issuer/src/observe -->\n\n";

#[test]
fn the_reference_of_the_events_is_that_of_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/issuer-events.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (introduction, written) = page.split_once(MADE).expect("the page has the line");
    if std::env::var_os("MCP_AUTH_BLESS").is_some() {
        return std::fs::write(path, format!("{introduction}{MADE}{}", markdown())).unwrap();
    }
    assert!(
        written == markdown(),
        "docs/src/issuer-events.md is not that of the types: run with MCP_AUTH_BLESS=1"
    );
}

#[test]
fn each_event_has_the_name_of_its_type_and_a_field_that_no_event_has_does_not_exist() {
    let (mut names, mut used) = (BTreeSet::new(), BTreeSet::new());
    for event in ALL.iter().flat_map(|(_, events)| events.iter()) {
        let parts = event.type_name.char_indices().map(|(at, c)| match c.is_uppercase() && at > 0 {
            true => format!("_{}", c.to_lowercase()),
            false => c.to_lowercase().to_string(),
        });
        assert_eq!(event.name, parts.collect::<String>());
        assert!(names.insert(event.name), "{} is there twice", event.name);
        used.extend(event.fields.iter().copied());
    }
    let all: BTreeSet<_> = FIELDS.iter().map(|(field, _)| *field).collect();
    assert_eq!(used, all);
}
