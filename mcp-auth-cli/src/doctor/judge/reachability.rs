//! Whether the server can be reached at this URL.

use mcp_auth_core::net::is_loopback;
use url::Url;

use crate::doctor::checks::REACHABILITY;
use crate::doctor::fetch::{Answer, Trouble};
use crate::doctor::mcp::{FirstAnswers, most_informative};
use crate::doctor::quote::quote;
use crate::doctor::step::Step;

pub(crate) fn reachability(url: &Url, answers: &FirstAnswers) -> Step {
    let Some(reply) = most_informative(answers) else {
        let trouble = answers.iter().find_map(|answer| answer.as_ref().err());
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
        // Said of what a server names, never of the URL that was given.
        Trouble::NotAsked => "run doctor with --private-addresses".to_owned(),
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
        Trouble::Timeout(_) => "check whether a firewall drops the connection, or the server hangs; --timeout waits \
                                longer"
            .to_owned(),
        Trouble::Other(_) => "make sure an HTTP server listens there: https:// needs TLS, http:// must not have it"
            .to_owned(),
    }
}
