//! The decision: one message and one identity in, a [`Permit`] or the reason against it out. Pure: no I/O,
//! no HTTP, no clock.

use std::sync::Arc;

use super::hierarchy::Hierarchy;
use super::permit::Permit;
use super::tasks::Tasks;
use super::{Requirement, Scope, ScopeSet};
use crate::authn::{Identity, VerifiedToken};
use crate::envelope::{Operation, Reference};
use crate::registry::{OperationId, Registry};

/// What `initialize`, lists and every other message without a declaration of its own need (`auth.connect`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connect {
    /// Any verified caller: clients log in when they connect.
    Authenticated,
    /// Nobody in particular: clients log in when a call needs it.
    Anonymous,
}

/// Which operations a caller sees in lists (`auth.visibility`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// All of them, so that clients can step up.
    All,
    /// Those the caller may call; any other answers like an unknown one.
    Granted,
}

/// Everything the decision depends on besides the message and its caller.
#[derive(Debug)]
pub struct Policy {
    registry: Arc<Registry>,
    tasks: Tasks,
    hierarchy: Hierarchy,
    declared: ScopeSet,
    connect: Connect,
    visibility: Visibility,
    base_scopes: ScopeSet,
}

/// Why a message was not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// Nobody in particular asks, and the operation needs somebody (RFC 6750 §3.1: no error code).
    #[error("authentication required")]
    Unauthenticated {
        /// What a token should hold to do what was tried: the operation's scopes and `auth.base_scopes`.
        scopes: ScopeSet,
    },
    /// The caller is known and its token does not hold what the operation needs.
    #[error("missing scope: this needs {required}")]
    InsufficientScope {
        /// All the operation needs, in one challenge.
        required: ScopeSet,
        /// The declared scopes the token holds already; a challenge names them too, because clients before
        /// 2026-07-28 ask for just what is named.
        held: ScopeSet,
    },
    /// No such operation, or none this caller may know of.
    #[error("unknown {kind}: {name}")]
    Unknown {
        /// `tool`, `prompt`, `resource`, `task`.
        kind: &'static str,
        /// What the message named.
        name: String,
    },
}

/// What one message comes down to in "every message has a rule".
enum Rule<'a> {
    /// The requirements of these declarations, all of them. The first is the one that is called.
    Declared(Vec<OperationId>),
    /// `auth.connect`.
    Connect,
    /// It names something that does not exist.
    Unknown { kind: &'static str, name: &'a str },
}

impl Policy {
    /// A policy over what was declared; `hierarchy` says which scopes count for which.
    pub fn new(
        registry: Arc<Registry>,
        hierarchy: Hierarchy,
        connect: Connect,
        visibility: Visibility,
        base_scopes: ScopeSet,
    ) -> Self {
        let mut declared = registry.scopes();
        declared.extend(base_scopes.iter().cloned());
        Self { registry, tasks: Tasks::default(), hierarchy, declared, connect, visibility, base_scopes }
    }

