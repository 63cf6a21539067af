//! Which crate may read which. Cargo refuses a circle; this refuses an arrow that Cargo would take.

use super::rust::Source;

/// The crates below each. What is not named here may read every crate.
const BELOW: [(&str, &[&str]); 7] = [
    ("mcp-auth-core/src/", &[]),
    ("mcp-auth-macros/src/", &["mcp_auth_core"]),
    ("mcp-auth-store/src/", &["mcp_auth_core"]),
    ("mcp-auth-runtime/src/", &["mcp_auth_core", "mcp_auth_store"]),
    ("mcp-auth-issuer/src/", &["mcp_auth_core", "mcp_auth_store", "mcp_auth_runtime"]),
    ("src/", &["mcp_auth_core", "mcp_auth_macros", "mcp_auth_store", "mcp_auth_runtime", "mcp_auth_issuer"]),
    ("mcp-auth-cli/src/", &["mcp_auth_core", "mcp_auth_store", "mcp_auth_runtime", "mcp_auth_issuer"]),
];

/// Every path into a crate that does not stand below, a line each: `file:line: what`.
pub(super) fn mistakes(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let Some((folder, below)) = BELOW.iter().find(|(folder, _)| source.name.starts_with(folder)) else {
            continue;
        };
        let own = folder.trim_end_matches("/src/").replace('-', "_");
        for read in &source.reads {
            let name = &read.path[0];
            let is_ours = name == "mcp_auth" || name.starts_with("mcp_auth_");
            if is_ours && *name != own && !below.contains(&name.as_str()) {
                wrong.push(format!(
                    "{}:{}: reads `{name}`, which does not stand below it",
                    source.name, read.line
                ));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, text: &str) -> Vec<String> {
        mistakes(&[Source::read(name, text).unwrap()])
    }

    #[test]
    fn the_runtime_reads_the_vocabulary_and_never_the_issuer() {
        assert!(found("mcp-auth-runtime/src/gate/mod.rs", "use mcp_auth_core::Scope;").is_empty());
        let issuer = found("mcp-auth-runtime/src/gate/mod.rs", "use mcp_auth_issuer::Issuer;");
        assert_eq!(
            issuer,
            ["mcp-auth-runtime/src/gate/mod.rs:1: reads `mcp_auth_issuer`, which does not stand below it"]
        );
    }

    #[test]
    fn the_vocabulary_reads_nothing_of_the_house_and_tests_read_everything() {
        assert_eq!(found("mcp-auth-core/src/lib.rs", "fn f() { mcp_auth_runtime::serve::run() }").len(), 1);
        assert!(found("tests/server/main.rs", "use mcp_auth_runtime::serve;").is_empty());
    }
}
