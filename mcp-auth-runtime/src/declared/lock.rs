//! `mcp.lock`: what a program declared when somebody last looked at it, as a text that can be reviewed; and what differs now.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use figment::providers::{Format as _, Toml};
use mcp_auth_core::seen::deceives;
use serde::Deserialize;

use super::confirm::WrittenConfirm;
use super::difference::{Change, Difference};
use super::hashes::{Hashes, Said};
use super::registry::{Declaration, Item, Registry};
use super::width::Width;
use super::written_rule::{Word, WrittenRule};
use super::{Kind, Rule, ScopeTerm};

/// The name of the file.
pub const LOCK_FILE: &str = "mcp.lock";

/// The form of the file that is written and read here.
const VERSION: u32 = 1;

/// What stands above the blocks.
const HEAD: &str = "\
# What each operation of this server needs, and hashes of what lists say of it: its description, the schemas of its
# arguments and its result, and the rest. `--scopes lock` writes this file, and `mcp-auth check --locked` holds the program
# against it. A change here is a change of who may do what, or of what models are told: review it as that.
";

/// What every operation of a program needed, and what lists said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock(BTreeMap<(Kind, String), Locked>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Locked {
    rule: Rule,
    /// Of a resource template: those that share URIs with it and are looked at before it. Sorted.
    after: Vec<String>,
    hashes: Hashes,
}

/// Why there is no lock to compare with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// It is not the text of one.
    #[error("not what `--scopes lock` writes: {0}")]
    Shape(String),
    /// Another version of mcp-auth wrote it.
    #[error(
        "its version is {0}, and this mcp-auth reads version {VERSION}: use the one that wrote it, or write it again"
    )]
    Version(u32),
    /// One operation in it makes no sense.
    #[error("operation {name:?}: {fault}")]
    Operation {
        /// The name of the operation.
        name: String,
        /// What is wrong with it.
        fault: String,
    },
    /// The operations came without hashes.
    #[error(
        "tool {0:?} comes without a hash of its schema: the server that printed `--scopes json` is older than this command; build \
         it with the mcp-auth of this version"
    )]
    NoHashes(String),
}

impl Lock {
    /// What `registry` declares.
    ///
    /// # Errors
    /// [`LockError::NoHashes`] for operations that an older server printed.
    pub fn of(registry: &Registry) -> Result<Self, LockError> {
        let locked = registry.iter().map(|(_, declaration)| {
            let (kind, name) = (declaration.kind(), declaration.name().to_owned());
            let hashes = declaration.hashes();
            if kind == Kind::Tool && hashes.arguments.is_none() {
                return Err(LockError::NoHashes(name));
            }
            let (rule, after) = (declaration.rule.clone(), looked_at_before(registry, declaration));
            Ok(((kind, name), Locked { rule, after, hashes }))
        });
        Ok(Self(locked.collect::<Result<_, _>>()?))
    }

    /// The lock whose text this is.
    ///
    /// # Errors
    /// [`LockError`]. Nothing is read as more open than it is written.
    pub fn read(text: &str) -> Result<Self, LockError> {
        let shape = |wrong: &dyn fmt::Display| LockError::Shape(wrong.to_string().trim_end().to_owned());
        let Version { version } = Toml::from_str(text).map_err(|wrong| shape(&wrong))?;
        if version != VERSION {
            return Err(LockError::Version(version));
        }
        let Document { tool, prompt, resource, resource_template, method, .. } =
            Toml::from_str(text).map_err(|wrong| shape(&wrong))?;
        let all = [
            (Kind::Tool, tool),
            (Kind::Prompt, prompt),
            (Kind::Resource, resource),
            (Kind::ResourceTemplate, resource_template),
            (Kind::Method, method),
        ];
        let blocks =
            all.into_iter().flat_map(|(kind, blocks)| blocks.into_iter().map(move |block| (kind, block)));
        let locked = blocks.map(|(kind, (name, block))| match block.locked() {
            Ok(locked) => Ok(((kind, name), locked)),
            Err(fault) => Err(LockError::Operation { name, fault }),
        });
        Ok(Self(locked.collect::<Result<_, _>>()?))
    }

