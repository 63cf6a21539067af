//! Which revisions of MCP the server speaks.

use serde_json::Value;

use super::strings;
use crate::doctor::checks::PROTOCOL;
use crate::doctor::fetch::Trouble;
use crate::doctor::mcp::{FirstAnswers, Reply};
use crate::doctor::quote::quote_all;
use crate::doctor::step::Step;

/// What the first answer in an era shows about it.
#[derive(Debug, PartialEq, Eq)]
enum Speaks {
    /// The server answered and supports these revisions.
    Yes(Vec<String>),
    /// The server requires a token first.
    Hidden,
    /// The server knows the era, but supports other revisions than the one asked for.
    Others(Vec<String>),
    No(String),
    /// The endpoint is missing or failed.
    Away,
}

fn heard_any(all: &[&Speaks]) -> bool {
    all.iter().any(|speaks| !matches!(speaks, Speaks::No(_) | Speaks::Away))
}

fn heard(answer: &Result<Reply, Trouble>) -> Speaks {
    let reply = match answer {
        Ok(reply) => reply,
        Err(trouble) => return Speaks::No(trouble.to_string()),
    };
    if reply.status() == 401 || reply.status() == 403 {
        return Speaks::Hidden;
    }
    if let Some(result) = reply.result() {
        let one =
            result.get("protocolVersion").and_then(Value::as_str).map(|version| vec![version.to_owned()]);
        let versions = strings(result.get("supportedVersions")).or(one);
        return Speaks::Yes(versions.unwrap_or_else(|| vec![reply.era.latest().to_owned()]));
    }
    let supported = reply.message.as_ref().and_then(|message| message.pointer("/error/data/supported"));
    match strings(supported) {
        Some(supported) if reply.error_code() == Some(-32022) => Speaks::Others(supported),
        _ if reply.error_code().is_none() && (matches!(reply.status().as_u16(), 404 | 405 | 500..=599)) => {
            Speaks::Away
        }
        _ => Speaks::No(format!("{} to {}", reply.status(), reply.opening())),
    }
}

pub(crate) fn protocol(answers: &FirstAnswers) -> Step {
    let [stateless, legacy] = answers.each_ref().map(heard);
    match (&stateless, &legacy) {
        (Speaks::Hidden, Speaks::Hidden) => PROTOCOL.ok(
            "its revisions can be seen only after the login; 2026-07-28 and 2025-11-25 were both answered",
        ),
        (Speaks::Away, _) | (_, Speaks::Away) if !heard_any(&[&stateless, &legacy]) => {
            PROTOCOL.skipped("no server here accepted the message")
        }
        (Speaks::No(new), Speaks::No(old)) => PROTOCOL.fail(
            format!("neither revision was understood: {new}, {old}"),
            "serve MCP over Streamable HTTP at this path: POST, JSON-RPC, 2026-07-28 or 2025-11-25",
        ),
        _ => {
            let mut parts = Vec::new();
            for (era, speaks) in [("2026-07-28", &stateless), ("2025-11-25", &legacy)] {
                parts.push(match speaks {
                    Speaks::Yes(versions) | Speaks::Others(versions) => {
                        format!("speaks {}", quote_all(versions))
                    }
                    Speaks::Hidden => format!("{era} after the login"),
                    Speaks::No(why) => format!("not {era} ({why})"),
                    Speaks::Away => format!("not {era}"),
                });
            }
            parts.dedup();
            PROTOCOL.ok(parts.join("; "))
        }
    }
}
