//! Calls for unit tests, of either protocol era.

use std::sync::Arc;

use rmcp::model::{NumberOrString, ProtocolVersion};
use rmcp::service::{RequestContext, RoleServer, serve_directly};
use serde_json::Value;

use super::Call;
use crate::authn::{Caller, holder};

struct Silent;
impl rmcp::ServerHandler for Silent {}

/// A request's context, its peer's other end never read. A peer is made by serving only.
pub(crate) async fn context() -> RequestContext<RoleServer> {
    let (ours, _theirs) = tokio::io::duplex(64);
    let running = serve_directly::<RoleServer, _, _, std::io::Error, _>(Silent, ours, None);
    RequestContext::new(NumberOrString::Number(7), running.peer().clone())
}

/// A call of `name` at `version`, by an anonymous caller.
pub(crate) fn call(name: &str, version: ProtocolVersion) -> Call {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut context = runtime.block_on(context());
    context.meta.set_protocol_version(version);
    Call::new(name, context)
}

/// A 2026-07-28 call of `name` with `arguments`, by an anonymous caller.
pub(crate) fn call_with(name: &str, arguments: Value) -> Call {
    let mut call = call(name, ProtocolVersion::V_2026_07_28);
    call.arguments = arguments.as_object().cloned();
    call
}

/// A caller who holds `scopes` and has no claims.
pub(crate) fn caller(scopes: &str) -> Caller {
    holder(scopes).caller(&Arc::default()).unwrap()
}
