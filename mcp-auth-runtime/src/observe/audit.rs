//! One event per decision, allowed and denied alike, with the same fields, under the target `mcp_auth::audit`.
//! What clients chose is written with `Debug`, which escapes control characters: nobody forges a line.

use crate::authn::Identity;
use crate::authz::Requirement;
use crate::envelope::Operation;

/// The target every audit event has; filter on it to keep or drop them.
pub const TARGET: &str = "mcp_auth::audit";

/// What was decided, about what, for whom.
pub struct Decision<'a> {
    /// What the message asked for; `None` when it could not be read.
    pub operation: Option<&'a Operation>,
    /// Who asked; `None` when the token was refused.
    pub identity: Option<&'a Identity>,
    /// What the operation needs.
    pub needed: Option<&'a Requirement>,
    /// Why it was refused; `None` when it was allowed.
    pub refusal: Option<&'a dyn std::fmt::Display>,
}

impl Decision<'_> {
    /// Writes the event: at `info` when allowed, at `warn` when denied.
    pub fn record(&self) {
        let (operation, name) = self.operation.map_or(("unreadable", ""), named);
        let token = match self.identity {
            Some(Identity::Verified(token)) => Some(token),
            _ => None,
        };
        let issuer = token.map(|token| token.issuer());
        let subject = token.map(|token| token.subject());
        let client_id = token.and_then(|token| token.client_id());
        let held = token.map(|token| tracing::field::display(token.scopes()));
        let needed = self.needed.map(tracing::field::display);
        match self.refusal {
            None => tracing::info!(
                target: TARGET, decision = "allow", operation, name = ?name,
                issuer, subject = ?subject, client_id = ?client_id, needed, held,
            ),
            Some(reason) => tracing::warn!(
                target: TARGET, decision = "deny", operation, name = ?name,
                issuer, subject = ?subject, client_id = ?client_id, needed, held, reason = ?reason.to_string(),
            ),
        }
    }
}

/// The operation's kind (or method) and what it names.
fn named(operation: &Operation) -> (&str, &str) {
    match operation {
        Operation::Tool { name, .. } => ("tools/call", name),
        Operation::Prompt { name, .. } => ("prompts/get", name),
        Operation::Resource { uri } => ("resources/read", uri),
        Operation::Complete { .. } => ("completion/complete", ""),
        Operation::Subscribe { uri } => ("resources/subscribe", uri),
        Operation::Unsubscribe { uri } => ("resources/unsubscribe", uri),
        Operation::Listen { .. } => ("subscriptions/listen", ""),
        Operation::Task { method, task_id } => (method, task_id),
        Operation::Initialize { .. } => ("initialize", ""),
        Operation::Other { method } => ("other", method),
        Operation::Reply => ("reply", ""),
    }
}
