//! Whether a request's permit is for what rmcp read of it.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::Reference as RmcpReference;
use rmcp::service::{RequestContext, RoleServer};
use rmcp::transport::streamable_http_server::session::SessionRestoreMarker;

use super::rulebook::Rules;
use crate::answer::Rejection;
use crate::authz::Permit;
use crate::call::KeptByCall;
use crate::envelope::{Message, Reference};
use crate::observe::placed::Placed;
use crate::observe::undecided::Undecided;

/// The permit of a request, if it is for what rmcp read.
pub(super) fn permit(
    context: &RequestContext<RoleServer>,
    is_it: impl FnOnce(&Message) -> bool,
) -> Result<Permit, ErrorData> {
    match permit_of(context) {
        Some(permit) if is_it(permit.message()) => Ok(permit.clone()),
        found => {
            tracing::error!(
                permit = ?found.map(Permit::message),
                "refused a message without its own permit; this is a bug in the gate"
            );
            Err(Rejection::NoPermit.error_data())
        }
    }
}

/// The same for a message that its method says all about.
pub(super) fn permit_for(context: &RequestContext<RoleServer>, method: &str) -> Result<Permit, ErrorData> {
    permit(context, |message| matches!(message, Message::Other { method: m } if m == method))
}

/// Where the gate put the permit: over HTTP into the request's parts, on stdio beside them.
fn permit_of(context: &RequestContext<RoleServer>) -> Option<&Permit> {
    let over_http = context.extensions.get::<http::request::Parts>();
    context
        .extensions
        .get::<Permit>()
        .or_else(|| over_http.and_then(|parts| parts.extensions.get::<Permit>()))
}

/// By what it was decided, from where the permit is.
pub(super) fn rules(context: &RequestContext<RoleServer>) -> Option<Arc<Rules>> {
    let over_http = context.extensions.get::<http::request::Parts>();
    let beside = context.extensions.get::<Arc<Rules>>();
    beside.or_else(|| over_http.and_then(|parts| parts.extensions.get())).cloned()
}

/// The audit of a request that waits for the method's say, from where the permit is.
pub(super) fn undecided(context: &RequestContext<RoleServer>) -> Option<Arc<Undecided>> {
    let over_http = context.extensions.get::<http::request::Parts>();
    let beside = context.extensions.get::<Arc<Undecided>>();
    beside.or_else(|| over_http.and_then(|parts| parts.extensions.get())).cloned()
}

/// As which request it came, from where the permit is.
pub(super) fn placed(context: &RequestContext<RoleServer>) -> Option<Placed> {
    let over_http = context.extensions.get::<http::request::Parts>();
    let beside = context.extensions.get::<Placed>();
    beside.or_else(|| over_http.and_then(|parts| parts.extensions.get())).cloned()
}

/// What a request over HTTP holds until its method has ended.
pub(super) fn kept(context: &RequestContext<RoleServer>) -> Option<KeptByCall> {
    context.extensions.get::<http::request::Parts>()?.extensions.get().cloned()
}

/// A restored session replays `initialize` under the permit of the request that restored it.
pub(super) fn is_session_restore(context: &RequestContext<RoleServer>) -> bool {
    context.extensions.get::<SessionRestoreMarker>().is_some()
}

/// Whether it is `method` about the task `id`.
pub(super) fn is_task(message: &Message, method: &str, id: &str) -> bool {
    matches!(message, Message::Task { method: m, task_id } if m == method && task_id == id)
}

/// Whether both refer to the same prompt or resource.
pub(super) fn refers_to(rmcp: &RmcpReference, decided: &Reference) -> bool {
    match (rmcp, decided) {
        (RmcpReference::Prompt(prompt), Reference::Prompt(name)) => prompt.name == *name,
        (RmcpReference::Resource(resource), Reference::Resource(uri)) => resource.uri == *uri,
        _ => false,
    }
}