    /// How many operations there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is different in `now`, sorted by kind and name.
    pub fn differences(&self, now: &Self) -> Vec<Difference> {
        let keys: std::collections::BTreeSet<_> = self.0.keys().chain(now.0.keys()).collect();
        let changes = keys.into_iter().flat_map(|key| {
            let changes = match (self.0.get(key), now.0.get(key)) {
                (Some(before), Some(now)) => before.changes(now),
                (None, Some(now)) => vec![Change::New { now: now.rule.clone() }],
                (Some(before), None) => vec![Change::Gone { before: before.rule.clone() }],
                (None, None) => Vec::new(),
            };
            let (kind, name) = key.clone();
            changes.into_iter().map(move |change| Difference { kind, name: name.clone(), change })
        });
        changes.collect()
    }
}

impl Locked {
    fn changes(&self, now: &Self) -> Vec<Change> {
        let (before, after) = (&self.rule, &now.rule);
        let rule = (before != after).then(|| Change::Rule {
            width: Width::of(before, after),
            before: before.clone(),
            now: after.clone(),
        });
        let after = (self.after != now.after)
            .then(|| Change::After { before: self.after.clone(), now: now.after.clone() });
        let said = Said::ALL.into_iter().filter_map(|what| {
            let (before, now) = (self.hashes.get(what), now.hashes.get(what));
            let owned = |hash: Option<&str>| hash.map(str::to_owned);
            (before != now).then(|| Change::Said { what, before: owned(before), now: owned(now) })
        });
        rule.into_iter().chain(after).chain(said).collect()
    }
}

/// The text of the file: one block for each operation, sorted.
impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}version = {VERSION}")?;
        for ((kind, name), locked) in &self.0 {
            write!(f, "\n[{}.{}]\n{locked}", table(*kind), key(name))?;
        }
        Ok(())
    }
}

impl fmt::Display for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WrittenRule { rule, scopes, groups, roles, claims, max_age, acr_values, guard, confirmed } =
            WrittenRule::of(&self.rule);
        writeln!(f, "rule = {}", quoted(rule.as_str()))?;
        if groups.is_empty() && !scopes.is_empty() {
            writeln!(f, "scopes = {}", list(&scopes, |scope| quoted(&scope.to_string())))?;
        }
        if !groups.is_empty() {
            let group = |group: &Vec<ScopeTerm>| list(group, |scope| quoted(&scope.to_string()));
            writeln!(f, "groups = {}", list(&groups, group))?;
        }
        if !roles.is_empty() {
            writeln!(f, "roles = {}", list(&roles, |any| list(any, |role| quoted(role))))?;
        }
        if claims {
            writeln!(f, "claims = true")?;
        }
        if let Some(seconds) = max_age {
            writeln!(f, "max_age = {seconds}")?;
        }
        if !acr_values.is_empty() {
            writeln!(f, "acr_values = {}", list(&acr_values, |acr| quoted(acr)))?;
        }
        if let Some(guard) = guard {
            writeln!(f, "guard = {}", quoted(&guard))?;
        }
        if confirmed.how().is_some() {
            writeln!(f, "confirmed = {confirmed}")?;
        }
        if !self.after.is_empty() {
            writeln!(f, "after = {}", list(&self.after, |template| quoted(template)))?;
        }
        for said in Said::ALL {
            if let Some(hash) = self.hashes.get(said) {
                writeln!(f, "{} = {}", said.as_str(), quoted(hash))?;
            }
        }
        Ok(())
    }
}

