//! How the server answers a caller without a token.

use http::StatusCode;

use crate::doctor::checks::UNAUTHENTICATED;
use crate::doctor::mcp::{FirstAnswers, Reply, most_informative};
use crate::doctor::step::Step;

/// The signs of a login in a server that does not answer 401 to a caller without a token.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LoginSigns {
    /// Protected resource metadata was found.
    pub(crate) has_metadata: bool,
    /// A tool call without a token got 401: only connecting is open.
    pub(crate) calls_ask: bool,
    /// The tools' own descriptions say that some of them need a login.
    pub(crate) tools_ask: bool,
}

pub(crate) fn unauthenticated(answers: &FirstAnswers, signs: LoginSigns) -> Step {
    let Some(reply) = most_informative(answers) else {
        return UNAUTHENTICATED.skipped("the server was not reached");
    };
    let status = reply.status();
    let asked = reply.opening();
    match status.as_u16() {
        401 => {
            let open = answers.iter().flatten().find(|other| other.result().is_some());
            match open {
                Some(other) => UNAUTHENTICATED.warn(
                    format!("401 to {asked}, but {} is answered without a token", other.opening()),
                    "treat every protocol revision alike: put the check in front of the MCP handler",
                ),
                None => UNAUTHENTICATED.ok(format!("401 to {asked}")),
            }
        }
        200..=299 if reply.result().is_some() => open(asked, signs),
        403 => forbidden(reply),
        404 => UNAUTHENTICATED.fail(
            format!("404 to POST, with {}: no MCP endpoint at this path", reply.answer.looks()),
            "correct the path (often /mcp; mcp-auth: server.path), or the prefix that a proxy strips or adds",
        ),
        405 => UNAUTHENTICATED.fail(
            "405 to POST: this path does not take MCP messages",
            "give the URL of the Streamable HTTP endpoint; a path that only answers GET is a web page, or the old \
             HTTP+SSE transport of 2024-11-05",
        ),
        500..=599 => UNAUTHENTICATED.fail(
            format!("{status} to {asked} without a token, with {}", reply.answer.looks()),
            "look into the server's log: a missing token must end in 401, and not in an error of the code that \
             reads it",
        ),
        _ => UNAUTHENTICATED.fail(
            format!("{status} to {asked} without a token, with {}", reply.answer.looks()),
            "check for the token before anything else in the message, and answer 401 with WWW-Authenticate",
        ),
    }
}

fn open(asked: &str, signs: LoginSigns) -> Step {
    let seen = format!("{asked} is answered without a token");
    if signs.calls_ask {
        UNAUTHENTICATED.ok(format!("{seen}; calling a tool is answered 401"))
    } else if signs.tools_ask {
        UNAUTHENTICATED.warn(
            format!("{seen}, and so is tools/list, where some tools say they need a login"),
            "name one of those with --tool to see its 401",
        )
    } else if signs.has_metadata {
        UNAUTHENTICATED.fail(
            format!("200: {seen}, though the server publishes where to log in; nothing asks for a token"),
            "answer 401 with WWW-Authenticate to requests without a token: the check is missing or not in front of \
             this path. Where only some tools need one, name such a tool with --tool",
        )
    } else {
        UNAUTHENTICATED.warn(
            format!("200: {seen}; the server does not ask for a login"),
            "nothing, if everyone who reaches this URL may use it; else answer 401 and publish protected resource \
             metadata (mcp-auth: give each #[tool] a scope, and [[auth.issuers]])",
        )
    }
}

fn forbidden(reply: &Reply) -> Step {
    let body = reply.answer.body.to_ascii_lowercase();
    let seen = format!("403 without a token, with {}", reply.answer.looks());
    if body.contains("host") && !reply.answer.is_html() {
        return UNAUTHENTICATED.fail(
            format!("{seen}: the server does not know the Host this URL has"),
            "name the host in the server's list of allowed hosts (mcp-auth: server.public_url or \
             server.allowed_hosts), or let the proxy send the Host the server expects",
        );
    }
    let fix = if reply.answer.is_html() {
        "let the MCP path through the proxy or web application firewall that answers in the server's place"
    } else {
        "answer 401 with WWW-Authenticate: 403 tells a client that logging in will not help"
    };
    UNAUTHENTICATED.fail(seen, fix)
}

/// Whether the answer is a 401, which makes a client start a login.
pub(crate) fn asks_for_login(reply: Option<&Reply>) -> bool {
    reply.is_some_and(|reply| reply.status() == StatusCode::UNAUTHORIZED)
}
