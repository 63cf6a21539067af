//! Messages of 2026-07-28 that need nothing of rmcp's transport: answered in the task of the request, without a second
//! parse, a channel, a spawned task and a peer. Those are calls of tools none of whose arguments talks back to the
//! client, and lists of tools that are the same for every verified caller.
//!
//! What is answered is what rmcp would answer, in its own types; a test holds the two against each other.

use std::sync::OnceLock;

use mcp_auth_core::Era;
use rmcp::ErrorData;
use rmcp::model::{
    CallToolResponse, ClientCapabilities, ErrorCode, JsonRpcMessage, JsonRpcResponse, RequestId,
    RequestMetaObject, ServerJsonRpcMessage, ServerResult,
};

use super::{Dispatch, lists};
use crate::authz::Permit;
use crate::call::Call;
use crate::declared::handler::{Handler, Route};
use crate::declared::registry::{Item, OperationId, Registry};
use crate::envelope::Message;

/// The extension of JSON Schema by which an argument is repeated in a header (MCP 2026-07-28 tools, `x-mcp-header`).
/// Those headers rmcp compares.
const HEADER_ANNOTATION: &str = "x-mcp-header";

/// What is known of the declarations before any request comes.
pub(super) struct Listed {
    /// By [`OperationId`]: whether a call of it may be answered here.
    direct: Vec<bool>,
    /// The result of `tools/list`, as JSON, for verified callers: where everybody sees everything, it is one text.
    tools: OnceLock<Option<String>>,
}

impl Listed {
    pub(super) fn new(registry: &Registry) -> Self {
        let direct = registry
            .iter()
            .map(|(_, declaration)| match &declaration.item {
                Item::Tool(tool) => {
                    let schema = serde_json::to_string(&tool.input_schema).unwrap_or_default();
                    !declaration.needs_transport && !schema.contains(HEADER_ANNOTATION)
                }
                _ => false,
            })
            .collect();
        Self { direct, tools: OnceLock::new() }
    }
}

/// What a message says besides its operation.
pub(crate) struct Asked {
    /// Its id.
    pub(crate) id: RequestId,
    /// Its `_meta`.
    pub(crate) meta: RequestMetaObject,
    /// Whether the client can follow tasks.
    pub(crate) declares_tasks: bool,
}

/// An answer: the HTTP status and the JSON.
pub(crate) struct Answer {
    pub(crate) status: http::StatusCode,
    pub(crate) body: Vec<u8>,
}

impl<H: Handler> Dispatch<H> {
    /// Whether [`answer`](Self::answer) takes the message; it must be a plain request of 2026-07-28.
    pub(crate) fn is_direct(&self, permit: &Permit) -> bool {
        match (permit.message(), permit.declared()) {
            (Message::Tool { .. }, Some(id)) => self.listed.direct[id.index()],
            (Message::Other { method }, None) => method == "tools/list" && self.lists_the_same(permit),
            _ => false,
        }
    }

    /// Answers a message that [`is_direct`](Self::is_direct). Dropping the future drops the call.
    pub(crate) async fn answer(&self, permit: Permit, asked: Asked) -> Result<Answer, serde_json::Error> {
        match permit.declared() {
            Some(id) => self.call(id, permit, asked).await,
            None => self.list(&permit, &asked.id),
        }
    }

    async fn call(&self, id: OperationId, permit: Permit, asked: Asked) -> Result<Answer, serde_json::Error> {
        let request = asked.id.clone();
        let result = match self.routes.get(id) {
            Route::Tool(run) => {
                let name = self.policy.registry().get(id).name().to_owned();
                let mut call = Call::direct(name, asked.id, asked.meta);
                call.caller = permit.caller();
                call.arguments = match permit.message() {
                    Message::Tool { arguments, .. } => arguments.clone(),
                    _ => None,
                };
                self.run_tool(id, run, &permit, call).await
            }
            _ => Err(ErrorData::internal_error("internal error", None)),
        };
        // SEP-2663: nobody gets a task who did not say that it can follow one.
        let result = match result {
            Ok(CallToolResponse::Task(_)) if !asked.declares_tasks => {
                let needed = ClientCapabilities::builder().enable_tasks().build();
                Err(ErrorData::missing_required_client_capability(needed))
            }
            result => result,
        };
        let (status, message) = match result {
            Ok(answer) => {
                (http::StatusCode::OK, JsonRpcMessage::response(ServerResult::from(answer), request))
            }
            Err(error) => (status(error.code), JsonRpcMessage::error(error, Some(request))),
        };
        let message: ServerJsonRpcMessage = message;
        Ok(Answer { status, body: serde_json::to_vec(&message)? })
    }

    /// Whether every verified caller is shown every tool.
    fn lists_the_same(&self, permit: &Permit) -> bool {
        !permit.identity().is_anonymous() && self.policy.shows_all()
    }

    fn list(&self, permit: &Permit, id: &RequestId) -> Result<Answer, serde_json::Error> {
        let result = || {
            let mut result =
                ServerResult::ListToolsResult(lists::tools(&self.policy, permit.identity(), Era::Stateless));
            result.fill_missing_cache_hints();
            serde_json::to_string(&result).ok()
        };
        let Some(result) = self.listed.tools.get_or_init(result) else {
            return Err(serde::ser::Error::custom("a tool cannot be written as JSON"));
        };
        // A response around a result of nothing, with the result put in its place.
        let mut body = serde_json::to_vec(&JsonRpcResponse {
            jsonrpc: rmcp::model::JsonRpcVersion2_0,
            id: id.clone(),
            result: (),
        })?;
        body.truncate(body.len() - "null}".len());
        body.reserve_exact(result.len() + 1);
        body.extend_from_slice(result.as_bytes());
        body.push(b'}');
        Ok(Answer { status: http::StatusCode::OK, body })
    }
}

/// The status of a JSON-RPC error (MCP 2026-07-28 Streamable HTTP): 200 but for what is about the request itself.
fn status(code: ErrorCode) -> http::StatusCode {
    match code {
        ErrorCode::UNSUPPORTED_PROTOCOL_VERSION
        | ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY
        | ErrorCode::HEADER_MISMATCH => http::StatusCode::BAD_REQUEST,
        ErrorCode::METHOD_NOT_FOUND => http::StatusCode::NOT_FOUND,
        _ => http::StatusCode::OK,
    }
}
