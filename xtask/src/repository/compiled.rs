//! What a server compiles: the built-in issuer and each database only where their feature is on. One that only verifies tokens compiles none of
//! them.

use std::collections::BTreeSet;

use crate::step::command;

/// The features that add crates, and crates that are there with this feature and with no other. The names of one's own are enough: what they
/// bring along comes and goes with them.
const ONLY_WITH: [(&str, &[&str]); 4] = [
    ("issuer", &["mcp-auth-issuer"]),
    ("sqlite", &["rusqlite", "libsqlite3-sys"]),
    ("postgres", &["tokio-postgres", "deadpool-postgres"]),
    ("redis", &["redis"]),
];

/// What is not in a server without these features whatever it is called: the text, and where it would come from.
const NEVER_WITHOUT: [(&str, &str); 5] = [
    ("argon2", "issuer"),
    ("password-hash", "issuer"),
    ("webauthn", "issuer"),
    ("qrcode", "issuer"),
    ("sqlx", "a database"),
];

/// What is compiled that should not be, a line each.
///
/// # Errors
/// Cargo does not say what is compiled.
pub(super) fn mistakes() -> Result<Vec<String>, String> {
    let mut wrong = of("", &tree("")?);
    for (feature, _) in ONLY_WITH {
        wrong.extend(of(feature, &tree(feature)?));
    }
    Ok(wrong)
}

/// The names of all crates that a server with this feature compiles, build scripts and macros included.
fn tree(feature: &str) -> Result<BTreeSet<String>, String> {
    let tree = ["tree", "--package", "mcp-auth", "--edges", "normal,build", "--prefix", "none"];
    let features = ["--no-default-features", "--features", feature];
    let output = command(env!("CARGO")).args(tree).args(features).output();
    let output = output.map_err(|error| format!("`cargo tree` did not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo tree: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// What is wrong with what is compiled with this feature alone.
fn of(feature: &str, compiled: &BTreeSet<String>) -> Vec<String> {
    let shown = if feature.is_empty() { "no feature".to_owned() } else { format!("the feature {feature}") };
    let mut wrong = Vec::new();
    for (own, names) in ONLY_WITH {
        for name in names {
            match (compiled.contains(*name), own == feature) {
                (true, false) => {
                    wrong.push(format!("mcp-auth with {shown} compiles {name}, which is of {own}"))
                }
                (false, true) => wrong.push(format!("mcp-auth with {shown} does not compile {name}")),
                (true, true) | (false, false) => {}
            }
        }
    }
    for (text, own) in NEVER_WITHOUT.iter().filter(|(_, own)| *own != feature) {
        let found = compiled.iter().filter(|name| name.contains(text));
        wrong.extend(found.map(|name| format!("mcp-auth with {shown} compiles {name}, which is of {own}")));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(feature: &str, compiled: &[&str]) -> Vec<String> {
        of(feature, &compiled.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn a_server_that_only_verifies_tokens_compiles_no_issuer_and_no_database() {
        assert!(found("", &["mcp-auth", "mcp-auth-store", "tokio"]).is_empty());
        for name in
            ["mcp-auth-issuer", "rusqlite", "tokio-postgres", "redis", "argon2", "webauthn-rs", "qrcode"]
        {
            assert_eq!(found("", &["mcp-auth", name]).len(), 1, "{name}");
        }
    }

    #[test]
    fn the_issuer_alone_compiles_no_database() {
        assert!(found("issuer", &["mcp-auth-issuer", "argon2"]).is_empty());
        let wrong = found("issuer", &["mcp-auth-issuer", "rusqlite"]);
        assert_eq!(wrong, ["mcp-auth with the feature issuer compiles rusqlite, which is of sqlite"]);
    }

    #[test]
    fn a_name_that_its_own_feature_does_not_bring_is_noticed() {
        assert_eq!(found("redis", &[]), ["mcp-auth with the feature redis does not compile redis"]);
    }

    #[test]
    fn this_repository_is_so() {
        assert_eq!(mistakes(), Ok(Vec::new()));
    }
}
