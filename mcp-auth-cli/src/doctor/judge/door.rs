//! Whether the server can be reached at this URL, and how it answers a caller without a token.

use http::StatusCode;
use mcp_auth_core::net::is_loopback;
use url::Url;

use crate::doctor::checks::{HTTPS, REACHABILITY, UNAUTHENTICATED};
use crate::doctor::fetch::{Answer, Trouble};
use crate::doctor::mcp::Reply;
use crate::doctor::quote::quote;
use crate::doctor::step::Step;

/// The answers to the opening request of both eras.
pub(crate) type Openings = [Result<Reply, Trouble>; 2];

/// The most informative answer: a 401, else a result, else a refusal; if both are of the same kind, the newer era's.
pub(crate) fn telling(openings: &Openings) -> Option<&Reply> {
    let rank = |reply: &&Reply| match reply.status().as_u16() {
        401 => 0,
        200..=299 if reply.result().is_some() => 1,
        403 => 2,
        500..=599 => 3,
        300..=399 => 4,
        _ => 5,
    };
    openings.iter().filter_map(|opening| opening.as_ref().ok()).min_by_key(rank)
}

pub(crate) fn reachability(url: &Url, openings: &Openings) -> Step {
    let Some(reply) = telling(openings) else {
        let trouble = openings.iter().find_map(|opening| opening.as_ref().err());
        return trouble.map_or_else(
            || REACHABILITY.skipped("nothing was asked"),
            |trouble| REACHABILITY.fail(trouble.to_string(), unreachable(url, trouble)),
        );
    };
    let answer = &reply.answer;
    let status = answer.status;
    if status.is_redirection() {
        return redirected(url, answer);
    }
    let from_gateway = matches!(status.as_u16(), 502..=504);
    if from_gateway {
        return REACHABILITY.fail(
            format!("{status}, with {}: a proxy answered, the server behind it did not", answer.looks()),
            "start the server, and check the address and port that the proxy forwards to",
        );
    }
    if answer.is_html() && status.is_success() {
        return REACHABILITY.fail(
            format!("{status}, with {}: a web page, not an MCP endpoint", answer.looks()),
            "give the URL of the MCP endpoint, often ending in /mcp; where a proxy stands in front (a login page, \
             a tunnel's warning), let this path through to the server",
        );
    }
    REACHABILITY.ok(format!("{} answers", url.host_str().unwrap_or_default()))
}

fn redirected(url: &Url, answer: &Answer) -> Step {
    let location = answer.header(http::header::LOCATION);
    let target = location.and_then(|location| url.join(location).ok());
    let seen = format!("{} to {}", answer.status, quote(location.unwrap_or("nowhere (no Location)")));
    // A redirect from http to https on the default ports stays on the same host.
    let same_host = |target: &Url| target.host_str() == url.host_str() && target.port() == url.port();
    let fix = match target {
        Some(target) if same_host(&target) && target.path() == url.path() => {
            format!(
                "give clients {target} itself; a redirect loses the body or the token in many of them. With \
                 mcp-auth, that is server.public_url"
            )
        }
        Some(target) if same_host(&target) => format!(
            "give clients {target} itself, or let the server answer at this path: redirects between a path with \
             and without a slash usually come from the web framework or proxy (nginx: `location = /mcp`)"
        ),
        Some(target) => format!(
            "a client sends no token to another host. If {target} is the server's, give clients that URL; if it \
             is a login page, let the MCP path past it: the server answers 401 itself"
        ),
        None => "answer the request here instead of redirecting it".to_owned(),
    };
    REACHABILITY.fail(seen, fix)
}

fn unreachable(url: &Url, trouble: &Trouble) -> String {
    let host = url.host_str().unwrap_or_default();
    match trouble {
        Trouble::Dns => format!("check the spelling of {host}, and its DNS record"),
        Trouble::Refused => format!(
            "start the server, or correct the port: nothing listens on {host}:{}. In a container it has to listen \
             on 0.0.0.0 and the port has to be published (mcp-auth: server.listen)",
            url.port_or_known_default().unwrap_or_default()
        ),
        Trouble::Tls(_) if url.port().is_some() || is_loopback(url) => {
            "serve a certificate that is valid for this host and signed by an authority this machine trusts, with \
             its intermediates; if the port speaks plain http, write http://"
                .to_owned()
        }
        Trouble::Tls(_) => "serve a certificate that is valid for this host, not expired, with its intermediates, \
                            signed by an authority this machine trusts"
            .to_owned(),
        Trouble::Timeout(_) => "look whether a firewall drops the connection, or the server hangs; --timeout waits \
                                longer"
            .to_owned(),
        Trouble::Other(_) => "make sure an HTTP server listens there: https:// needs TLS, http:// must not have it"
            .to_owned(),
    }
}

pub(crate) fn https(url: &Url) -> Step {
    if url.scheme() == "https" {
        HTTPS.ok("https")
    } else if is_loopback(url) {
        HTTPS.ok("http, on this machine only")
    } else {
        HTTPS.fail(
            "http: tokens travel readable, and many clients refuse",
            "put TLS in front (nginx, Caddy, a load balancer), and give clients the https URL; mcp-auth: \
             server.public_url = \"https://…\"",
        )
    }
}

/// What was found out about a server that does not answer 401 to a caller without a token.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Inside {
    /// Protected resource metadata was found.
    pub(crate) has_metadata: bool,
    /// A tool call without a token got 401: only connecting is open.
    pub(crate) calls_ask: bool,
    /// The tools' own descriptions say that some of them need a login.
    pub(crate) tools_ask: bool,
}

pub(crate) fn unauthenticated(openings: &Openings, inside: Inside) -> Step {
    let Some(reply) = telling(openings) else {
        return UNAUTHENTICATED.skipped("the server was not reached");
    };
    let status = reply.status();
    let asked = reply.opening();
    match status.as_u16() {
        401 => {
            let open = openings.iter().flatten().find(|other| other.result().is_some());
            match open {
                Some(other) => UNAUTHENTICATED.warn(
                    format!("401 to {asked}, but {} is answered without a token", other.opening()),
                    "treat every protocol revision alike: put the check in front of the MCP handler",
                ),
                None => UNAUTHENTICATED.ok(format!("401 to {asked}")),
            }
        }
        200..=299 if reply.result().is_some() => open(asked, inside),
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

fn open(asked: &str, inside: Inside) -> Step {
    let seen = format!("{asked} is answered without a token");
    if inside.calls_ask {
        UNAUTHENTICATED.ok(format!("{seen}; calling a tool is answered 401"))
    } else if inside.tools_ask {
        UNAUTHENTICATED.warn(
            format!("{seen}, and so is tools/list, where some tools say they need a login"),
            "name one of those with --tool to see its 401",
        )
    } else if inside.has_metadata {
        UNAUTHENTICATED.fail(
            format!("200: {seen}, though the server publishes where to log in; nothing asks for a token"),
            "answer 401 with WWW-Authenticate to requests without a token: the check is missing or not in front of \
             this path. Where only some tools need one, name such a tool with --tool",
        )
    } else {
        UNAUTHENTICATED.warn(
            format!("200: {seen}; the server asks nobody to log in"),
            "nothing, if everybody who reaches this URL may use it; else answer 401 and publish protected resource \
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
