//! Where a key belongs that stands where it is not known.

use figment::value::Value;

use super::environment;
use crate::config::section::schema::Node;

/// No more than this many places are named.
const NAMED: usize = 3;

/// The table of conditions in `[auth]`.
const DENY: &str = "deny";

/// One place in the schema where a key of some name may stand.
struct Place {
    /// The tables around it and its own name, from the top. `[]` is a step into a list, `*` a name that the user chooses.
    path: Vec<&'static str>,
    takes: Node,
}

/// Where a key belongs.
#[derive(Debug, Default)]
pub(in crate::config) struct Belongs {
    /// The tables, or the variables to set, in the words of who wrote it.
    pub(in crate::config) words: Vec<String>,
    /// The keys that it may have been meant for; of a list the whole list.
    pub(in crate::config) meant: Vec<Vec<String>>,
}

/// Where the key at `path` with this value may stand. Places below the same section alone, if there are any.
pub(in crate::config) fn belongs(path: &[String], value: &Value, from: &str) -> Belongs {
    let Some((name, around)) = path.split_last() else { return Belongs::default() };
    let mut places = Vec::new();
    walk(Node::root(), &mut Vec::new(), name, &mut places);
    // Conditions on credentials name many things; none of them is where one is set up.
    if around.first().is_none_or(|section| section != "auth")
        || around.get(1).is_none_or(|table| table != DENY)
    {
        places.retain(|place| place.path.get(1) != Some(&DENY) || place.path.len() < 3);
    }
    // What is one table or a list of them is named as a list.
    let lists: Vec<Vec<&str>> =
        places.iter().filter(|place| place.path.contains(&"[]")).map(Place::tables).collect();
    places.retain(|place| place.path.contains(&"[]") || !lists.contains(&place.tables()));
    places.retain(|place| place.path.len() != path.len() || !leads_to(&place.path, path));
    if places.iter().any(|place| fits(place.takes, value)) {
        places.retain(|place| fits(place.takes, value));
    }
    let section = around.first();
    if places.iter().any(|place| section.is_some_and(|section| place.path[0] == section)) {
        places.retain(|place| section.is_some_and(|section| place.path[0] == section));
    }
    let is_variable = from.starts_with(environment::SOURCE);
    let words =
        places.iter().filter_map(|place| if is_variable { variable(place) } else { Some(table(place)) });
    let meant = places.iter().map(|place| {
        place.path.iter().take_while(|step| **step != "[]").map(|step| (*step).to_owned()).collect()
    });
    Belongs { words: words.take(NAMED).collect(), meant: meant.collect() }
}

impl Place {
    /// The path without the steps into lists.
    fn tables(&self) -> Vec<&'static str> {
        self.path.iter().copied().filter(|step| *step != "[]").collect()
    }
}

fn walk(node: Node, path: &mut Vec<&'static str>, name: &str, places: &mut Vec<Place>) {
    for key in node.keys() {
        let Some(below) = node.key(key) else { continue };
        path.push(key);
        if key == name {
            places.push(Place { path: path.clone(), takes: below });
        }
        walk(below, path, name, places);
        path.pop();
    }
    for (step, below) in [("[]", node.items()), ("*", node.has_free_keys().then(|| node.key("*")).flatten())]
    {
        if let Some(below) = below {
            path.push(step);
            walk(below, path, name, places);
            path.pop();
        }
    }
}

/// Whether `place` is the very place of `path`.
fn leads_to(place: &[&str], path: &[String]) -> bool {
    place.iter().zip(path).all(|(step, key)| match *step {
        "[]" | "*" => true,
        step => step == key,
    })
}

fn fits(node: Node, value: &Value) -> bool {
    let types: &[&str] = match value {
        Value::String(..) | Value::Char(..) => &["string"],
        Value::Bool(..) => &["boolean"],
        Value::Num(..) => &["integer", "number"],
        Value::Dict(..) => &["object"],
        Value::Array(..) => &["array"],
        Value::Empty(..) => &[],
    };
    types.iter().any(|name| node.takes(name))
}

