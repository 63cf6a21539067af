//! The decision: one message and one identity in, a [`Permit`] or the reason against it out. Pure: no I/O,
//! no HTTP, no clock.

use std::sync::Arc;

use mcp_auth_core::{Hierarchy, Scope, ScopeSet};

use super::permit::Permit;
use super::tasks::Tasks;
use crate::authn::{Identity, Principal};
use crate::declared::registry::{OperationId, Registry};
use crate::declared::{Kind, Rule};
use crate::envelope::{Message, Reference};

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
        /// What kind of thing the message meant.
        kind: Kind,
        /// What the message named.
        name: String,
    },
}

/// One declaration that a message names, or would name if it existed.
struct Part<'a> {
    kind: Kind,
    name: &'a str,
    id: Option<OperationId>,
}

/// What one message comes down to in "every message has a rule": the rules of all it names, the first
/// being what is called. Nothing named: `auth.connect`.
type Parts<'a> = Vec<Part<'a>>;

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
    fn parts<'a>(&self, message: &'a Message, identity: &Identity) -> Parts<'a> {
        let registry = &self.registry;
        let resource = |uri: &'a str| Part { kind: Kind::Resource, name: uri, id: registry.resource(uri) };
        let prompt = |name: &'a str| Part { kind: Kind::Prompt, name, id: registry.prompt(name) };
        let tool = |name: &'a str| Part { kind: Kind::Tool, name, id: registry.tool(name) };
        let (mut named, method) = match message {
            Message::Tool { name, .. } => (vec![tool(name)], None),
            Message::Prompt { name, .. } => (vec![prompt(name)], None),
            Message::Resource { uri } => (vec![resource(uri)], None),
            Message::Complete { reference: Reference::Prompt(name), .. } => {
                (vec![prompt(name)], Some("completion/complete"))
            }
            Message::Complete { reference: Reference::Resource(uri), .. } => {
                let id = registry.resource_template(uri).or_else(|| registry.resource(uri));
                (vec![Part { id, ..resource(uri) }], Some("completion/complete"))
            }
            Message::Subscribe { uri } => (vec![resource(uri)], Some("resources/subscribe")),
            Message::Unsubscribe { uri } => (vec![resource(uri)], Some("resources/unsubscribe")),
            Message::Listen { uris } => {
                (uris.iter().map(|uri| resource(uri)).collect(), Some("subscriptions/listen"))
            }
            // Nobody answers it: whose the task is does not matter then.
            Message::Task { method, .. } if registry.method(method).is_none() => {
                (vec![Part { kind: Kind::Method, name: method, id: None }], None)
            }
            Message::Task { method, task_id } => {
                let id = self.tasks.operation_of(task_id, identity);
                (vec![Part { kind: Kind::Task, name: task_id, id }], Some(method.as_str()))
            }
            Message::Other { method } => (Vec::new(), Some(method.as_str())),
            Message::Initialize { .. } | Message::Reply | Message::HttpMethod { .. } => (Vec::new(), None),
        };
        // And, where the server declares `#[method]` for it, that declaration's own rule.
        if let Some(name) = method
            && let id @ Some(_) = registry.method(name)
        {
            named.push(Part { kind: Kind::Method, name, id });
        }
        named
    }

    /// Allows `message` for `identity`, or says what is missing.
    ///
    /// # Errors
    /// [`Denied`], with everything a challenge needs.
    pub fn decide(&self, message: &Arc<Message>, identity: &Identity) -> Result<Permit, Denied> {
        let permit = |id| Permit::new(Arc::clone(message), id, identity.clone());
        let rule = self.parts(message, identity);
        if rule.is_empty() {
            return match (self.connect, identity) {
                (Connect::Authenticated, Identity::Anonymous) => Err(self.unauthenticated(&[])),
                _ => Ok(permit(None)),
            };
        }
        let token = identity.principal();
        // With `visibility = "granted"` there is no difference between what is not there and what is hidden.
        let hides = self.visibility == Visibility::Granted && token.is_some();
        let is_known = |part: &&Part<'_>| part.id.is_some_and(|id| !hides || self.satisfied(id, token));
        if let Some(unknown) = rule.iter().find(|part| !is_known(part)) {
            return Err(self.unknown(unknown.kind, unknown.name, identity));
        }
        let ids: Vec<OperationId> = rule.iter().filter_map(|part| part.id).collect();
        if ids.iter().all(|id| self.satisfied(*id, token)) {
            return Ok(permit(ids.first().copied()));
        }
        match token {
            None => Err(self.unauthenticated(&ids)),
            Some(token) => {
                Err(Denied::InsufficientScope { required: self.required(&ids), held: self.held(token) })
            }
        }
    }

    /// What a challenge for `message` names: its own scopes and `auth.base_scopes`.
    pub fn challenge_scopes(&self, message: &Message) -> ScopeSet {
        let rule = self.parts(message, &Identity::Anonymous);
        let ids: Option<Vec<OperationId>> = rule.iter().map(|part| part.id).collect();
        self.first_challenge(&ids.unwrap_or_default())
    }

    /// What `message` needs, where a declaration says so.
    pub fn rule(&self, message: &Message, identity: &Identity) -> Option<&Rule> {
        let id = self.parts(message, identity).first()?.id?;
        Some(&self.registry.get(id).rule)
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
            (Identity::Known(_), Visibility::All) => true,
            (Identity::Known(token), Visibility::Granted) => self.satisfied(id, Some(token)),
        }
    }

    /// Whether lists show every operation to every verified caller.
    pub fn shows_all(&self) -> bool {
        self.visibility == Visibility::All
    }

    /// Whether what lists show depends on who asks.
    pub fn lists_depend_on_caller(&self) -> bool {
        !self.registry.is_public()
    }

    fn satisfied(&self, id: OperationId, token: Option<&Principal>) -> bool {
        match (&self.registry.get(id).rule, token) {
            (Rule::Public, _) | (Rule::Authenticated, Some(_)) => true,
            (Rule::All(all), Some(token)) => all.iter().all(|scope| self.holds(token, scope)),
            (Rule::Any(any), Some(token)) => any.iter().any(|scope| self.holds(token, scope)),
            (Rule::Authenticated | Rule::All(_) | Rule::Any(_), None) => false,
        }
    }

    fn holds(&self, token: &Principal, scope: &Scope) -> bool {
        self.hierarchy.satisfies(token.scopes(), scope.as_str())
    }

    fn required(&self, ids: &[OperationId]) -> ScopeSet {
        ids.iter().flat_map(|id| self.registry.get(*id).rule.challenge_scopes()).collect()
    }

    fn held(&self, token: &Principal) -> ScopeSet {
        self.declared.iter().filter(|scope| token.scopes().contains(scope.as_str())).cloned().collect()
    }

    /// With `visibility = "granted"` the base scopes only: the others would say that the operation exists.
    fn first_challenge(&self, ids: &[OperationId]) -> ScopeSet {
        let mut scopes = match self.visibility {
            Visibility::All => self.required(ids),
            Visibility::Granted => ScopeSet::new(),
        };
        scopes.extend(self.base_scopes.iter().cloned());
        scopes
    }

    fn unauthenticated(&self, ids: &[OperationId]) -> Denied {
        Denied::Unauthenticated { scopes: self.first_challenge(ids) }
    }

    /// An unknown operation is nobody's business before authentication: anonymous callers get the same
    /// answer for what exists and what does not, unless everything they may do is in the open anyway.
    fn unknown(&self, kind: Kind, name: &str, identity: &Identity) -> Denied {
        match identity {
            Identity::Anonymous if !self.registry.is_public() => self.unauthenticated(&[]),
            _ => Denied::Unknown { kind, name: name.to_owned() },
        }
    }
}

#[cfg(test)]
mod tests;
