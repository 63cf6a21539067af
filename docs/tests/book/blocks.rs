//! Every block of code is of a language that something reads: Rust by the compiler (`lib.rs`), TOML and JSON here, shell
//! by `commands`. What nothing here can read says so by its language.

use std::collections::BTreeSet;

use mcp_auth::serde_json::{self, Value};

use crate::markdown::{Block, all, root};

/// Read by something.
const READ: [&str; 4] = ["rust", "toml", "json", "sh"];
/// Configuration of programs that are not here, and text.
const SHOWN: [&str; 6] = ["text", "nginx", "caddyfile", "ini", "dockerfile", "yaml"];

#[test]
fn every_block_names_a_language() {
    for page in all() {
        for block in &page.blocks {
            let language = block.language();
            let known = READ.contains(&language) || SHOWN.contains(&language);
            assert!(known, "{}:{}: {:?} is none of {READ:?} {SHOWN:?}", page.name, block.line, block.info);
        }
    }
}

#[test]
fn every_rust_block_is_compiled() {
    for page in all() {
        for block in page.blocks.iter().filter(|block| block.language() == "rust") {
            let compiled = ["rust", "rust,no_run", "rust,compile_fail"].contains(&block.info.as_str());
            assert!(compiled, "{}:{}: {:?}", page.name, block.line, block.info);
        }
    }
}

#[test]
fn every_page_is_given_to_the_compiler() {
    let list = include_str!("../../lib.rs");
    for page in all() {
        let has_rust = page.blocks.iter().any(|block| block.language() == "rust");
        let path = page.name.strip_prefix("docs/").map_or(format!("../{}", page.name), str::to_owned);
        assert!(!has_rust || list.contains(&format!("\"{path}\"")), "{path} is not in docs/lib.rs");
    }
}

#[test]
fn every_json_block_parses_and_a_client_configuration_names_a_server() {
    for page in all() {
        for block in page.blocks.iter().filter(|block| block.language() == "json") {
            let at = format!("{}:{}", page.name, block.line);
            let value: Value =
                serde_json::from_str(&block.text).unwrap_or_else(|error| panic!("{at}: {error}"));
            let servers = value.get("mcpServers").or_else(|| value.get("servers"));
            for (name, server) in servers.and_then(Value::as_object).into_iter().flatten() {
                let reachable = server["url"].is_string() || server["command"].is_string();
                assert!(reachable, "{at}: {name} has neither url nor command");
            }
        }
    }
}

#[test]
fn every_toml_block_is_mcp_toml_or_a_manifest() {
    for page in all() {
        for block in page.blocks.iter().filter(|block| block.language() == "toml") {
            let at = format!("{}:{}", page.name, block.line);
            let tables = tables(block).unwrap_or_else(|error| panic!("{at}: {error}"));
            if tables.iter().any(|table| table.ends_with("dependencies") || table == "features") {
                if let Err(mistake) = manifest(block) {
                    panic!("{at}: {mistake}");
                }
            } else {
                crate::mcp_toml::check(&page, block);
            }
        }
    }
}

fn tables(block: &Block) -> Result<BTreeSet<String>, String> {
    let value = toml(&block.text)?;
    Ok(value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect())
}

fn toml(text: &str) -> Result<Value, String> {
    toml::from_str::<Value>(text).map_err(|error| error.to_string())
}

/// A dependency on mcp-auth names features it has.
fn manifest(block: &Block) -> Result<(), String> {
    let ours = toml(&std::fs::read_to_string(root().join("Cargo.toml")).map_err(|error| error.to_string())?)?;
    let known = ours["features"].as_object().ok_or("Cargo.toml has no features")?;
    let manifest = toml(&block.text)?;
    for table in ["dependencies", "dev-dependencies"] {
        let features = manifest[table]["mcp-auth"]["features"].as_array();
        for feature in features.into_iter().flatten().filter_map(Value::as_str) {
            if !known.contains_key(feature) {
                return Err(format!("mcp-auth has no feature `{feature}`"));
            }
        }
    }
    Ok(())
}

#[test]
fn a_feature_that_does_not_exist_is_found() {
    let block = |feature| {
        let text = format!("[dependencies]\nmcp-auth = {{ path = \"x\", features = [\"{feature}\"] }}\n");
        crate::markdown::parse("x.md", &format!("```toml\n{text}```\n")).blocks.remove(0)
    };
    assert_eq!(manifest(&block("issuer")), Ok(()));
    assert_eq!(manifest(&block("isuer")), Err("mcp-auth has no feature `isuer`".to_owned()));
}

/// On GitHub, where people meet the book, nothing hides such lines and nothing follows an include.
#[test]
fn every_page_reads_well_where_nothing_prepares_it() {
    for page in all() {
        let text = std::fs::read_to_string(root().join(&page.name)).expect("a page");
        assert!(!text.contains("{{#"), "{}: an include in view", page.name);
        for block in page.blocks.iter().filter(|block| block.language() == "rust") {
            let hidden = block.text.lines().find(|line| *line == "#" || line.trim_start().starts_with("# "));
            assert_eq!(
                hidden, None,
                "{}:{}: write it in a comment `<!-- hidden before:`",
                page.name, block.line
            );
        }
    }
}
