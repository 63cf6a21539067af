//! What a message is decided by: what was declared, the policy over it, and the tasks that calls made.

use std::sync::Arc;

use super::tasks::Tasks;
use crate::authn::Identity;
use crate::authz::{Named, Policy};
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
    pub(crate) fn new(registry: Registry, policy: Policy) -> Self {
        Self { registry, policy: Arc::new(policy), tasks: Tasks::default() }
    }

    /// What was declared.
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

    /// `message` with what it names to `who`: another caller's task is no task.
    pub(crate) fn named<'m>(&self, message: &'m Arc<Message>, who: &Identity) -> Named<'m> {
        Named::of(message, &self.registry, |task| self.tasks.operation_of(task, who))
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::{JsonObject, Tool};

    use super::*;
    use crate::authn::{holder, principal_of};
    use crate::authz::{Connect, Denied, Settings, Verdict, Visibility};
    use crate::declared::{Kind, Rule, build};
    use mcp_auth_core::{Hierarchy, ScopeSet};

    fn denied(rules: &Rulebook, task: &str, who: &Identity) -> Option<Denied> {
        let (method, task_id) = ("tasks/get".to_owned(), task.to_owned());
        let message = Arc::new(Message::Task { method, task_id });
        match rules.policy().decide(&rules.named(&message, who), who) {
            Verdict::Allowed(_) => None,
            Verdict::Denied(denied) => Some(denied),
        }
    }

    #[test]
    fn a_task_is_its_creators_alone_under_the_rule_that_created_it() {
        let tool = Tool::new_with_raw("read", None, JsonObject::new());
        let method = build::method(Rule::Authenticated, "tasks/get");
        let registry = Registry::new(vec![build::tool(build::all(&["read"]), tool), method]).unwrap();
        let (connect, visibility) = (Connect::Authenticated, Visibility::All);
        let settings = Settings { connect, visibility, base_scopes: ScopeSet::new() };
        let policy = Policy::compile(registry.rules(), &Hierarchy::default(), settings);
        let rules = Rulebook::new(registry, policy);
        rules.tasks().record("t1", rules.registry().tool("read").unwrap(), &holder("read"));

        assert_eq!(denied(&rules, "t1", &holder("read")), None);
        assert!(denied(&rules, "t1", &holder("")).is_some(), "the creator without the scope any more");
        let unknown = |task: &str| Some(Denied::Unknown { kind: Kind::Task, name: task.to_owned() });
        let stranger = principal_of("https://issuer.test", "bob", Some("app"), "read");
        assert_eq!(denied(&rules, "t1", &stranger), unknown("t1"), "as if it did not exist");
        assert_eq!(denied(&rules, "t2", &holder("read")), unknown("t2"));
    }
}
