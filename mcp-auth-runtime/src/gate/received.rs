//! One message as a transport read it: all that the gate decides on.

use std::sync::Arc;

use super::session::Session;
use crate::answer::Rejection;
use crate::authz::Denied;
use crate::envelope::{Envelope, Message, MessageKind};
use crate::observe::placed::Arrival;
use crate::owned::{ShareKind, Shares};
use mcp_auth_core::Era;

/// One message as a transport read it.
pub(super) struct Received<'a> {
    pub(super) message: Arc<Message>,
    /// What else the body says; `None` for an HTTP request that has none.
    envelope: Option<&'a Envelope>,
    /// Why the transport refuses it: headers that contradict the body, or an HTTP method that is not served. On stdio,
    /// a revision that is not served.
    pub(super) objection: Option<Rejection>,
    /// Where it has to find a place, and as what.
    pub(super) wants: Option<(&'a Arc<Shares>, ShareKind)>,
    /// The session it opens or belongs to.
    pub(super) session: Option<Session<'a>>,
    /// As which request it comes, and from where, for the audit.
    pub(super) arrival: Arrival,
}

impl<'a> Received<'a> {
    /// A message, so far with nothing against it and without a session.
    pub(super) fn new(envelope: &'a Envelope) -> Self {
        let message = Arc::clone(&envelope.message);
        Self {
            message,
            envelope: Some(envelope),
            objection: None,
            wants: None,
            session: None,
            arrival: Arrival::default(),
        }
    }

    /// An HTTP request of another method than POST.
    pub(super) fn without_body(method: &str) -> Self {
        let message = Arc::new(Message::HttpMethod { method: method.to_owned() });
        Self {
            message,
            envelope: None,
            objection: None,
            wants: None,
            session: None,
            arrival: Arrival::default(),
        }
    }

    /// The same, which came like this.
    pub(super) fn arriving(self, arrival: Arrival) -> Self {
        Self { arrival, ..self }
    }

    /// Whether it waits for an answer.
    pub(super) fn is_request(&self) -> bool {
        self.envelope.is_some_and(|envelope| envelope.kind == MessageKind::Request)
    }

    /// The answer to a message whose revision no longer has its method (SEP-2575), with any params.
    pub(super) fn removed(&self) -> Option<Rejection> {
        let envelope = self.envelope.filter(|envelope| envelope.removed)?;
        let method = envelope.method.clone().unwrap_or_default();
        Some(Rejection::UnknownMethod { method, era: Era::Stateless })
    }

    /// The answer to it, denied.
    pub(super) fn denied(&self, denied: &Denied) -> Rejection {
        Rejection::of(denied, self.envelope)
    }
}
