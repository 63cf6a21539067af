//! The spans of a request, and of the developer's method that it runs: all events in them say for which request they are, and
//! those of the method also of which call, and for whom.

use std::fmt;

use mcp_auth_core::seen::head;
use rmcp::model::RequestId;
use tracing::Span;

use super::audit::{LONGEST, named};
use super::placed::Placed;
use super::request_id::RequestId as PlacedId;
use crate::authn::Identity;
use crate::envelope::Message;

/// The targets of the spans; filter on them to keep or drop them.
const TARGET: &str = "mcp_auth::call";
const REQUEST: &str = "mcp_auth::request";

/// The span of one request. Its level is `error`, as that of a call is.
pub(super) fn of_request(id: &PlacedId) -> Span {
    tracing::error_span!(target: REQUEST, "request", request_id = id.as_str())
}

/// The span of one call. It has the audit's words, `operation` and `name` as one, because JSON calls the span itself `name`.
/// What clients chose is escaped and cut as there.
///
/// Its level is `error`, so that it is there for an event of any level that is written. Where none is, there is no span.
///
/// It stands in the span of its request: in that of `placed` where it runs in another task than the request came by.
pub(crate) fn of_call(
    id: &RequestId,
    message: &Message,
    identity: &Identity,
    placed: Option<&Placed>,
) -> Span {
    let (operation, name) = named(message);
    let caller = identity.principal();
    let current = Span::current();
    let around = placed.map(Placed::span).filter(|span| !span.is_disabled()).unwrap_or(&current);
    tracing::error_span!(
        target: TARGET, parent: around, "call",
        jsonrpc_id = ?Id(id),
        operation = ?[head(operation, LONGEST), head(name, LONGEST)].join(" ").trim_end(),
        issuer = caller.map(|caller| caller.issuer()),
        subject = caller.map(|caller| tracing::field::debug(caller.subject())),
        client_id = caller.and_then(|caller| caller.client_id()).map(tracing::field::debug),
    )
}

/// A JSON-RPC id, as JSON writes it.
struct Id<'a>(&'a RequestId);

impl fmt::Debug for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            RequestId::Number(number) => write!(f, "{number}"),
            RequestId::String(text) => write!(f, "{:?}", head(text, LONGEST)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::support::{logged, logged_at};
    use super::*;
    use crate::authn::holder;

    fn event_of(id: RequestId, name: &str, identity: &Identity) {
        let message = Message::Tool { name: name.to_owned(), arguments: None };
        of_call(&id, &message, identity, None).in_scope(|| tracing::warn!("a tool says so"));
    }

    #[test]
    fn event_of_a_tool_names_its_request_operation_and_caller() {
        let log = logged(|| event_of(RequestId::Number(7), "add", &holder("read")));
        let span = "call{jsonrpc_id=7 operation=\"tools/call add\" issuer=";
        assert!(log.contains(span) && log.contains("subject=\"alice\""), "{log}");
        let anonymous = logged(|| event_of(RequestId::Number(7), "add", &Identity::Anonymous));
        assert!(anonymous.contains("operation=\"tools/call add\"}: "), "{anonymous}");
    }

    #[test]
    fn event_of_a_tool_stands_in_its_request_in_another_task_too() {
        let said = "request{request_id=\"r-1\"}:call{jsonrpc_id=7 ";
        let message = Message::Other { method: "x".to_owned() };
        let event = |placed: Option<&Placed>| {
            let call = of_call(&RequestId::Number(7), &message, &Identity::Anonymous, placed);
            call.in_scope(|| tracing::warn!("a tool says so"));
        };
        let placed = || Placed::new(PlacedId::read(b"r-1").unwrap());
        let same = logged(|| placed().span().in_scope(|| event(None)));
        assert!(same.contains(said), "{same}");
        let other = logged(|| event(Some(&placed())));
        assert!(other.contains(said), "{other}");
    }

    #[test]
    fn what_a_client_chose_is_escaped_and_short_there_too() {
        let evil = format!("x\n2026-01-01T00:00:00Z  INFO mcp_auth::audit: {}", "y".repeat(60_000));
        let log = logged(|| event_of(RequestId::String(Arc::from(&*evil)), &evil, &Identity::Anonymous));
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.len() < 2_000, "{}", log.len());
    }

    #[test]
    fn span_is_there_for_every_level_that_is_written_and_for_none_there_is_none() {
        let is_none = || {
            let message = Message::Tool { name: "add".to_owned(), arguments: None };
            of_call(&RequestId::Number(7), &message, &Identity::Anonymous, None).is_disabled()
        };
        for level in ["trace", "info", "warn", "error"] {
            logged_at(level, || assert!(!is_none(), "{level}"));
        }
        for nothing in ["off", "mcp_auth::audit=info"] {
            logged_at(nothing, || assert!(is_none(), "{nothing}"));
        }
    }
}
