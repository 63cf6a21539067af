//! Every link leads somewhere. What lies outside the repository is only looked at for its form: no test needs a network.

use std::collections::BTreeMap;

use crate::markdown::{Page, all, read, root};

/// Where the repository is read on the web.
const REPOSITORY: &str = "https://github.com/mcp-auth/mcp-auth/blob/main/";

/// Other documents that people follow links in.
const DOCUMENTS: [&str; 3] = ["ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md"];

#[test]
fn every_link_leads_somewhere() {
    let mut pages = all();
    pages.extend(DOCUMENTS.map(read));
    pages.push(documentation());
    let anchors: BTreeMap<String, Vec<String>> =
        pages.iter().map(|page| (page.name.clone(), page.anchors.clone())).collect();
    let wrong: Vec<String> = pages.iter().flat_map(|page| broken(page, &anchors)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the crate's own documentation says, which is where people come from docs.rs.
fn documentation() -> Page {
    let source = std::fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let text: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    crate::markdown::parse("src/lib.rs", &text.join("\n"))
}

/// The links of `page` that lead nowhere, a line each.
fn broken(page: &Page, anchors: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let why = |to: &str| -> Option<&str> {
        if let Some(file) = to.strip_prefix(REPOSITORY) {
            let (file, anchor) = file.split_once('#').map_or((file, None), |(file, at)| (file, Some(at)));
            if !root().join(file).exists() {
                return Some("no such file in the repository");
            }
            let known = |anchor| anchors.get(file).is_none_or(|all| all.iter().any(|known| known == anchor));
            return (!anchor.is_none_or(known)).then_some("no such heading");
        }
        if to.contains("://") {
            let host = to.strip_prefix("https://").map(|rest| rest.split('/').next().unwrap_or_default());
            return (!host.is_some_and(|host| host.contains('.'))).then_some("not an https:// URL");
        }
        let (file, anchor) = to.split_once('#').map_or((to, None), |(file, anchor)| (file, Some(anchor)));
        let folder = page.name.rsplit_once('/').map_or("", |(folder, _)| folder);
        if folder == "docs/src" && file.contains('/') {
            return Some("the built book holds its own pages only; link to the repository on the web");
        }
        let target = match (file, folder) {
            ("", _) => page.name.clone(), // `#anchor` alone
            (file, "") => file.to_owned(),
            (file, folder) => format!("{folder}/{file}"),
        };
        if !anchors.contains_key(&target) && !root().join(&target).exists() {
            return Some("no such file");
        }
        let known = |anchor| anchors.get(&target).is_none_or(|all| all.iter().any(|known| known == anchor));
        (!anchor.is_none_or(known)).then_some("no such heading")
    };
    let described = |link: &crate::markdown::Link| {
        why(&link.to).map(|why| format!("{}:{}: {}: {why}", page.name, link.line, link.to))
    };
    page.links.iter().filter_map(described).collect()
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let summary = read("docs/src/SUMMARY.md");
    for page in crate::markdown::book() {
        let name = page.name.trim_start_matches("docs/src/");
        let listed = summary.links.iter().any(|link| link.to == name);
        assert!(listed || name == "SUMMARY.md", "{name} is not in SUMMARY.md");
    }
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let text = "[a](quick-start.md#nowhere) [b](no-such-page.md) [c](http://example.com) [d](../../README.md) \
                [e](https://github.com/mcp-auth/mcp-auth/blob/main/no/such/file) [f](#here) \
                [g](https://github.com/mcp-auth/mcp-auth/blob/main/docs/src/quick-start.md#nowhere)\n\n# Here\n";
    let page = crate::markdown::parse("docs/src/made-up.md", text);
    let quick_start = read("docs/src/quick-start.md");
    let anchors =
        BTreeMap::from([(quick_start.name, quick_start.anchors), (page.name.clone(), page.anchors.clone())]);
    let found = broken(&page, &anchors);
    assert_eq!(found.len(), 6, "{found:?}");
    assert!(!found.iter().any(|wrong| wrong.contains("#here")), "{found:?}");
}
