//! Judges the server's answer to a caller with the token, and to a call of one tool.

use mcp_auth_core::challenge::ReceivedChallenge;
use serde_json::Value;

use crate::doctor::checks::{AUTHENTICATED, TOOL};
use crate::doctor::fetch::Trouble;
use crate::doctor::judge::challenge::bearer;
use crate::doctor::judge::said::said;
use crate::doctor::mcp::Reply;
use crate::doctor::quote::{quote, quote_all};
use crate::doctor::step::Step;

/// `opened` is the opening with the token, `tools` the list if that succeeded, `wrong` the token's failed checks.
pub(crate) fn authenticated(
    opened: &Result<Reply, Trouble>,
    tools: Option<&Result<Reply, Trouble>>,
    wrong: &[&Step],
) -> Step {
    let reply = match opened {
        Ok(reply) => reply,
        Err(trouble) => return AUTHENTICATED.fail(trouble.to_string(), "look into the server's log"),
    };
    if reply.status() == 401 {
        return refused(reply, wrong);
    }
    if reply.status() == 403 {
        return forbidden(reply);
    }
    if reply.result().is_none() {
        return AUTHENTICATED.fail(
            format!(
                "{} to {} with the token, with {}",
                reply.status(),
                reply.opening(),
                reply.answer.looks()
            ),
            "the token was not refused: look into the server's log for what failed after that",
        );
    }
    if let Some(step) = wrong.iter().find(|step| step.step != "token-format") {
        return AUTHENTICATED.fail(
            format!("the server accepts a token it should refuse: {}", step.seen),
            "let the server check signature, `iss`, `aud`, `exp` and `nbf` of every token (RFC 9068 §4)",
        );
    }
    match tools {
        Some(Ok(listed)) if listed.result().is_some() => {
            let names = listed.result().and_then(|result| result.get("tools")).and_then(Value::as_array);
            AUTHENTICATED.ok(format!(
                "200 to {}; {} tools listed",
                reply.opening(),
                names.map_or(0, Vec::len)
            ))
        }
        Some(Ok(listed)) if matches!(listed.status().as_u16(), 401 | 403) => forbidden(listed),
        Some(Ok(listed)) => AUTHENTICATED.ok(match listed.error_text() {
            Some(error) => format!("200 to {}; no tools: {}", reply.opening(), quote(error)),
            None => format!("200 to {}; {} to tools/list", reply.opening(), listed.status()),
        }),
        Some(Err(trouble)) => AUTHENTICATED.warn(
            format!("200 to {}, but tools/list: {trouble}", reply.opening()),
            "check whether the server or a proxy holds the answer back (event streams need buffering off)",
        ),
        None => AUTHENTICATED.ok(format!("200 to {}", reply.opening())),
    }
}

fn refused(reply: &Reply, wrong: &[&Step]) -> Step {
    let reasons = server_says(bearer(&reply.answer).as_ref());
    if let Some(step) = wrong.first() {
        return AUTHENTICATED.fail(
            format!("401 with the token{reasons}: {}", step.seen),
            step.fix.clone().unwrap_or_default(),
        );
    }
    if let Some((_, step)) = said(reply) {
        return AUTHENTICATED
            .fail(format!("401 with the token: {}", step.seen), step.fix.unwrap_or_default());
    }
    AUTHENTICATED.fail(
        format!("401 with a token that looks right from outside{reasons}"),
        "look into the server's log for its reason: an issuer or audience set otherwise than the metadata says, keys \
         it cached before a rotation, a revoked token, or a proxy that drops the Authorization header (mcp-auth logs \
         the cause)",
    )
}

/// Whether the server knows who it is, and asks for more scopes.
pub(crate) fn lacks_scopes(reply: &Reply) -> bool {
    let challenge = bearer(&reply.answer);
    reply.status() == 403
        && challenge.is_some_and(|challenge| challenge.get("error") == Some("insufficient_scope"))
}

