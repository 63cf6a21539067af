//! `params._meta`: the keys MCP reserves in it must be what they say (MCP 2026-07-28 basic, "`_meta`").
//!
//! rmcp treats a reserved key of the wrong type as absent, so that a numeric protocol version would make a
//! modern request a legacy one. Which keys a revision requires, rmcp checks itself.
#![expect(deprecated, reason = "`logLevel` is deprecated by SEP-2577, and still in the schema")]

use rmcp::model::{ClientCapabilities, Implementation, LoggingLevel, ProgressToken};
use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::error::InvalidParams;
use super::message::fits;
use super::read::MAX_ID_BYTES;

const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
const PROGRESS_TOKEN: &str = "progressToken";

/// What `_meta` says of the client.
#[derive(Default)]
pub(super) struct Meta {
    /// The revision it speaks, as sent.
    pub(super) protocol_version: Option<String>,
    /// Whether it can follow tasks (SEP-2663).
    pub(super) declares_tasks: bool,
    /// Whether it says what it can do.
    pub(super) declares_capabilities: bool,
    /// The whole of `_meta`.
    pub(super) members: Option<Map<String, Value>>,
}

/// Checks `_meta`, if there is one, and reads it. `null` counts as absent.
pub(super) fn check(meta: Option<Value>) -> Result<Meta, InvalidParams> {
    let meta = match meta {
        None | Some(Value::Null) => return Ok(Meta::default()),
        Some(Value::Object(meta)) => meta,
        Some(_) => {
            return Err(InvalidParams::Meta { key: "", expected: "an object" });
        }
    };
    let must = |key: &'static str, expected: &'static str, fits: fn(&Value) -> bool| match meta.get(key) {
        Some(value) if !fits(value) => Err(InvalidParams::Meta { key, expected }),
        _ => Ok(()),
    };
    must(PROTOCOL_VERSION, "a string", Value::is_string)?;
    must(CLIENT_INFO, "an object with `name` and `version`", |v| v.is_object() && fits::<Implementation>(v))?;
    let capabilities = match meta.get(CLIENT_CAPABILITIES) {
        None => None,
        Some(value) => match ClientCapabilities::deserialize(value) {
            Ok(capabilities) if value.is_object() => Some(capabilities),
            _ => {
                let expected = "a client capabilities object";
                return Err(InvalidParams::Meta { key: CLIENT_CAPABILITIES, expected });
            }
        },
    };
    must(LOG_LEVEL, "a log level of RFC 5424 in lower case", |v| v.is_string() && fits::<LoggingLevel>(v))?;
    let short = "a string of at most 256 bytes, or an integer"; // each notification of progress repeats it
    must(PROGRESS_TOKEN, short, |v| {
        fits::<ProgressToken>(v) && v.as_str().is_none_or(|token| token.len() <= MAX_ID_BYTES)
    })?;
    Ok(Meta {
        protocol_version: meta.get(PROTOCOL_VERSION).and_then(Value::as_str).map(str::to_owned),
        declares_capabilities: capabilities.is_some(),
        declares_tasks: capabilities.is_some_and(|capabilities| capabilities.supports_tasks()),
        members: Some(meta),
    })
}
