//! From bytes to an [`Envelope`]: the kind of a message, its id, and what it asks for.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use mcp_auth_core::{Era, strict_json};
use serde_json::{Map, Value};

use super::kind::Shape;
use super::message::may_be_revision;
use super::{
    EnvelopeError, HeaderMismatch, InvalidParams, InvalidRequest, Message, MessageKind, message, meta,
};

/// The id of a request: a string or an integer, never null (MCP 2026-07-28 basic, "Requests").
pub(crate) type RequestIdValue = rmcp::model::RequestId;

/// The longest id of a request: every answer repeats it.
pub(super) const MAX_ID_BYTES: usize = 256;

/// What [`read`] tolerates besides the size of the bytes, which the transport bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvelopeLimits {
    /// How many objects and arrays may stand inside each other, the message itself included: 1 to 127,
    /// since rmcp's own parser gives up at 128.
    pub max_depth: usize,
    /// How many values, members of objects included, the message may hold.
    pub max_values: usize,
}

/// For tests: the server's is the configured one.
#[cfg(test)]
impl Default for EnvelopeLimits {
    fn default() -> Self {
        Self { max_depth: 64, max_values: 100_000 }
    }
}

/// One message, read once. Holds the bytes it was read from; only [`read`] makes one.
#[non_exhaustive]
pub struct Envelope {
    /// The id of a request; `None` for notifications and responses.
    pub id: Option<RequestIdValue>,
    /// Request, notification or response.
    pub kind: MessageKind,
    /// The method; `None` for responses.
    pub method: Option<String>,
    /// What it asks for; a permit holds the same.
    pub message: Arc<Message>,
    /// `params._meta["io.modelcontextprotocol/protocolVersion"]`, as sent: it may not be a known version.
    pub protocol_version: Option<String>,
    /// Whether `params._meta` says that the client can follow tasks (SEP-2663).
    pub declares_tasks: bool,
    /// Whether the revision the body names no longer has the method: it is refused, with any params.
    pub removed: bool,
    /// `params._meta`; each reserved key in it is what it must be.
    pub(crate) meta: Option<Map<String, Value>>,
    /// Whether `params._meta` says what the client can do.
    pub(crate) declares_capabilities: bool,
    /// Whether what the message asks for and `_meta` are all there is in the params.
    pub(crate) is_plain: bool,
    bytes: Bytes,
}

impl Envelope {
    /// The era of the revision that the body names.
    pub fn era(&self) -> Era {
        Era::of(self.protocol_version.as_deref())
    }

    /// Why no server speaks the revision that the body names: it is longer than any is. rmcp would repeat it.
    pub(crate) fn unspeakable(&self) -> Option<HeaderMismatch> {
        let requested = self.protocol_version.as_deref().filter(|version| !may_be_revision(version))?;
        Some(HeaderMismatch::unsupported(requested))
    }

    /// The id and `params._meta`; everything else is dropped.
    pub(crate) fn into_id_and_meta(self) -> (Option<RequestIdValue>, Option<Map<String, Value>>) {
        (self.id, self.meta)
    }

