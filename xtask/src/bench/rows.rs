//! What is compared: one row, one server process.

/// Which token a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    None,
    /// The same one every time, from this file.
    Same(&'static str),
    /// Another one every time, from this file.
    Fresh(&'static str),
}

/// One row of the tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) name: &'static str,
    /// What the server is, for the reader of the page.
    pub(super) about: &'static str,
    /// The first argument of `bench-server`, such as `bare-many`.
    pub(super) server: &'static str,
    pub(super) era: &'static str,
    /// A tool, or `tools/list`.
    pub(super) ask: &'static str,
    pub(super) token: Token,
    pub(super) status: u16,
    pub(super) answer: &'static str,
    /// The row whose requests per second are 1.00 here.
    pub(super) against: &'static str,
    /// For a token that is verified anew: the row that does the same with one bare signature.
    pub(super) least: Option<&'static str>,
}

const NOW: &str = "2026-07-28";
const BEFORE: &str = "2025-11-25";

/// A call of the protected tool, with a token that is good.
const CALL: Row = Row {
    name: "cached token",
    about: "mcp-auth, the tool that needs a scope; the token was verified a moment ago",
    server: "ours",
    era: NOW,
    ask: "add",
    token: Token::Same("es256-one.txt"),
    status: 200,
    answer: "5",
    against: "bare rmcp",
    least: None,
};

/// Every row, in the order of the tables.
pub(super) const ROWS: &[Row] = &[
    Row {
        name: "axum echo",
        about: "axum 0.8, answering the body it got: what HTTP alone costs",
        server: "echo",
        token: Token::None,
        answer: "echo",
        ..CALL
    },
    Row {
        name: "bare rmcp",
        about: "rmcp without any authorization: no sessions, JSON answers, router built once, `TCP_NODELAY`",
        server: "bare",
        token: Token::None,
        ..CALL
    },
    Row {
        name: "public tool",
        about: "mcp-auth, the same tool as a public one, no token sent",
        ask: "add_public",
        token: Token::None,
        ..CALL
    },
    CALL,
    Row {
        name: "cached token, log",
        about: "the same with the log as it is by default: one audit event per request, written to the null device",
        server: "ours-log",
        ..CALL
    },
    Row {
        name: "cached API key",
        about: "an API key that was verified a moment ago, in place of the token",
        server: "ours-api-key",
        token: Token::Same("api-key.txt"),
        ..CALL
    },
    Row {
        name: "cached opaque token",
        about: "an opaque token that its issuer was asked about a moment ago (RFC 7662), in place of the JWT",
        server: "ours-opaque",
        token: Token::Same("opaque.txt"),
        ..CALL
    },
    Row {
        name: "cached token, bare ES256",
        about: "a cached token of that algorithm, and a tool that verifies one signature of such a token with aws-lc-rs, another each time",
        ask: "add_es256",
        ..CALL
    },
    Row {
        name: "uncached ES256",
        about: "another token for every request, signed with ES256",
        server: "ours-fresh",
        token: Token::Fresh("es256.txt"),
        least: Some("cached token, bare ES256"),
        ..CALL
    },
    Row {
        name: "cached token, bare RS256",
        about: "the same with RS256",
        ask: "add_rs256",
        token: Token::Same("rs256-one.txt"),
        ..CALL
    },
    Row {
        name: "uncached RS256",
        about: "another token for every request, signed with RS256 (2048 bits)",
        server: "ours-fresh",
        token: Token::Fresh("rs256.txt"),
        least: Some("cached token, bare RS256"),
        ..CALL
    },
    Row {
        name: "cached token, bare EdDSA",
        about: "the same with EdDSA",
        ask: "add_eddsa",
        token: Token::Same("eddsa-one.txt"),
        ..CALL
    },
    Row {
        name: "uncached EdDSA",
        about: "another token for every request, signed with Ed25519",
        server: "ours-fresh",
        token: Token::Fresh("eddsa.txt"),
        least: Some("cached token, bare EdDSA"),
        ..CALL
    },
    Row {
        name: "401",
        about: "the protected tool without a token: challenge and JSON-RPC error",
        token: Token::None,
        status: 401,
        answer: "error 401",
        ..CALL
    },
    Row {
        name: "403",
        about: "the protected tool with a token that lacks the scope: challenge and JSON-RPC error",
        token: Token::Same("narrow.txt"),
        status: 403,
        answer: "error 403",
        ..CALL
    },
    Row {
        name: "bare rmcp, 2025-11-25",
        about: "rmcp as above, asked the way of 2025-11-25 without a session",
        server: "bare",
        era: BEFORE,
        token: Token::None,
        against: "bare rmcp, 2025-11-25",
        ..CALL
    },
    Row {
        name: "cached token, 2025-11-25",
        about: "mcp-auth, asked the way of 2025-11-25 without a session",
        era: BEFORE,
        against: "bare rmcp, 2025-11-25",
        ..CALL
    },
    Row {
        name: "bare rmcp, list of 200",
        about: "rmcp, `tools/list` of 200 tools",
        server: "bare-many",
        ask: "tools/list",
        token: Token::None,
        answer: "200 tools",
        against: "bare rmcp, list of 200",
        ..CALL
    },
    Row {
        name: "list of 200",
        about: "mcp-auth, the same 200 tools, for a verified caller",
        server: "ours-many",
        ask: "tools/list",
        answer: "200 tools",
        against: "bare rmcp, list of 200",
        ..CALL
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_own_name_and_is_compared_with_a_row() {
        for row in ROWS {
            assert_eq!(ROWS.iter().filter(|other| other.name == row.name).count(), 1, "{}", row.name);
            for beside in row.least.into_iter().chain([row.against]) {
                assert!(ROWS.iter().any(|other| other.name == beside), "{}", row.name);
            }
        }
    }
}
