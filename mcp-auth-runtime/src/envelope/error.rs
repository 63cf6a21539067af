//! Why a message was refused, and which JSON-RPC error that is (JSON-RPC 2.0 §5.1).

use mcp_auth_core::strict_json::Fault;
use rmcp::model::{ErrorCode, ErrorData, JsonRpcError};

use super::read::{MAX_ID_BYTES, RequestIdValue};

/// A message that is not read further. One variant per JSON-RPC error code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// -32700: the bytes are not one JSON text.
    #[error("message is not JSON (RFC 8259): {0}")]
    NotJson(#[source] serde_json::Error),
    /// -32600: JSON, but no JSON-RPC 2.0 message that has only one reading.
    #[error("{fault}")]
    InvalidRequest {
        /// The id, where the message has exactly one and a method too.
        id: Option<RequestIdValue>,
        /// What is wrong with the message.
        #[source]
        fault: InvalidRequest,
        /// It looks like a client's response, which must not be answered.
        of_response: bool,
    },
    /// -32602: a method, with params that do not fit it.
    #[error("{fault}")]
    InvalidParams {
        /// The request's id; `None` for a notification.
        id: Option<RequestIdValue>,
        /// What is wrong with the message.
        #[source]
        fault: InvalidParams,
    },
}

/// What makes a JSON text no valid JSON-RPC message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRequest {
    /// An array: MCP has no batches since 2025-06-18.
    #[error("batches are not supported; send one message at a time")]
    Batch,
    /// A string, number, boolean or null.
    #[error("message is not a JSON object")]
    NotAnObject,
    /// One object has a key twice: parsers differ on which one counts (RFC 8259 §4).
    #[error("an object has the key {key:?} twice; parsers would differ on which one counts")]
    DuplicateKey {
        /// The key, cut to a readable length.
        key: String,
    },
    /// Objects and arrays stand inside each other too deep.
    #[error("message is nested deeper than {limit} levels")]
    TooDeep {
        /// The most levels allowed.
        limit: usize,
    },
    /// It holds more values than are kept in memory.
    #[error("message holds more than {limit} values (limits.envelope_values)")]
    TooManyValues {
        /// The most values allowed.
        limit: usize,
    },
    /// A key that the JSON library uses for itself.
    #[error("keys that start with `$serde_json::private::` are reserved")]
    ReservedKey,
    /// `jsonrpc` is absent or something else.
    #[error("`jsonrpc` must be \"2.0\"")]
    Version,
    /// Neither a request, a notification nor a response: a method with a result, both result and error, …
    #[error("message must have either `method`, or exactly one of `result` and `error`")]
    Mixed,
    /// `id` is null, a fraction, an integer of more than 64 bits, a boolean, an object or an array.
    #[error("`id` must be a string or a 64-bit integer")]
    Id,
    /// `id` is longer than any client's: it would stand in the answer.
    #[error("`id` must have at most {MAX_ID_BYTES} bytes")]
    LongId,
    /// `method` is not a string.
    #[error("`method` must be a string")]
    Method,
    /// A request method sent as a notification.
    #[error("this method is a request; it needs an `id`")]
    NeedsId,
    /// `error` lacks an integer `code` or a string `message`.
    #[error("`error` must hold an integer `code` and a string `message`")]
    ErrorObject,
}

/// What makes params unfit for their method.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidParams {
    /// An array, string, number or boolean.
    #[error("`params` must be an object")]
    NotAnObject,
    /// One member is missing or of the wrong type.
    #[error("`params.{member}` must be {expected}")]
    Member {
        /// The name of the member in `params`.
        member: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// `_meta`, or a key MCP reserves in it, is of the wrong type.
    #[error("`params._meta{}{key}` must be {expected}", if key.is_empty() { "" } else { "." })]
    Meta {
        /// The reserved key; empty for `_meta` itself.
        key: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// The members together do not make the params of this method. The cause is for the log.
    #[error("params do not fit the schema of `{method}`")]
    Schema {
        /// The method of the message, such as `tools/call`.
        method: &'static str,
        /// What the schema's own reading said.
        #[source]
        cause: serde_json::Error,
    },
}

impl From<Fault> for InvalidRequest {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Array => Self::Batch,
            Fault::DuplicateKey { key } => Self::DuplicateKey { key },
            Fault::TooDeep { limit } => Self::TooDeep { limit },
            Fault::TooManyValues { limit } => Self::TooManyValues { limit },
            Fault::ReservedKey => Self::ReservedKey,
        }
    }
}

impl EnvelopeError {
    /// The id to answer with, if one could be read.
    pub fn id(&self) -> Option<&RequestIdValue> {
        match self {
            Self::NotJson(_) => None,
            Self::InvalidRequest { id, .. } | Self::InvalidParams { id, .. } => id.as_ref(),
        }
    }

    /// -32700, -32600 or -32602.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotJson(_) => ErrorCode::PARSE_ERROR,
            Self::InvalidRequest { .. } => ErrorCode::INVALID_REQUEST,
            Self::InvalidParams { .. } => ErrorCode::INVALID_PARAMS,
        }
    }

    /// Whether JSON-RPC allows an answer: not to a notification, and not to a response (JSON-RPC 2.0 §4.1).
    /// Over HTTP the status is sent either way.
    pub fn may_be_answered(&self) -> bool {
        match self {
            Self::NotJson(_) => true,
            Self::InvalidRequest { of_response, .. } => !of_response,
            Self::InvalidParams { id, .. } => id.is_some(),
        }
    }

    /// The answer, as it goes over the wire.
    pub fn to_json_rpc(&self) -> JsonRpcError {
        JsonRpcError::new(self.id().cloned(), ErrorData::new(self.code(), self.to_string(), None))
    }
}
