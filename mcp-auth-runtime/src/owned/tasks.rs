//! Which caller and which operation a task belongs to. A task is reached by the caller that created it and
//! by nobody else, under the rule of the operation that created it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::owner::Owner;
use crate::authn::Identity;
use crate::declared::registry::OperationId;

/// How many tasks are remembered; past that the oldest is forgotten and answers like an unknown one.
const MAX_TASKS: usize = 65_536;

/// The tasks this process created.
#[derive(Debug, Default)]
pub(crate) struct Tasks(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by_id: HashMap<String, (OperationId, Option<Owner>)>,
    oldest_first: VecDeque<String>,
}

impl Tasks {
    /// Remembers that `identity` created the task `id` by calling `operation`. A task of somebody else's stays
    /// theirs: a tool whose identifiers repeat must not hand one caller the task of another.
    pub(crate) fn record(&self, id: &str, operation: OperationId, identity: &Identity) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.by_id.get(id).is_some_and(|(_, owner)| *owner != Owner::of(identity)) {
            tracing::error!(task = ?id, "a tool gave a new task the identifier of another caller's");
            return;
        }
        if known.by_id.insert(id.to_owned(), (operation, Owner::of(identity))).is_none() {
            known.oldest_first.push_back(id.to_owned());
        }
        while known.oldest_first.len() > MAX_TASKS {
            if let Some(forgotten) = known.oldest_first.pop_front() {
                known.by_id.remove(&forgotten);
            }
        }
    }

    /// The operation that created the task `id`, if `identity` is who created it.
    pub(crate) fn operation_of(&self, id: &str, identity: &Identity) -> Option<OperationId> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .by_id
            .get(id)
            .filter(|(_, owner)| *owner == Owner::of(identity))
            .map(|(operation, _)| *operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authn::holder;
    use crate::declared::Rule;
    use crate::declared::build;
    use crate::declared::registry::Registry;

    #[test]
    fn a_repeated_identifier_does_not_hand_over_somebody_elses_task() {
        let tool = rmcp::model::Tool::new_with_raw("t", None, rmcp::model::JsonObject::new());
        let registry = Registry::new(vec![build::tool(Rule::Public, tool)]).unwrap();
        let operation = registry.tool("t").unwrap();
        let alice = holder("");
        let tasks = Tasks::default();
        tasks.record("1", operation, &alice);
        tasks.record("1", operation, &Identity::Anonymous);
        assert_eq!(tasks.operation_of("1", &alice), Some(operation));
        assert_eq!(tasks.operation_of("1", &Identity::Anonymous), None);
    }
}