    /// **Every message has a rule**, and all of them stand here.
    fn rule<'a>(&self, operation: &'a Operation, identity: &Identity) -> Rule<'a> {
        let registry = &self.registry;
        match operation {
            Operation::Tool { name, .. } => declared("tool", name, registry.tool(name)),
            Operation::Prompt { name, .. } => declared("prompt", name, registry.prompt(name)),
            Operation::Resource { uri } => declared("resource", uri, registry.resource(uri)),
            Operation::Complete { reference: Reference::Prompt(name), .. } => {
                declared("prompt", name, registry.prompt(name)).and_method(registry, "completion/complete")
            }
            Operation::Complete { reference: Reference::Resource(uri), .. } => {
                let id = registry.resource_template(uri).or_else(|| registry.resource(uri));
                declared("resource", uri, id).and_method(registry, "completion/complete")
            }
            Operation::Subscribe { uri } => {
                declared("resource", uri, registry.resource(uri)).and_method(registry, "resources/subscribe")
            }
            Operation::Unsubscribe { uri } => {
                declared("resource", uri, registry.resource(uri)).and_method(registry, "resources/unsubscribe")
            }
            Operation::Listen { uris } => uris
                .iter()
                .map(|uri| declared("resource", uri, registry.resource(uri)))
                .fold(Rule::Connect, Rule::and)
                .and_method(registry, "subscriptions/listen"),
            // Nobody answers it: whose the task is does not matter then.
            Operation::Task { method, .. } if registry.method(method).is_none() => Rule::Connect,
            Operation::Task { method, task_id } => {
                declared("task", task_id, self.tasks.operation_of(task_id, identity))
                    .and_method(registry, method)
            }
            Operation::Other { method } => Rule::Connect.and_method(registry, method),
            Operation::Initialize { .. } | Operation::Reply => Rule::Connect,
        }
    }

    /// Allows `operation` for `identity`, or says what is missing.
    ///
    /// # Errors
    /// [`Denied`], with everything a challenge needs.
    pub fn decide(&self, operation: &Arc<Operation>, identity: &Identity) -> Result<Permit, Denied> {
        let permit = |id| Permit::new(Arc::clone(operation), id, identity.clone());
        let ids = match self.rule(operation, identity) {
            Rule::Connect => match (self.connect, identity) {
                (Connect::Authenticated, Identity::Anonymous) => return Err(self.unauthenticated(&[])),
                _ => return Ok(permit(None)),
            },
            Rule::Declared(ids) => ids,
            Rule::Unknown { kind, name } => return Err(self.unknown(kind, name, identity)),
        };
        let token = match identity {
            Identity::Verified(token) => Some(token.as_ref()),
            Identity::Anonymous => None,
        };
        if ids.iter().all(|id| self.satisfied(*id, token)) {
            return Ok(permit(ids.first().copied()));
        }
        let Some(token) = token else {
            return Err(self.unauthenticated(&ids));
        };
        if self.visibility == Visibility::Granted {
            let first = self.registry.get(ids[0]);
            return Err(self.unknown(first.kind(), named(operation), identity));
        }
        Err(Denied::InsufficientScope { required: self.required(&ids), held: self.held(token) })
    }

    /// What a challenge for `operation` names: its own scopes and `auth.base_scopes`.
    pub fn challenge_scopes(&self, operation: &Operation) -> ScopeSet {
        match self.rule(operation, &Identity::Anonymous) {
            Rule::Declared(ids) => self.first_challenge(&ids),
            Rule::Connect | Rule::Unknown { .. } => self.base_scopes.clone(),
        }
    }

    /// What `operation` needs, where a declaration says so.
    pub fn requirement(&self, operation: &Operation, identity: &Identity) -> Option<&Requirement> {
        match self.rule(operation, identity) {
            Rule::Declared(ids) => ids.first().map(|id| &self.registry.get(*id).requirement),
            Rule::Connect | Rule::Unknown { .. } => None,
        }
    }

    /// `auth.base_scopes`: what a challenge names when the message could not be read.
    pub fn base_scopes(&self) -> &ScopeSet {
        &self.base_scopes
    }

    /// `auth.connect`.
    pub fn connect(&self) -> Connect {
        self.connect
    }

    /// What was declared.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The tasks and their callers.
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Whether lists show the operation to `identity`.
    pub fn shows(&self, id: OperationId, identity: &Identity) -> bool {
        match (identity, self.visibility) {
            (Identity::Anonymous, _) => self.satisfied(id, None),
            (Identity::Verified(_), Visibility::All) => true,
            (Identity::Verified(token), Visibility::Granted) => self.satisfied(id, Some(token)),
        }
    }

    /// Whether what lists show depends on who asks.
    pub fn lists_depend_on_caller(&self) -> bool {
        !self.registry.is_public()
    }

    fn satisfied(&self, id: OperationId, token: Option<&VerifiedToken>) -> bool {
        match (&self.registry.get(id).requirement, token) {
            (Requirement::Public, _) | (Requirement::Authenticated, Some(_)) => true,
            (Requirement::All(all), Some(token)) => all.iter().all(|scope| self.holds(token, scope)),
            (Requirement::Any(any), Some(token)) => any.iter().any(|scope| self.holds(token, scope)),
            (Requirement::Authenticated | Requirement::All(_) | Requirement::Any(_), None) => false,
        }
    }

    fn holds(&self, token: &VerifiedToken, scope: &Scope) -> bool {
        self.hierarchy.satisfies(token.scopes(), scope.as_str())
    }

    fn required(&self, ids: &[OperationId]) -> ScopeSet {
        ids.iter().flat_map(|id| self.registry.get(*id).requirement.challenge_scopes()).collect()
    }

    fn held(&self, token: &VerifiedToken) -> ScopeSet {
        self.declared.iter().filter(|scope| token.scopes().contains(scope.as_str())).cloned().collect()
    }

    fn first_challenge(&self, ids: &[OperationId]) -> ScopeSet {
        let mut scopes = self.required(ids);
        scopes.extend(self.base_scopes.iter().cloned());
        scopes
    }

    fn unauthenticated(&self, ids: &[OperationId]) -> Denied {
        Denied::Unauthenticated { scopes: self.first_challenge(ids) }
    }

    /// An unknown operation is nobody's business before authentication: anonymous callers get the same
    /// answer for what exists and what does not, unless everything they may do is in the open anyway.
    fn unknown(&self, kind: &'static str, name: &str, identity: &Identity) -> Denied {
        match identity {
            Identity::Anonymous if !self.registry.is_public() => self.unauthenticated(&[]),
            _ => Denied::Unknown { kind, name: name.to_owned() },
        }
    }
}

fn declared<'a>(kind: &'static str, name: &'a str, id: Option<OperationId>) -> Rule<'a> {
    id.map_or(Rule::Unknown { kind, name }, |id| Rule::Declared(vec![id]))
}

impl<'a> Rule<'a> {
    /// Both rules: an unknown part makes the whole unknown, a declared part outranks `auth.connect`.
    fn and(self, other: Rule<'a>) -> Rule<'a> {
        match (self, other) {
            (unknown @ Rule::Unknown { .. }, _) | (_, unknown @ Rule::Unknown { .. }) => unknown,
            (Rule::Connect, rule) | (rule, Rule::Connect) => rule,
            (Rule::Declared(mut ids), Rule::Declared(more)) => {
                ids.extend(more);
                Rule::Declared(ids)
            }
        }
    }

    /// And, where the server declares `#[method]` for it, that declaration's own rule.
    fn and_method(self, registry: &Registry, method: &str) -> Rule<'a> {
        match registry.method(method) {
            Some(id) => self.and(Rule::Declared(vec![id])),
            None => self,
        }
    }
}

/// What the message named, for the answer to an unknown operation.
fn named(operation: &Operation) -> &str {
    match operation {
        Operation::Tool { name, .. } | Operation::Prompt { name, .. } => name,
        Operation::Resource { uri } | Operation::Subscribe { uri } | Operation::Unsubscribe { uri } => uri,
        Operation::Complete { reference: Reference::Prompt(name) | Reference::Resource(name), .. } => name,
        Operation::Listen { uris } => uris.first().map_or("", String::as_str),
        Operation::Task { task_id, .. } => task_id,
        Operation::Other { method } => method,
        Operation::Initialize { .. } => "initialize",
        Operation::Reply => "",
    }
}

#[cfg(test)]
mod tests;
