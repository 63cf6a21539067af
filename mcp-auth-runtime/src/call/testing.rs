//! Calls for unit tests, of either protocol era.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use rmcp::model::{NumberOrString, ProtocolVersion};
use rmcp::service::{RequestContext, RoleServer, serve_directly};
use serde_json::Value;

use super::Call;
use crate::authn::{Caller, VerifiedToken};
use crate::authz::ScopeSet;

struct Silent;
impl rmcp::ServerHandler for Silent {}

/// A call of `name` at `version`, by nobody.
pub(crate) fn call(name: &str, version: ProtocolVersion) -> Call {
    // A peer is made by serving only; this one's other end is never read.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let peer = runtime.block_on(async {
        let (ours, _theirs) = tokio::io::duplex(64);
        serve_directly::<RoleServer, _, _, std::io::Error, _>(Silent, ours, None)
            .peer()
            .clone()
    });
    let mut context = RequestContext::new(NumberOrString::Number(7), peer);
    context.meta.set_protocol_version(version);
    Call::new(name, context)
}

/// A 2026-07-28 call of `name` with `arguments`, by nobody.
pub(crate) fn call_with(name: &str, arguments: Value) -> Call {
    let mut call = call(name, ProtocolVersion::V_2026_07_28);
    call.arguments = arguments.as_object().cloned();
    call
}

/// The local caller, who holds `scopes` and has no claims.
pub(crate) fn caller(scopes: &str) -> Caller {
    Caller::new(Arc::new(VerifiedToken::local(ScopeSet::parse_lossy(scopes))))
}
