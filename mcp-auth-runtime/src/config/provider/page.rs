//! A provider's page: of the book, and what `mcp-auth providers NAME` prints.

use std::fmt::Write as _;

use super::provider::{Provider, Sets, States, When};

/// The address in examples.
const PUBLIC_URL: &str = "https://todos.example.com/mcp";

/// What follows from an audience that is wider than a server.
const APART: &str = "Tokens for other servers look the same; `allowed_clients` tells them apart.";

impl Provider {
    /// Everything that is known of the provider, as Markdown.
    pub fn page(&self) -> String {
        let mut page = format!("# {}\n\n{}\n", self.title, self.about);
        let _ = write!(page, "\n## mcp.toml\n\n<!-- whole -->\n```toml\n{}```\n", self.example());
        if !self.states.is_empty() {
            page.push_str("\nYou state:\n\n");
            for States { key, what, required, .. } in self.states {
                let need = if *required { "" } else { " Only if you want it." };
                let _ = writeln!(page, "- `{key}`: {what}{need}");
            }
        }
        let _ = write!(page, "\n## At {}\n\n", self.title);
        for (index, step) in self.steps.iter().enumerate() {
            let _ = writeln!(page, "{}. {step}", index + 1);
        }
        let _ = write!(
            page,
            "\n## What `provider = \"{}\"` sets\n\nEvery key that you write yourself stays as you wrote it.\n\n| key | value | why |\n|---|---|---|\n",
            self.name
        );
        for Sets { key, value, why, when } in self.sets {
            let only = match when {
                When::Always => String::new(),
                When::With(other) => format!(" Only beside `{other}`."),
            };
            let value = value.replace('|', "\\|");
            let _ = writeln!(page, "| `{key}` | `{value}` | {why}{only} |");
        }
        let _ = write!(
            page,
            "\n## What MCP clients find\n\n- Registration: {}\n- `resource`: {}\n- PKCE with S256: {}\n",
            self.clients.registration, self.clients.resource, self.clients.s256
        );
        if !self.mind.is_empty() || !self.wide.is_empty() {
            page.push_str("\n## Good to know\n\n");
            for wide in self.wide {
                let _ = writeln!(page, "- {wide} {APART}");
            }
            for mind in self.mind {
                let _ = writeln!(page, "- {mind}");
            }
        }
        if !self.hints.is_empty() {
            page.push_str("\n## When a token is refused\n\nThe log says one of these in the field `hint` where it fits:\n\n");
            let mut said: Vec<&str> = self.hints.iter().map(|hint| hint.says).collect();
            said.dedup();
            for says in said {
                let _ = writeln!(page, "- {says}");
            }
        }
        page.push_str("\n## Where this is documented\n\n");
        for source in self.sources {
            let _ = writeln!(page, "- {source}");
        }
        page
    }

    /// A whole `mcp.toml`. What is only for some stands in it as a comment.
    pub fn example(&self) -> String {
        let scopes = self.base_scopes.iter().map(|scope| format!("{scope:?}")).collect::<Vec<_>>().join(", ");
        let (scopes, name) = (format!("[{scopes}]"), format!("{:?}", self.name));
        let auth = [Line::of("base_scopes", &scopes)].into_iter().chain(self.stated("auth"));
        let own = [Line::of("provider", &name), Line::of("issuer", self.issuer)]
            .into_iter()
            .chain(self.stated("issuer"));
        let introspection: Vec<Line<'_>> = self.stated("introspection").collect();
        let mut text = format!(
            "[server]\npublic_url = {PUBLIC_URL:?}\n\n[auth]\n{}\n[[auth.issuers]]\n{}",
            aligned(&auth.collect::<Vec<_>>()),
            aligned(&own.collect::<Vec<_>>())
        );
        if !introspection.is_empty() {
            let mark = if introspection.iter().any(|line| line.required) { "" } else { "#" };
            let _ = write!(text, "\n{mark}[auth.issuers.introspection]\n{}", aligned(&introspection));
        }
        text
    }

    /// What the operator states in one table of the example.
    fn stated<'a>(&'a self, table: &'a str) -> impl Iterator<Item = Line<'a>> {
        self.states.iter().filter_map(move |states| {
            let (own, key) = states.key.split_once('.').unwrap_or(("issuer", states.key));
            (own == table).then_some(Line { key, value: states.example, required: states.required })
        })
    }
}

/// One line of the example.
struct Line<'a> {
    key: &'a str,
    value: &'a str,
    required: bool,
}

impl<'a> Line<'a> {
    fn of(key: &'a str, value: &'a str) -> Self {
        Self { key, value, required: true }
    }
}

/// Lines of keys and values, the values below each other; those that are only for some as comments.
fn aligned(lines: &[Line<'_>]) -> String {
    let mark = |line: &Line<'_>| if line.required { "" } else { "#" };
    let name = |line: &Line<'_>| format!("{}{}", mark(line), line.key);
    let widest = lines.iter().map(|line| name(line).len()).max().unwrap_or_default();
    lines.iter().map(|line| format!("{:<widest$} = {}\n", name(line), line.value)).collect()
}
