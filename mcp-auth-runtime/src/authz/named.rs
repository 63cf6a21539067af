//! What a message names, looked up before it is decided on: declared operations, the one that made a task, the
//! variables of a URI.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::declared::Kind;
use crate::declared::filling::FilledScopes;
use crate::declared::registry::{OperationId, Registry};
use crate::envelope::{Message, Reference};

/// The variables that a URI gives the template it matches, percent-decoded.
pub(crate) type Variables = HashMap<String, String>;

/// A message with what it names. What is called comes first; where nothing is named, `auth.connect` rules.
#[derive(Debug)]
pub struct Named<'m> {
    pub(super) message: &'m Arc<Message>,
    pub(super) parts: Vec<Part<'m>>,
    pub(super) variables: Option<Arc<Variables>>,
    /// Of a task, what the call that made it filled into scopes.
    pub(super) filled: FilledScopes,
}

/// The requests that are answered without a declaration, besides `initialize`.
const ANSWERED: [&str; 6] =
    ["ping", "server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list"];

/// What a message used, and left something that is read later, such as a task: the operation, and what its call filled into scopes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ran {
    /// The operation.
    pub operation: OperationId,
    /// Each template of its rule with the scope that the call made of it; `None` where no method ran with a value, so that what is
    /// read tells of none.
    pub filled: Option<BTreeMap<String, String>>,
}

/// One operation that a message names, or would name if it existed.
#[derive(Debug)]
pub(super) struct Part<'m> {
    pub(super) kind: Kind,
    pub(super) name: &'m str,
    pub(super) id: Option<OperationId>,
}

impl<'m> Named<'m> {
    /// **Every message has a rule**, and all of them stand here. `task` says what made a task of the caller's.
    pub fn of(
        message: &'m Arc<Message>,
        registry: &Registry,
        task: impl FnOnce(&str) -> Option<Ran>,
    ) -> Self {
        let (mut variables, mut filled) = (None, BTreeMap::new());
        let mut resource = |uri: &'m str| {
            let found = registry.resource_and_variables(uri);
            let id = found.map(|(id, matched)| {
                variables = Some(matched).filter(|matched| !matched.is_empty());
                id
            });
            Part { kind: Kind::Resource, name: uri, id }
        };
        let prompt = |name: &'m str| Part { kind: Kind::Prompt, name, id: registry.prompt(name) };
        let mut parts = match &**message {
            Message::Tool { name, .. } => {
                vec![Part { kind: Kind::Tool, name, id: registry.tool(name) }]
            }
            Message::Prompt { name, .. } => vec![prompt(name)],
            Message::Resource { uri } => vec![resource(uri)],
            Message::Complete { reference: Reference::Prompt(name), .. } => vec![prompt(name)],
            Message::Complete { reference: Reference::Resource(uri), .. } => {
                vec![match registry.resource_template(uri) {
                    None => resource(uri),
                    id => Part { kind: Kind::Resource, name: uri, id },
                }]
            }
            Message::Subscribe { uri } | Message::Unsubscribe { uri } => vec![resource(uri)],
            Message::Listen { uris } => uris.iter().map(|uri| resource(uri)).collect(),
            // No operation answers it, so the owner of the task does not matter.
            Message::Task { method, .. } if registry.method(method).is_none() => {
                vec![Part { kind: Kind::Method, name: method, id: None }]
            }
            Message::Task { task_id, .. } => {
                let made = task(task_id);
                let id = made.map(|made| {
                    filled = made.filled.unwrap_or_default();
                    made.operation
                });
                vec![Part { kind: Kind::Task, name: task_id, id }]
            }
            Message::Other { .. }
            | Message::Initialize { .. }
            | Message::Reply
            | Message::HttpMethod { .. } => Vec::new(),
        };
        // And, where the server declares `#[method]` for it, that declaration's own rule.
        if let Some(name) = method_of(message)
            && let id @ Some(_) = registry.method(name)
        {
            parts.push(Part { kind: Kind::Method, name, id });
        }
        Self { message, parts, variables: variables.map(Arc::new), filled }
    }

    /// The same for a request, which waits for an answer: a method that nothing here answers is an operation that does not
    /// exist. (Notifications need not be known.)
    pub(crate) fn of_request(message: &'m Arc<Message>, registry: &Registry, task: Option<Ran>) -> Self {
        let mut named = Self::of(message, registry, |_| task);
        if let Some(name) = method_of(message)
            && !ANSWERED.contains(&name)
            && !named.parts.iter().any(|part| part.kind == Kind::Method)
        {
            named.parts.push(Part { kind: Kind::Method, name, id: None });
        }
        named
    }

    /// The message that was read.
    pub fn message(&self) -> &'m Message {
        self.message
    }

    /// The operations, as far as they exist.
    pub(crate) fn ids(&self) -> impl Iterator<Item = OperationId> {
        self.parts.iter().filter_map(|part| part.id)
    }
}

/// The method of a message that `#[method]` may declare; `None` for those that have kinds of their own.
fn method_of(message: &Message) -> Option<&str> {
    match message {
        Message::Complete { .. } => Some("completion/complete"),
        Message::Subscribe { .. } => Some("resources/subscribe"),
        Message::Unsubscribe { .. } => Some("resources/unsubscribe"),
        Message::Listen { .. } => Some("subscriptions/listen"),
        Message::Task { method, .. } | Message::Other { method } => Some(method),
        Message::Tool { .. }
        | Message::Prompt { .. }
        | Message::Resource { .. }
        | Message::Initialize { .. }
        | Message::Reply
        | Message::HttpMethod { .. } => None,
    }
}
