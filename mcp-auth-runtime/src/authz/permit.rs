//! The proof that policy allowed one message. Only [`Policy::decide`](super::Policy::decide) makes one; where a guard is asked
//! besides, `Policy::settle` gives it out.

use std::sync::Arc;

use mcp_auth_core::Hierarchy;

use super::named::{Named, Ran, Variables};
use super::need::Need;
use crate::authn::{Caller, Identity};
use crate::declared::filling::FilledScopes;
use crate::declared::registry::OperationId;
use crate::envelope::Message;

/// A message that policy allowed, and whom it allowed it. Dispatch calls nothing without one, and only what
/// it names. Cheap to clone: it travels through rmcp in the request's extensions.
#[derive(Debug, Clone)]
pub struct Permit(Arc<Allowed>);

#[derive(Debug, Clone)]
struct Allowed {
    message: Arc<Message>,
    /// The declaration that was decided on; `None` for messages that `auth.connect` rules.
    declared: Option<OperationId>,
    /// What the message needed of its caller.
    need: Option<Arc<Need>>,
    /// What the URI gave the template it matched.
    variables: Option<Arc<Variables>>,
    identity: Identity,
    /// Which scopes count for which.
    hierarchy: Arc<Hierarchy>,
    /// What the call fills into the scopes of the operations that it names.
    filled: Vec<Ran>,
    /// Why no method runs by it.
    unfit: Option<String>,
}

impl Permit {
    pub(super) fn new(
        named: &Named<'_>,
        need: Option<Arc<Need>>,
        identity: Identity,
        hierarchy: &Arc<Hierarchy>,
    ) -> Self {
        Self(Arc::new(Allowed {
            message: Arc::clone(named.message),
            declared: named.ids().next(),
            need,
            variables: named.variables.clone(),
            identity,
            hierarchy: Arc::clone(hierarchy),
            filled: Vec::new(),
            unfit: None,
        }))
    }

    /// The same for a call with a value that fills no scope of its rule: it is answered what is wrong with it, and no method runs.
    pub(super) fn of_unfit(mut self, why: String) -> Self {
        Arc::make_mut(&mut self.0).unfit = Some(why);
        self
    }

    /// The same for a call that fills scopes.
    pub(super) fn of_filled(mut self, filled: Vec<Ran>) -> Self {
        Arc::make_mut(&mut self.0).filled = filled;
        self
    }

    /// What is used by this: these operations, each with what the call fills into its scopes, as often as it does. Of a caller who
    /// may use it whatever is called with, that is not looked at: it is as of a value that nobody knows.
    pub(crate) fn ran(&self, operations: impl IntoIterator<Item = OperationId>) -> impl Iterator<Item = Ran> {
        let runs = self.0.unfit.is_none() && comes_with_values(&self.0.message);
        operations.into_iter().flat_map(move |operation| {
            let of_it = self.0.filled.iter().filter(|ran| ran.operation == operation);
            let mut ran: Vec<Ran> = of_it.cloned().collect();
            if ran.is_empty() {
                ran.push(Ran { operation, filled: runs.then(FilledScopes::new) });
            }
            ran
        })
    }

    /// What is wrong with the call, if no method may run by this.
    pub fn unfit(&self) -> Option<&str> {
        self.0.unfit.as_deref()
    }

    pub(super) fn shared_message(&self) -> &Arc<Message> {
        &self.0.message
    }

    /// What was allowed, as the body said it.
    pub fn message(&self) -> &Message {
        &self.0.message
    }

    /// The declaration that allowed it, if one did.
    pub fn declared(&self) -> Option<OperationId> {
        self.0.declared
    }

    /// What that declaration needed.
    pub fn need(&self) -> Option<&Need> {
        self.0.need.as_deref()
    }

    /// The variables of the URI that was allowed; empty for a fixed URI and for a message without one.
    pub fn variables(&self) -> Variables {
        self.0.variables.as_deref().cloned().unwrap_or_default()
    }

    /// Who may do it.
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// The caller a tool sees; `None` for anonymous callers of public operations.
    pub fn caller(&self) -> Option<Caller> {
        self.0.identity.caller(&self.0.hierarchy)
    }
}

/// Whether a method runs with the values of such a message, or what it names is delivered afterwards. A client completes values before
/// it has them, and what it unsubscribes from brings nothing.
fn comes_with_values(message: &Message) -> bool {
    !matches!(message, Message::Complete { .. } | Message::Unsubscribe { .. })
}