    /// The bytes this was read from, for rmcp to read again.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl fmt::Debug for Envelope {
    /// Leaves out arguments and bytes: they are the caller's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("method", &self.method)
            .field("protocol_version", &self.protocol_version)
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Reads one message.
///
/// - Shape: a single JSON object (RFC 8259, UTF-8, no byte order mark), `"jsonrpc": "2.0"`, no key twice in
///   any object, escapes decoded before anything is compared.
/// - Source: JSON-RPC 2.0 §4 and §5; MCP 2026-07-28 basic, "Messages".
///
/// # Errors
/// [`EnvelopeError`], whose [`code`](EnvelopeError::code) is -32700, -32600 or -32602, with the id wherever
/// one could be read.
pub fn read(bytes: &Bytes, limits: EnvelopeLimits) -> Result<Envelope, EnvelopeError> {
    let parsed =
        strict_json::parse(bytes, limits.max_depth, limits.max_values).map_err(EnvelopeError::NotJson)?;
    let Value::Object(mut message) = parsed.value else {
        let fault = parsed.fault.map_or(InvalidRequest::NotAnObject, InvalidRequest::from);
        return Err(EnvelopeError::InvalidRequest { id: None, fault, of_response: false });
    };
    let shape = Shape::of(&message);
    let id = message.get("id").filter(|_| !parsed.id_repeated).and_then(request_id);
    let is_long = matches!(&id, Some(RequestIdValue::String(id)) if id.len() > MAX_ID_BYTES);
    let id = id.filter(|_| !is_long);
    let of_response = !shape.method && (shape.result || shape.error);
    let refuse =
        |fault| EnvelopeError::InvalidRequest { id: id.clone().filter(|_| !of_response), fault, of_response };

    if let Some(fault) = parsed.fault {
        return Err(refuse(fault.into()));
    }
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(refuse(InvalidRequest::Version));
    }
    let kind = shape.kind().ok_or_else(|| refuse(InvalidRequest::Mixed))?;
    if kind == MessageKind::Response {
        check_response(&message, &shape, id.is_some()).map_err(refuse)?;
        return Ok(Envelope {
            id: None,
            kind,
            method: None,
            message: Arc::new(Message::Reply),
            protocol_version: None,
            declares_tasks: false,
            removed: false,
            meta: None,
            declares_capabilities: false,
            is_plain: false,
            bytes: bytes.clone(),
        });
    }

    if kind == MessageKind::Request && id.is_none() {
        return Err(refuse(if is_long { InvalidRequest::LongId } else { InvalidRequest::Id }));
    }
    let Some(Value::String(method)) = message.remove("method") else {
        return Err(refuse(InvalidRequest::Method));
    };
    if kind == MessageKind::Notification && message::needs_id(&method) {
        return Err(refuse(InvalidRequest::NeedsId));
    }
    let misfit = |fault| EnvelopeError::InvalidParams { id: id.clone(), fault };
    let mut params = params_of(&method, message.remove("params")).map_err(misfit)?;
    let meta = meta::check(params.remove("_meta")).map_err(misfit)?;
    let removed = message::is_removed(&method, meta.protocol_version.as_deref());
    let (asked, is_plain) = match kind {
        MessageKind::Request if !removed => message::of_request(&method, params).map_err(misfit)?,
        _ => (Message::Other { method: method.clone() }, false),
    };
    Ok(Envelope {
        id,
        kind,
        method: Some(method),
        message: Arc::new(asked),
        protocol_version: meta.protocol_version,
        declares_tasks: meta.declares_tasks,
        removed,
        meta: meta.members,
        declares_capabilities: meta.declares_capabilities,
        is_plain,
        bytes: bytes.clone(),
    })
}

/// `params` as an object. `null` counts as absent, as it does for rmcp.
fn params_of(method: &str, params: Option<Value>) -> Result<Map<String, Value>, InvalidParams> {
    match params {
        // Its params hold the versions and capabilities it is about; without any, rmcp knows no such method.
        None | Some(Value::Null) if method == "server/discover" => Err(InvalidParams::NotAnObject),
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(params)) => Ok(params),
        Some(_) => Err(InvalidParams::NotAnObject),
    }
}

/// A response needs the id it answers; an error may lack it (MCP 2026-07-28 basic, "Error Responses").
fn check_response(message: &Map<String, Value>, shape: &Shape, has_id: bool) -> Result<(), InvalidRequest> {
    let id_is_null = message.get("id").is_none_or(Value::is_null);
    if !has_id && (shape.result || !id_is_null) {
        return Err(InvalidRequest::Id);
    }
    match message.get("error") {
        Some(error) if !error.is_object() || !message::fits::<rmcp::model::ErrorData>(error) => {
            Err(InvalidRequest::ErrorObject)
        }
        _ => Ok(()),
    }
}

/// The id a JSON value stands for: a string, or a whole number in integer form that fits 64 bits.
fn request_id(value: &Value) -> Option<RequestIdValue> {
    match value {
        Value::String(id) => Some(RequestIdValue::String(id.as_str().into())),
        Value::Number(id) => id.as_i64().map(RequestIdValue::Number),
        _ => None,
    }
}
