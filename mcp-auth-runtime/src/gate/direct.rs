//! Steps 11 and 12: what was allowed and needs nothing of rmcp's transport is answered here, without the
//! credentials that came with it. Only what rmcp would certainly accept is answered here: a request that is unusual
//! in any way goes to rmcp, which says what is wrong with it.

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use rmcp::model::{
    JsonRpcError, JsonRpcResponse, JsonRpcVersion2_0, MetaObject, ProtocolVersion, RequestMetaObject,
};

use super::gate::Admitted;
use super::http::{Endpoint, era_of};
use super::media::accepts_both_plainly;
use super::session::Bound;
use crate::answer::{Rejection, say_when, status_of_error};
use crate::dispatch::DirectRequest;
use crate::envelope::{Envelope, Message, MessageKind};
use mcp_auth_core::Era;

impl Endpoint {
    /// Whether [`answer_directly`](Self::answer_directly) takes the message: a plain request outside of any session,
    /// whose headers are all there (that they agree with the body has been checked), for an operation that dispatch
    /// answers by itself.
    pub(super) fn is_direct(&self, headers: &HeaderMap, envelope: &Envelope, admitted: &Admitted) -> bool {
        matches!(admitted.bound, Bound::NoSession)
            && envelope.kind == MessageKind::Request
            && envelope.is_plain
            && is_usual(headers, envelope)
            && self.dispatch.is_direct(&admitted.rules, &admitted.permit)
    }

    /// Answers it in this task: when the client goes away, the call is dropped.
    pub(super) async fn answer_directly(&self, envelope: Envelope, admitted: Admitted) -> Response<Body> {
        let (era, declares_tasks) = (envelope.era(), envelope.declares_tasks);
        let (id, meta) = envelope.into_id_and_meta(); // the permit has the message, so the bytes are not needed
        let Some(id) = id else {
            return failed(); // a request has one
        };
        let request = DirectRequest {
            id: id.clone(),
            meta: RequestMetaObject(MetaObject(meta.unwrap_or_default())),
            declares_tasks,
            era,
            undecided: admitted.undecided,
            rules: admitted.rules,
        };
        let answer = tokio::select! {
            biased; // the wish to stop is looked at only where the call waits
            answer = self.dispatch.answer(admitted.permit, request) => answer,
            () = self.cut.cancelled() => return failed(),
        };
        let (status, body) = match answer {
            Ok(result) => {
                let response = JsonRpcResponse { jsonrpc: JsonRpcVersion2_0, id, result };
                (StatusCode::OK, serde_json::to_vec(&response))
            }
            Err(error) => {
                let status = status_of_error(&error, era);
                (status, serde_json::to_vec(&JsonRpcError::new(Some(id), error)))
            }
        };
        let body = match body {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%error, "an answer cannot be written as JSON");
                return failed();
            }
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        say_when(&mut response);
        response
    }
}

fn failed() -> Response<Body> {
    Rejection::Internal.respond_early()
}

/// Whether the headers that its revision asks for are there, in the form nearly every client writes them.
fn is_usual(headers: &HeaderMap, envelope: &Envelope) -> bool {
    let of_its_revision = match envelope.protocol_version.as_deref() {
        // Before 2026-07-28 the body says nothing of its revision, and the header may be absent: 2025-03-26.
        None => era_of(headers) == Era::Sessions,
        Some(version) => {
            version == ProtocolVersion::V_2026_07_28.as_str()
                && envelope.declares_capabilities
                && has_modern_headers(headers, &envelope.message)
        }
    };
    of_its_revision
        && headers.get(CONTENT_TYPE).is_some_and(|value| value == "application/json")
        && accepts_both_plainly(headers)
}

fn has_modern_headers(headers: &HeaderMap, message: &Message) -> bool {
    let version = headers.get("mcp-protocol-version");
    let named = |name: &HeaderValue| !name.as_bytes().starts_with(b"=?");
    version.is_some_and(|version| version == ProtocolVersion::V_2026_07_28.as_str())
        && headers.contains_key("mcp-method")
        && (!matches!(message, Message::Tool { .. }) || headers.get("mcp-name").is_some_and(named))
}
