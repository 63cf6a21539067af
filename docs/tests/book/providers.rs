//! The pages of identity providers are made from their presets, and the table of all of them.

use std::fmt::Write as _;

use mcp_auth::config::provider::ProviderName;

use crate::markdown::root;

const MADE: &str = "<!-- Made from the presets: MCP_AUTH_BLESS=1 cargo test -p mcp-auth-book providers -->";
/// Where the table of all providers stands in `identity-providers.md`.
const TABLE: [&str; 2] = ["<!-- providers -->\n", "<!-- end of providers -->"];

/// To write them anew: `MCP_AUTH_BLESS=1 cargo test -p mcp-auth-book providers`
#[test]
fn pages_of_providers_are_those_of_the_presets() {
    let source = root().join("docs/src");
    let mut pages: Vec<(String, String)> = ProviderName::all()
        .map(|name| (format!("provider-{name}.md"), page(&name.provider().page())))
        .collect();
    let overview = std::fs::read_to_string(source.join("identity-providers.md")).expect("the overview");
    pages.push(("identity-providers.md".to_owned(), with_table(&overview)));
    for (name, now) in pages {
        let path = source.join(&name);
        if std::env::var_os("MCP_AUTH_BLESS").is_some() {
            std::fs::write(&path, &now).expect("the page is written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == now,
            "docs/src/{name} is not that of the presets; run: MCP_AUTH_BLESS=1 cargo test -p mcp-auth-book providers"
        );
    }
}

#[test]
fn every_provider_has_its_page_in_the_summary_and_no_other_one_has() {
    let summary = std::fs::read_to_string(root().join("docs/src/SUMMARY.md")).expect("the summary");
    let listed: Vec<&str> =
        summary.split("](provider-").skip(1).filter_map(|rest| rest.split(".md)").next()).collect();
    let known: Vec<String> = ProviderName::all().map(|name| name.to_string()).collect();
    assert_eq!(listed, known);
}

/// The page with where it comes from below its heading.
fn page(text: &str) -> String {
    let (heading, rest) = text.split_once('\n').expect("a heading");
    format!("{heading}\n\n{MADE}\n{rest}")
}

fn with_table(overview: &str) -> String {
    let [start, end] = TABLE;
    let (before, rest) = overview.split_once(start).expect("the place of the table");
    let (_, after) = rest.split_once(end).expect("the end of the table");
    let mut table =
        "| provider | `provider =` | registration | `resource` | S256 |\n|---|---|---|---|---|\n".to_owned();
    for provider in ProviderName::all().map(ProviderName::provider) {
        let clients = &provider.clients;
        let _ = writeln!(
            table,
            "| [{}](provider-{}.md) | `{}` | {} | {} | {} |",
            provider.title,
            provider.name,
            provider.name,
            clients.registration,
            clients.resource,
            clients.s256
        );
    }
    format!("{before}{start}\n{table}\n{end}{after}")
}
