//! The 2026-07-28 request headers, held against the body. The body decides; a header only can be wrong.
//!
//! rmcp checks them when `MCP-Protocol-Version` says 2026-07-28 or later, and answers correctly: -32020 when
//! `Mcp-Method` or `Mcp-Name` is missing, when the version header and `_meta` differ or only `_meta` has one,
//! and for `Mcp-Param-*`; -32602 when `_meta` is missing; -32600 when `initialize` names another version than
//! its header. That is left to rmcp. Here is what it lets pass: headers sent twice, `Mcp-Method` and
//! `Mcp-Name` that contradict the body of a request without a modern version header (it runs the body, while
//! a proxy in front routed by the header), and an unknown version that it answers as text.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use mcp_auth_core::seen::head;
use rmcp::model::{ErrorCode, ErrorData, ProtocolVersion};
use serde_json::json;

use super::{Envelope, Message};

const PROTOCOL_VERSION: &str = "MCP-Protocol-Version";
const METHOD: &str = "Mcp-Method";
const NAME: &str = "Mcp-Name";

/// A request header that the body contradicts, or that names a version this server does not speak. HTTP 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderMismatch {
    /// The header stands there twice, so that a proxy could have followed the other one.
    #[error("{header} header is sent more than once")]
    Repeated {
        /// The name of the header, such as `MCP-Protocol-Version`.
        header: &'static str,
    },
    /// The header holds bytes other than visible ASCII, space and tab.
    #[error("{header} header contains invalid characters")]
    Characters {
        /// The name of the header, such as `MCP-Protocol-Version`.
        header: &'static str,
    },
    /// `Mcp-Method` is not the body's `method`.
    #[error("Mcp-Method header does not match the body's method")]
    Method,
    /// `Mcp-Name` is not the body's `params.name`, `params.uri` or `params.taskId`.
    #[error("Mcp-Name header does not match the name in the body's params")]
    Name,
    /// `Mcp-Name` starts and ends like `=?base64?…?=` and holds no Base64 of UTF-8 text in between.
    #[error("Mcp-Name header is not valid Base64 of UTF-8")]
    NameEncoding,
    /// `MCP-Protocol-Version` is not the version in the body's `_meta`.
    #[error("MCP-Protocol-Version header does not match the protocol version in the body's _meta")]
    ProtocolVersion,
    /// `MCP-Protocol-Version` names no revision we serve.
    #[error("unsupported protocol version")]
    UnsupportedProtocolVersion {
        /// What was asked for, cut to a readable length.
        requested: String,
    },
}

impl HeaderMismatch {
    /// A revision that we do not speak.
    pub(super) fn unsupported(requested: &str) -> Self {
        Self::UnsupportedProtocolVersion { requested: head(requested, 64).to_owned() }
    }

    /// -32020 `HeaderMismatch`, or -32022 `UnsupportedProtocolVersion`.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnsupportedProtocolVersion { .. } => ErrorCode::UNSUPPORTED_PROTOCOL_VERSION,
            Self::Repeated { .. }
            | Self::Characters { .. }
            | Self::Method
            | Self::Name
            | Self::NameEncoding
            | Self::ProtocolVersion => ErrorCode::HEADER_MISMATCH,
        }
    }

    /// The JSON-RPC error; for -32022 with `data.supported` and `data.requested`.
    pub fn to_error_data(&self) -> ErrorData {
        let data = match self {
            Self::UnsupportedProtocolVersion { requested } => {
                Some(json!({ "supported": ProtocolVersion::KNOWN_VERSIONS, "requested": requested }))
            }
            _ => None,
        };
        ErrorData::new(self.code(), self.to_string(), data)
    }
}

/// Holds the headers against the body, on every revision.
///
/// - Shape: each of the three headers at most once; `Mcp-Method` equal to `method`; `Mcp-Name`, decoded from
///   `=?base64?…?=` where it is so wrapped, equal to the name, URI or task id in `params`, for the methods
///   that have one.
/// - Source: MCP 2026-07-28 Streamable HTTP, "Server Validation" and "Value Encoding".
///
/// # Errors
/// [`HeaderMismatch`]. No header ever changes what the body asks for.
pub(crate) fn check_headers(envelope: &Envelope, headers: &HeaderMap) -> Result<(), HeaderMismatch> {
    let version = single(headers, PROTOCOL_VERSION)?;
    let method = single(headers, METHOD)?;
    let name = single(headers, NAME)?;

    if let Some(version) =
        version.filter(|v| ProtocolVersion::KNOWN_VERSIONS.iter().all(|k| k.as_str() != *v))
    {
        return Err(match &envelope.protocol_version {
            Some(in_body) if in_body != version => HeaderMismatch::ProtocolVersion,
            _ => HeaderMismatch::unsupported(version),
        });
    }
    if version.is_some() && envelope.unspeakable().is_some() {
        return Err(HeaderMismatch::ProtocolVersion);
    }
    if method.is_some() && method != envelope.method.as_deref() {
        return Err(HeaderMismatch::Method);
    }
    if let (Some(name), Some(expected)) = (name, mirrored_name(&envelope.message)) {
        matches(&decoded(name)?, expected)?;
    }
    Ok(())
}

/// What the headers say the message asks for, where they name it: for an answer to a body that is not read.
pub(crate) fn named_in(headers: &HeaderMap) -> Option<Message> {
    let method = single(headers, METHOD).ok()??.to_owned();
    let name = single(headers, NAME).ok()?.map(decoded).transpose().ok()?;
    Some(match (method.as_str(), name) {
        ("tools/call", Some(name)) => Message::Tool { name, arguments: None },
        ("prompts/get", Some(name)) => Message::Prompt { name, arguments: None },
        ("resources/read", Some(uri)) => Message::Resource { uri },
        ("tools/call" | "prompts/get" | "resources/read", None) => return None,
        _ => Message::Other { method },
    })
}

/// The text of `Mcp-Name`, out of its wrapping where it has one.
fn decoded(name: &str) -> Result<String, HeaderMismatch> {
    match name.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        Some(encoded) => {
            let text = BASE64_STANDARD.decode(encoded).map_err(|_| HeaderMismatch::NameEncoding)?;
            String::from_utf8(text).map_err(|_| HeaderMismatch::NameEncoding)
        }
        None => Ok(name.to_owned()),
    }
}

fn matches(name: &str, expected: &str) -> Result<(), HeaderMismatch> {
    if name == expected { Ok(()) } else { Err(HeaderMismatch::Name) }
}

/// The header's value, if it is there: once, and text.
fn single<'h>(headers: &'h HeaderMap, header: &'static str) -> Result<Option<&'h str>, HeaderMismatch> {
    let mut values = headers.get_all(header).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(HeaderMismatch::Repeated { header });
    }
    value.to_str().map(Some).map_err(|_| HeaderMismatch::Characters { header })
}

/// What `Mcp-Name` mirrors, for the methods that have it: the specification's three, and those for which
/// rmcp's client sends it too.
fn mirrored_name(message: &Message) -> Option<&str> {
    match message {
        Message::Tool { name, .. } | Message::Prompt { name, .. } => Some(name),
        Message::Resource { uri } | Message::Subscribe { uri } | Message::Unsubscribe { uri } => Some(uri),
        Message::Task { task_id, .. } => Some(task_id),
        Message::Complete { .. }
        | Message::Listen { .. }
        | Message::Initialize { .. }
        | Message::Other { .. }
        | Message::Reply
        | Message::HttpMethod { .. } => None,
    }
}
