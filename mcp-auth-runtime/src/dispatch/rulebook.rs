//! What a message is decided by, and how a tool is called that was added at run time: one value, which every request takes as it is
//! when the request comes. Whoever adds or removes a tool puts another value in its place.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use mcp_auth_store::StoreError;
use tokio::sync::watch;

use crate::authn::Identity;
use crate::authz::{Decision, Denied, Guards, Named, Permit, Policy, Ran, UNDECIDED, Verdict};
use crate::call::added::AddedRoute;
use crate::declared::registry::{OperationId, Registry};
use crate::envelope::Message;
use crate::owned::Tasks;

/// What messages are decided by. Shared by the gate, which asks, and dispatch, which calls and lists.
#[derive(Debug)]
pub(crate) struct Rulebook {
    now: RwLock<Arc<Rules>>,
    tasks: Tasks,
    /// How often the tools changed.
    changes: watch::Sender<u64>,
}

/// What one message is decided by.
#[derive(Debug)]
pub(crate) struct Rules {
    registry: Registry,
    policy: Policy,
    /// How each tool is called that was added at run time.
    added: HashMap<OperationId, AddedRoute>,
}

impl Rulebook {
    /// `policy` is that of the operations in `registry`.
    pub(crate) fn new(registry: Registry, policy: Policy, tasks: Tasks) -> Self {
        Self::starting_with(Rules::new(registry, policy, HashMap::new()), tasks)
    }

    /// Decides by these, until they are replaced.
    pub(crate) fn starting_with(rules: Rules, tasks: Tasks) -> Self {
        Self { now: RwLock::new(Arc::new(rules)), tasks, changes: watch::Sender::new(0) }
    }

    /// What a message is decided by that comes now. A request takes it once.
    pub(crate) fn now(&self) -> Arc<Rules> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Decides by these from now on, and tells those who follow. What was decided by before is handed back: what a tool holds may
    /// itself change tools when it goes.
    pub(crate) fn replace(&self, rules: Rules) -> Arc<Rules> {
        let rules = Arc::new(rules);
        let before = {
            let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *now, rules)
        };
        self.changes.send_modify(|times| *times += 1);
        before
    }

    /// Tells when the tools change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The tasks that calls made, and whose they are.
    pub(crate) fn tasks(&self) -> &Tasks {
        &self.tasks
    }
}

impl Rules {
    /// `policy` is that of the operations in `registry`, `added` says how those are called that were added at run time.
    pub(crate) fn new(registry: Registry, policy: Policy, added: HashMap<OperationId, AddedRoute>) -> Self {
        Self { registry, policy, added }
    }

    /// What the scopes say that a message fills, and then its guards, which `guards` asks.
    ///
    /// # Errors
    /// What the caller is told who may not.
    pub(crate) async fn settle(
        &self,
        verdict: Verdict,
        guards: Option<&dyn Guards>,
    ) -> Result<Permit, Denied> {
        let verdict = match verdict {
            Verdict::Templated(templated) => self.policy.fill(templated, &self.registry)?,
            other => other,
        };
        let guarded = match verdict {
            Verdict::Allowed(permit) => return Ok(permit),
            Verdict::Guarded(guarded) => guarded,
            Verdict::Denied(denied) => return Err(denied),
            Verdict::Recent(_) | Verdict::Templated(_) => {
                return Err(Denied::Refused { reason: UNDECIDED.to_owned() });
            }
        };
        let said = match guards {
            Some(guards) => guards.ask(&guarded).await,
            None => Decision::deny("nothing asks its guard"),
        };
        self.policy.settle(guarded, said)
    }

    /// The operations that there are.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Who may do what.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How each tool is called that was added at run time.
    pub(crate) fn all_added(&self) -> &HashMap<OperationId, AddedRoute> {
        &self.added
    }

    /// How this tool is called, which was added at run time.
    pub(super) fn added(&self, id: OperationId) -> Option<&AddedRoute> {
        self.added.get(&id)
    }

    /// The operation that made the task which `message` names, if it is `who`'s: another caller's task is like one that
    /// is not there.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot tell now whose the task is.
    pub(crate) async fn task_of(
        &self,
        tasks: &Tasks,
        message: &Message,
        who: &Identity,
    ) -> Result<Option<Ran>, StoreError> {
        match message {
            Message::Task { method, task_id } if self.registry.method(method).is_some() => {
                let task = tasks.of(task_id, who).await?;
                Ok(task.and_then(|task| {
                    let operation = self.registry.tool(&task.operation)?;
                    Some(Ran { operation, filled: Some(task.filled) })
                }))
            }
            _ => Ok(None),
        }
    }

    /// `message` with what it names; `task` made the task, if it names one.
    pub(crate) fn named<'m>(&self, message: &'m Arc<Message>, task: Option<Ran>) -> Named<'m> {
        Named::of(message, &self.registry, |_| task)
    }

    /// The same for a request.
    pub(crate) fn named_by_request<'m>(&self, message: &'m Arc<Message>, task: Option<Ran>) -> Named<'m> {
        Named::of_request(message, &self.registry, task)
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::{JsonObject, Tool};

    use super::*;
    use crate::authn::{holder, principal_of};
    use crate::authz::{Connect, Denied, Settings, Verdict, Visibility};
    use crate::call::build;
    use crate::declared::{Kind, Rule};
    use mcp_auth_core::Hierarchy;
    use mcp_auth_core::ambient::SystemClock;
    use mcp_auth_store::{Caps, Store};

    async fn denied(rules: &Rulebook, task: &str, who: &Identity) -> Option<Denied> {
        let (method, task_id) = ("tasks/get".to_owned(), task.to_owned());
        let message = Arc::new(Message::Task { method, task_id });
        let now = rules.now();
        let task = now.task_of(rules.tasks(), &message, who).await.unwrap();
        match now.policy().decide(&now.named(&message, task), who) {
            Verdict::Allowed(_) | Verdict::Recent(_) | Verdict::Templated(_) | Verdict::Guarded(_) => None,
            Verdict::Denied(denied) => Some(denied),
        }
    }

    #[tokio::test]
    async fn a_task_is_its_creators_alone_under_the_rule_that_created_it() {
        let tool = Tool::new_with_raw("read", None, JsonObject::new());
        let method = build::method(Rule::AUTHENTICATED, "tasks/get");
        let registry = Registry::new(vec![build::tool(build::all(&["read"]), tool), method]).unwrap();
        let (connect, visibility) = (Connect::Authenticated, Visibility::All);
        let settings = Settings { connect, visibility, ..Settings::default() };
        let tasks = Tasks::new(Store::memory(Caps::default()), Arc::new(SystemClock));
        let policy = Policy::compile(registry.rules(), &Hierarchy::default(), settings);
        let rules = Rulebook::new(registry, policy, tasks);
        rules.tasks().record("t1", "read", Default::default(), &holder("read")).await.unwrap();

        assert_eq!(denied(&rules, "t1", &holder("read")).await, None);
        assert!(denied(&rules, "t1", &holder("")).await.is_some(), "the creator without the scope any more");
        let unknown = |task: &str| Some(Denied::Unknown { kind: Kind::Task, name: task.to_owned() });
        let stranger = principal_of("https://issuer.test", "bob", Some("app"), "read");
        assert_eq!(denied(&rules, "t1", &stranger).await, unknown("t1"), "as if it did not exist");
        assert_eq!(denied(&rules, "t2", &holder("read")).await, unknown("t2"));
    }
}