fn forbidden(reply: &Reply) -> Step {
    let challenge = bearer(&reply.answer);
    match &challenge {
        Some(challenge) if challenge.get("error") == Some("insufficient_scope") => AUTHENTICATED.warn(
            format!("{}: the token lacks scopes to connect{}", reply.status(), server_says(Some(challenge))),
            format!("log in again for {}", quote_all(&challenge.scopes())),
        ),
        _ => AUTHENTICATED.fail(
            format!("{} with the token, with {}", reply.status(), reply.answer.looks()),
            "answer 403 with error=\"insufficient_scope\" and the scopes needed, or 401 when the token is not good",
        ),
    }
}

fn server_says(challenge: Option<&ReceivedChallenge>) -> String {
    let Some(challenge) = challenge else { return String::new() };
    let said: Vec<String> =
        ["error", "error_description"].iter().filter_map(|name| challenge.get(name)).map(quote).collect();
    if said.is_empty() { String::new() } else { format!(", the server says {}", said.join(", ")) }
}

/// Judges the answer to a real call of `name`. `anonymous`: without a token, because connecting needed none.
pub(crate) fn tool(name: &str, called: &Result<Reply, Trouble>, anonymous: bool) -> Step {
    let name = quote(name);
    let reply = match called {
        Ok(reply) => reply,
        Err(trouble) => return TOOL.fail(format!("{name}: {trouble}"), "look into the server's log"),
    };
    let challenge = bearer(&reply.answer);
    let error = challenge.as_ref().and_then(|challenge| challenge.get("error"));
    let fix = "answer 403 with `WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"…\", \
               resource_metadata=\"…\"`, naming every scope the call needs: clients then ask for them";
    match reply.status().as_u16() {
        401 if anonymous && challenge.is_some() => TOOL.ok(format!("{name}: 401 without a token")),
        401 => TOOL.fail(
            format!(
                "{name}: 401{}",
                if anonymous { " without a Bearer challenge" } else { " with the token" }
            ),
            if anonymous { "send WWW-Authenticate with it" } else { fix },
        ),
        403 if error == Some("insufficient_scope") => {
            let scopes = challenge.as_ref().map(ReceivedChallenge::scopes).unwrap_or_default();
            let has_metadata =
                challenge.as_ref().is_some_and(|challenge| challenge.get("resource_metadata").is_some());
            if scopes.is_empty() {
                TOOL.fail(format!("{name}: insufficient_scope, but the challenge names no scope"), fix)
            } else if has_metadata {
                TOOL.ok(format!("{name}: 403, and asks for {}", quote_all(&scopes)))
            } else {
                TOOL.warn(
                    format!("{name}: 403, asks for {}, without resource_metadata", quote_all(&scopes)),
                    fix,
                )
            }
        }
        403 => TOOL.fail(
            format!("{name}: 403 without an insufficient_scope challenge: clients cannot step up"),
            fix,
        ),
        _ => reached(&name, reply),
    }
}

fn reached(name: &str, reply: &Reply) -> Step {
    let is_error = reply.result().and_then(|result| result.get("isError")).and_then(Value::as_bool);
    let says = |text: Option<&str>| text.map_or(String::new(), |text| format!(": {}", quote(text)));
    if reply.result().is_some() {
        let how = if is_error == Some(true) { "called, answered isError" } else { "called, answered" };
        return TOOL.ok(format!("{name}: {how}"));
    }
    match reply.error_code() {
        Some(-32602) => {
            TOOL.ok(format!("{name}: reached, wants other arguments{}", says(reply.error_text())))
        }
        Some(-32601) => {
            TOOL.fail(format!("{name}: no such method or tool"), "check the name: tools/list has them")
        }
        Some(code) => TOOL.warn(
            format!("{name}: {}, error {code}{}", reply.status(), says(reply.error_text())),
            "look into the server's log",
        ),
        None => TOOL.fail(
            format!("{name}: {}, with {}", reply.status(), reply.answer.looks()),
            "look into the server's log: the answer is not a JSON-RPC message",
        ),
    }
}
