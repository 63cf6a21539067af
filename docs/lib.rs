//! The book in `src/`, and README, as far as the compiler reads them: `cargo test --doc -p mcp-auth-book` compiles every
//! Rust block, and runs those that do not say `no_run`. `tests/book` checks the rest.
//!
//! What a block needs and a reader does not stands beside it in a comment, `<!-- hidden before:` or `<!-- hidden after:`, which
//! `build.rs` makes a part of it.

#[cfg(doctest)]
macro_rules! pages {
    ($($name:ident = $file:literal,)*) => {
        $(#[doc = include_str!(concat!(env!("OUT_DIR"), "/pages/", $file))] pub mod $name {})*
    };
}

#[cfg(doctest)]
pages! {
    readme = "../README.md",
    api_keys = "src/api-keys.md",
    ask_the_person = "src/ask-the-person.md",
    bridge = "src/bridge.md",
    command_line = "src/command-line.md",
    configure = "src/configure.md",
    configuration_reference = "src/configuration-reference.md",
    connect_clients = "src/connect-clients.md",
    declare_rules = "src/declare-rules.md",
    deploy = "src/deploy.md",
    extensions = "src/extensions.md",
    how_a_request_is_decided = "src/how-a-request-is-decided.md",
    identity_providers = "src/identity-providers.md",
    opaque_tokens = "src/opaque-tokens.md",
    introduction = "src/introduction.md",
    issuer = "src/issuer.md",
    issuer_events = "src/issuer-events.md",
    migrate_from_rmcp = "src/migrate-from-rmcp.md",
    own_login = "src/own-login.md",
    progress = "src/progress.md",
    quick_start = "src/quick-start.md",
    resources = "src/resources.md",
    results = "src/results.md",
    security = "src/security.md",
    state = "src/state.md",
    stdio = "src/stdio.md",
    test_your_server = "src/test-your-server.md",
    tools_at_run_time = "src/tools-at-run-time.md",
    troubleshoot = "src/troubleshoot.md",
    without_a_browser = "src/without-a-browser.md",
}
