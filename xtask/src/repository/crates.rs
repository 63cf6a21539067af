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

/// Where the issuer stands.
const ISSUER: &str = "mcp-auth-issuer/src/";

/// What the issuer reads of the runtime, each path with the files that may: what the two exchange, and not the whole
/// configuration.
const READ_BY_THE_ISSUER: [(&str, &str); 62] = [
    ("facade::LocalIssuer", ISSUER),
    ("facade::LocalIssuerSetup", ISSUER),
    // Its public keys, which change while it runs.
    ("facade::OwnKeys", ISSUER),
    ("facade::KnownKeys", ISSUER),
    ("facade::ReadingKeys", ISSUER),
    // How long an answer is fresh (RFC 9111): one reading of it for keys and for documents of clients.
    ("facade::freshness_lifetime", ISSUER),
    // What an operator denies, which is not renewed either.
    ("facade::DeniedIssued", ISSUER),
    // Where a request comes from, and who can reach the issuer.
    ("facade::ClientAddress", ISSUER),
    ("config::IssuerReach", ISSUER),
    // How something is fetched: the program may pass in another way.
    ("facade::Fetch", ISSUER),
    ("facade::FetchError", ISSUER),
    ("facade::FetchFuture", ISSUER),
    ("facade::FetchRequest", ISSUER),
    ("facade::Fetched", ISSUER),
    ("facade::HttpFetch", ISSUER),
    // One verification of what others sign, for assertions, client keys, proofs and ID tokens, as for access tokens.
    ("facade::ANY_TENANT", ISSUER),
    ("facade::Accepted", ISSUER),
    ("facade::Algorithm", ISSUER),
    ("facade::Assertion", ISSUER),
    ("facade::AssertionIssuer", ISSUER),
    ("facade::ClaimAt", ISSUER),
    ("facade::ClaimTest", ISSUER),
    ("facade::ClaimTests", ISSUER),
    ("facade::InvalidKeys", ISSUER),
    ("facade::IssuerMetadata", ISSUER),
    ("facade::IssuerRules", ISSUER),
    ("facade::JwtVerifier", ISSUER),
    ("facade::JwtVerifierError", ISSUER),
    ("facade::KeyRefresh", ISSUER),
    ("facade::KeySource", ISSUER),
    ("facade::MalformedJwt", ISSUER),
    ("facade::NotAsserted", ISSUER),
    ("facade::ProofError", ISSUER),
    ("facade::PublicKeys", ISSUER),
    ("facade::SignatureError", ISSUER),
    ("facade::SignedText", ISSUER),
    ("facade::Tenant", ISSUER),
    ("facade::TokenError", ISSUER),
    ("facade::TokenProof", ISSUER),
    ("facade::TokenProofs", ISSUER),
    ("facade::TokenRules", ISSUER),
    ("facade::Unpublished", ISSUER),
    // What tools reach at the provider of their caller.
    ("facade::NoUpstreamToken", ISSUER),
    ("facade::UpstreamConnection", ISSUER),
    ("facade::UpstreamConnectionFuture", ISSUER),
    ("facade::UpstreamToken", ISSUER),
    ("facade::UpstreamTokenFuture", ISSUER),
    ("facade::UpstreamTokens", ISSUER),
    ("facade::UnverifiedJwt", ISSUER),
    ("facade::has_private_member", ISSUER),
    ("facade::proof_algorithms", ISSUER),
    ("facade::verifies", ISSUER),
    // The frame of all pages, what an operator makes their own on them, and their languages.
    ("facade::Brand", ISSUER),
    ("facade::Frame", ISSUER),
    ("facade::Language", ISSUER),
    ("facade::PAGE_STYLE", ISSUER),
    ("facade::Script", ISSUER),
    ("facade::said", ISSUER),
    ("facade::said_plainly", ISSUER),
    ("testing::untranslated", ISSUER),
    ("page_texts", ISSUER),
    ("config", "mcp-auth-issuer/src/configured/"),
];

/// Every path into a crate that does not stand below, or that the issuer may not read, a line each: `file:line: what`.
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
                wrong.push(format!("{}:{}: reads `{name}`, which is not below it", source.name, read.line));
            } else if name == "mcp_auth_runtime" && *folder == ISSUER {
                let path = read.path[1..].join("::");
                if !is_for_the_issuer(&source.name, &path) {
                    wrong.push(format!(
                        "{}:{}: reads `{path}` of the runtime, which is not for this file",
                        source.name, read.line
                    ));
                }
            }
        }
    }
    wrong
}

/// Whether `file` of the issuer may read this path of the runtime, or what is within it.
fn is_for_the_issuer(file: &str, path: &str) -> bool {
    READ_BY_THE_ISSUER.iter().any(|(open, files)| {
        let within = path.strip_prefix(open).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        within && file.starts_with(files)
    })
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
            ["mcp-auth-runtime/src/gate/mod.rs:1: reads `mcp_auth_issuer`, which is not below it"]
        );
    }

    #[test]
    fn the_issuer_reads_the_runtimes_configuration_in_one_file_and_nothing_but_what_they_exchange() {
        let setup = "use mcp_auth_runtime::facade::{LocalIssuer, LocalIssuerSetup};";
        assert!(found("mcp-auth-issuer/src/build.rs", setup).is_empty());
        let config = "use mcp_auth_runtime::config::Config;";
        assert!(found("mcp-auth-issuer/src/configured/login.rs", config).is_empty());
        let elsewhere = found("mcp-auth-issuer/src/options.rs", config);
        assert_eq!(
            elsewhere,
            [
                "mcp-auth-issuer/src/options.rs:1: reads `config::Config` of the runtime, which is not for this file"
            ]
        );
        for other in ["facade::Caller", "facade::LocalIssuerOther", "*"] {
            let other = format!("use mcp_auth_runtime::{other};");
            assert_eq!(found("mcp-auth-issuer/src/build.rs", &other).len(), 1, "{other}");
        }
        assert!(found("mcp-auth-cli/src/check.rs", config).is_empty(), "the command reads both");
    }

    #[test]
    fn the_vocabulary_reads_nothing_of_the_house_and_tests_read_everything() {
        assert_eq!(found("mcp-auth-core/src/lib.rs", "fn f() { mcp_auth_runtime::serve::run() }").len(), 1);
        assert!(found("tests/server/main.rs", "use mcp_auth_runtime::serve;").is_empty());
    }
}