/// The templates that share URIs with this one and come before it, which read those.
fn looked_at_before(registry: &Registry, declaration: &Declaration) -> Vec<String> {
    let Item::ResourceTemplate(_, this) = &declaration.item else { return Vec::new() };
    let all = registry.iter().filter_map(|(_, other)| match &other.item {
        Item::ResourceTemplate(_, template) => Some(template),
        _ => None,
    });
    let before = all.take_while(|template| *template != this).filter(|template| template.overlaps(this));
    let mut before: Vec<String> = before.map(ToString::to_string).collect();
    before.sort();
    before
}

/// The table of the operations of a kind.
fn table(kind: Kind) -> &'static str {
    match kind {
        Kind::ResourceTemplate => "resource_template",
        kind => kind.as_str(),
    }
}

fn list<T>(values: &[T], written: impl Fn(&T) -> String) -> String {
    format!("[{}]", values.iter().map(written).collect::<Vec<_>>().join(", "))
}

/// A key of TOML: bare, where it can be.
fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// A basic string of TOML, in which everything can be seen.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() || deceives(c.encode_utf8(&mut [0; 4])) => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Read first, so that a file of another version is told as that.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "version")]
    _version: u32,
    #[serde(default)]
    tool: BTreeMap<String, Block>,
    #[serde(default)]
    prompt: BTreeMap<String, Block>,
    #[serde(default)]
    resource: BTreeMap<String, Block>,
    #[serde(default)]
    resource_template: BTreeMap<String, Block>,
    #[serde(default)]
    method: BTreeMap<String, Block>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    rule: Word,
    #[serde(default)]
    scopes: Vec<ScopeTerm>,
    #[serde(default)]
    groups: Vec<Vec<ScopeTerm>>,
    #[serde(default)]
    roles: Vec<Vec<String>>,
    #[serde(default)]
    claims: bool,
    max_age: Option<u64>,
    #[serde(default)]
    acr_values: Vec<String>,
    guard: Option<String>,
    #[serde(default)]
    confirmed: WrittenConfirm,
    #[serde(default)]
    after: Vec<String>,
    description: Option<String>,
    arguments: Option<String>,
    result: Option<String>,
    listed: Option<String>,
}

