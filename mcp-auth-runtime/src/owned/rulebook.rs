//! What a message is decided by: what was declared, the policy over it, and the tasks that calls made.

use std::sync::Arc;

use mcp_auth_store::StoreError;

use super::tasks::Tasks;
use crate::authn::Identity;
use crate::authz::{Named, Policy, Ran};
use crate::declared::registry::Registry;
use crate::envelope::Message;

/// What a message is decided by. Shared by the gate, which asks, and dispatch, which calls and lists.
#[derive(Debug)]
pub(crate) struct Rulebook {
    registry: Registry,
    policy: Arc<Policy>,
    tasks: Tasks,
}

impl Rulebook {
    /// `policy` is that of the operations in `registry`.
    pub(crate) fn new(registry: Registry, policy: Policy, tasks: Tasks) -> Self {
        Self { registry, policy: Arc::new(policy), tasks }
    }

    /// The operations that were declared.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Who may do what.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The tasks that calls made, and whose they are.
    pub(crate) fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// The operation that made the task which `message` names, if it is `who`'s: another caller's task is like one that
    /// is not there.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot tell now whose the task is.
    pub(crate) async fn task_of(&self, message: &Message, who: &Identity) -> Result<Option<Ran>, StoreError> {
        match message {
            Message::Task { method, task_id } if self.registry.method(method).is_some() => {
                let task = self.tasks.of(task_id, who).await?;
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
        let task = rules.task_of(&message, who).await.unwrap();
        match rules.policy().decide(&rules.named(&message, task), who) {
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