/// `[server]`, `[[auth.issuers]]`, `[roles.NAME]`; for what is a table itself, that table.
fn table(place: &Place) -> String {
    let is_list_of_texts = place.takes.items().is_some_and(|items| items.takes("string"));
    let is_table = place.takes.takes("object") && !is_list_of_texts;
    let steps = if is_table { &place.path[..] } else { &place.path[..place.path.len() - 1] };
    let (steps, is_list) = match steps.split_last() {
        Some((&"[]", tables)) => (tables, true),
        _ => (steps, false),
    };
    let names =
        steps.iter().filter(|step| **step != "[]").map(|step| if *step == "*" { "NAME" } else { step });
    let name = names.collect::<Vec<_>>().join(".");
    if is_list { format!("[[{name}]]") } else { format!("[{name}]") }
}

/// `MCP_SERVER__LISTEN`; a variable reaches into no list.
fn variable(place: &Place) -> Option<String> {
    let reached = !place.path.contains(&"[]") && place.path.len() > 1;
    let names =
        place.path.iter().map(|step| if *step == "*" { "NAME".to_owned() } else { step.to_uppercase() });
    reached.then(|| format!("MCP_{}", names.collect::<Vec<_>>().join("__")))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    /// The first thing that is wrong.
    fn said(text: &str) -> String {
        let refused = Config::from_toml_str(text).unwrap_err();
        refused.reasons().remove(0).replace("the configuration text", "mcp.toml")
    }

    #[test]
    fn misplaced_key_is_told_where_it_belongs() {
        let issuer = "[issuer]\n";
        for (text, expected) in [
            (
                format!("[auth]\nusers = [\"ann\"]\n{issuer}"),
                "unknown key auth.users in mcp.toml, line 2: it belongs in [issuer]",
            ),
            (
                format!("listen = \"127.0.0.1:1\"\n{issuer}"),
                "unknown key listen in mcp.toml, line 1: it belongs in [server]",
            ),
            (
                format!("[auth]\nissuer = \"https://a.example\"\n{issuer}"),
                "unknown key auth.issuer in mcp.toml, line 2: it belongs in [[auth.issuers]]",
            ),
            (
                format!("issuers = [{{ issuer = \"https://a.example\" }}]\n{issuer}"),
                "unknown key issuers in mcp.toml, line 1: it belongs in [auth]",
            ),
            (
                format!("{issuer}[[auth.issuers]]\nissuer = \"https://a.example\"\nbase_scopes = []"),
                "unknown key auth.issuers[0].base_scopes in mcp.toml, line 4: it belongs in [auth]",
            ),
            (
                format!("{issuer}[auth.scopes.\"a.b\"]\nimplies = []"),
                "unknown key auth.scopes in mcp.toml, line 2: it belongs in [scopes]",
            ),
            (
                format!("{issuer}[server]\nimplies = []"),
                "unknown key server.implies in mcp.toml, line 3: it belongs in [roles.NAME] or [scopes.NAME]",
            ),
        ] {
            assert_eq!(said(&text), expected, "{text}");
        }
        // A typing mistake is still one, and what belongs nowhere is told what is known.
        assert!(said("[issuer]\n[server]\nlisten_on = \"x\"\n").contains("known there are"));
        assert!(said("[issuer]\n[server]\nlisen = \"x\"\n").contains("did you mean listen?"));
    }

    #[test]
    fn issuer_at_the_top_is_told_where_it_belongs() {
        for url in ["https://login.example.com", "login.example.com"] {
            let said = said(&format!("issuer = \"{url}\"\n"));
            let expected = format!(
                "issuer is \"{url}\", expected a table; an issuer of that kind belongs in [[auth.issuers]] or \
                 [[issuer.assertions]] or [issuer.own_login]: issuer in mcp.toml, line 1"
            );
            assert_eq!(said, expected);
        }
    }
}