impl Block {
    fn locked(self) -> Result<Locked, String> {
        let Self {
            rule,
            mut scopes,
            groups,
            roles,
            claims,
            max_age,
            acr_values,
            guard,
            confirmed,
            after,
            description,
            arguments,
            result,
            listed,
        } = self;
        if rule == Word::AnyOf && scopes.is_empty() {
            scopes = groups.iter().flatten().cloned().collect();
        }
        let rule = WrittenRule { rule, scopes, groups, roles, claims, max_age, acr_values, guard, confirmed }
            .read()?;
        Ok(Locked { rule, after, hashes: Hashes { description, arguments, result, listed } })
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::{JsonObject, Prompt, Resource, ResourceTemplate, Tool};
    use serde_json::json;

    use super::*;
    use crate::call::build;
    use crate::declared::table::{operations_from_json, operations_to_json};

    fn tool(name: &'static str, rule: Rule) -> Declaration {
        let mut tool = Tool::new_with_raw(name, None, JsonObject::new());
        tool.description = Some("Does it.".into());
        build::tool(rule, tool)
    }

    fn registry(declarations: Vec<Declaration>) -> Registry {
        Registry::new(declarations).unwrap()
    }

    fn everything() -> Registry {
        registry(vec![
            tool("b", build::all(&["x", "w"])),
            tool("a", build::any(&["x", "w"])),
            build::prompt(Rule::AUTHENTICATED, Prompt::new("plan \"it\"\u{202e}", Some("Plans."), None)),
            build::resource(Rule::PUBLIC.with_guard("may_read"), Resource::new("a://x", "x")),
            build::resource_template(
                build::any_of(&[&["a", "b"], &["c"]]).with_any_role(build::any_role(&["m", "n"])),
                ResourceTemplate::new("a://{x}", "x"),
            ),
            build::method(
                Rule::AUTHENTICATED
                    .with_any_role(build::any_role(&["m"]))
                    .with_login(build::login(300, &["a", "b"]))
                    .with_confirmation(),
                "acme/report",
            ),
        ])
    }

    fn lock(registry: &Registry) -> Lock {
        Lock::of(registry).unwrap()
    }

    #[test]
    fn what_was_written_is_read_back_whole_also_through_json() {
        let written = lock(&everything());
        let read = Lock::read(&written.to_string()).unwrap();
        assert_eq!(read, written);
        assert_eq!(read.to_string(), written.to_string());
        let printed = operations_to_json(&everything(), &everything().scopes()).unwrap();
        assert_eq!(lock(&operations_from_json(&printed).unwrap()), written);
        assert!(written.differences(&read).is_empty());
    }

    #[test]
    fn the_text_is_sorted_and_every_character_of_it_can_be_seen() {
        let text = lock(&everything()).to_string();
        let blocks: Vec<&str> = text.lines().filter(|line| line.starts_with('[')).collect();
        assert_eq!(
            blocks,
            [
                "[tool.a]",
                "[tool.b]",
                "[prompt.\"plan \\\"it\\\"\\U0000202E\"]",
                "[resource.\"a://x\"]",
                "[resource_template.\"a://{x}\"]",
                "[method.\"acme/report\"]",
            ]
        );
        assert!(
            text.contains(
                "\nrule = \"any_of\"\ngroups = [[\"a\", \"b\"], [\"c\"]]\nroles = [[\"m\", \"n\"]]\n"
            ),
            "{text}"
        );
        assert!(
            text.contains("[tool.b]\nrule = \"all\"\nscopes = [\"w\", \"x\"]\ndescription = \"sha256:"),
            "{text}"
        );
        let mut other = everything().iter().map(|(_, declaration)| declaration.clone()).collect::<Vec<_>>();
        other.reverse();
        assert_eq!(lock(&registry(other)).to_string(), text, "the order of the program does not matter");
    }

    #[test]
    fn j53_another_order_of_templates_that_share_uris_is_a_difference() {
        let template = |rule, uri: &str| build::resource_template(rule, ResourceTemplate::new(uri, "one"));
        let admins = || template(build::all(&["admin"]), "doc://private-{id}");
        let all = || template(build::all(&["read"]), "doc://{id}");
        let others = || template(build::all(&["read"]), "text://{id}");
        let before = lock(&registry(vec![admins(), others(), all()]));
        assert!(before.to_string().contains("\nafter = [\"doc://private-{id}\"]\n"), "{before}");
        assert_eq!(Lock::read(&before.to_string()).unwrap(), before);
        assert!(before.differences(&lock(&registry(vec![others(), admins(), all()]))).is_empty());
        let now = lock(&registry(vec![all(), admins(), others()]));
        let said: Vec<String> = before.differences(&now).iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 2, "{said:#?}");
        assert!(
            said[0].contains("doc://private-{id}` reads other URIs") && said[0].ends_with("now: doc://{id}")
        );
        assert!(said[1].ends_with("before it: doc://private-{id}; now: none"), "{said:#?}");
    }

    #[test]
    fn what_differs_is_said_in_words() {
        let described = |name: &'static str, text: &'static str, input: serde_json::Value| {
            let serde_json::Value::Object(input) = input else { panic!("an object") };
            let mut tool = Tool::new_with_raw(name, None, input);
            tool.description = Some(text.into());
            tool
        };
        let plain = || described("said", "Adds.", json!({ "type": "object" }));
        let before = lock(&registry(vec![
            tool("wider", build::all(&["a"])),
            tool("narrower", Rule::PUBLIC),
            tool("other", build::all(&["a"])),
            tool("order", build::any(&["a", "b"])),
            tool("gone", build::all(&["a"])),
            tool("same", build::all(&["a"])),
            build::tool(Rule::PUBLIC, plain()),
        ]));
        let mut now_said =
            described("said", "Adds!", json!({ "type": "object", "additionalProperties": false }));
        now_said.title = Some("Add".to_owned());
        let now = lock(&registry(vec![
            tool("wider", build::any(&["a", "b"])),
            tool("narrower", Rule::AUTHENTICATED),
            tool("other", build::all(&["b"])),
            tool("order", build::any(&["b", "a"])),
            tool("new\u{1b}", Rule::PUBLIC),
            tool("same", build::all(&["a"])),
            build::tool(Rule::PUBLIC, now_said),
        ]));
        let said: Vec<String> = before.differences(&now).iter().map(ToString::to_string).collect();
        for (line, begins) in said.iter().zip([
            "tool `gone` is gone; its rule was: a",
            "tool `narrower` has a narrower rule: fewer callers may use it; before: public; now: authenticated",
            "tool `new\\u{1b}` is new; its rule: public",
            "tool `order` has a rule that is written otherwise, for the same callers; before: a or b; now: b or a",
            "tool `other` has another rule: ",
            "tool `said` has another description; before: sha256:",
            "tool `said` has another schema of its arguments; before: sha256:",
            "tool `said` has another entry in lists (its title, hints, icons or the like); before: none; now: sha256:",
            "tool `wider` has a wider rule: more callers may use it; before: a; now: a or b",
        ]) {
            assert!(line.starts_with(begins), "{line}");
        }
        assert_eq!(said.len(), 9, "{said:#?}");
    }

    #[test]
    fn what_nothing_wrote_is_refused_and_never_read_as_open() {
        let block = |lines: &str| format!("version = 1\n[tool.t]\n{lines}\n");
        for (text, why) in [
            ("", "missing field `version`"),
            ("version = 2\nanything = 1", "its version is 2"),
            ("version = 1\n<<<<<<< HEAD\n", "not what `--scopes lock` writes"),
            ("version = 1\n[tool.t]\nrule = \"public\"\n[tool.t]\nrule = \"all\"", "duplicate"),
            ("version = 1\n[gadget.t]\nrule = \"public\"", "unknown field `gadget`"),
            (&block(""), "missing field `rule`"),
            (&block("rule = \"nobody\""), "which this version does not know"),
            (&block("rule = \"open\""), "which this version does not know"),
            (&block("rule = \"all\""), "operation \"t\": its rule needs scopes, and it names no scope"),
            (&block("rule = \"public\"\nscopes = [\"a\"]"), "scopes stand beside it"),
            (&block("rule = \"public\"\nroles = [[\"a\"]]"), "roles stand beside it"),
            (&block("rule = \"authenticated\"\nroles = [[]]"), "names no role"),
            (&block("rule = \"public\"\nguard = \"\""), "a guard without a name"),
            (&block("rule = \"public\"\nconfirmed = true"), "a confirmation stands beside it"),
            (&block("rule = \"public\"\nmax_age = 300"), "a login stands beside it"),
            (&block("rule = \"public\"\nacr_values = [\"a\"]"), "a login stands beside it"),
            (&block("rule = \"authenticated\"\nmax_age = 0"), "a login of no age"),
            (&block("rule = \"authenticated\"\nacr_values = [\"a b\"]"), "an `acr` cannot contain ' '"),
            (&block("rule = \"public\"\nrole = [[\"a\"]]"), "unknown field `role`"),
            (&block("rule = \"all\"\nscopes = [\"a b\"]"), "not what `--scopes lock` writes"),
        ] {
            let error = Lock::read(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn operations_without_hashes_are_not_compared() {
        let row =
            json!({ "kind": "tool", "name": "t", "rule": "public", "scopes": [], "description": "Does it." });
        let read = operations_from_json(&json!({ "operations": [row] }).to_string()).unwrap();
        assert!(Lock::of(&read).unwrap_err().to_string().starts_with("tool \"t\" comes without a hash"));
    }
}
