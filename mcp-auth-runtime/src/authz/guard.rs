//! What a server's own code says of a call that policy allows: its guard. Only the answer makes a permit of it.

use std::pin::Pin;

use mcp_auth_core::{Scope, ScopeSet};

use super::permit::Permit;
use crate::declared::registry::OperationId;

/// What a guard decides: a method of the server that `guard = …` names, which knows what no rule can know, such as whose
/// the thing is that a call is about.
///
/// # Example
/// ```
/// # use mcp_auth_runtime::facade::Decision;
/// fn may_close(owner: &str, caller: &str, amount: u32) -> Decision {
///     match (owner == caller, amount) {
///         (false, _) => Decision::deny("this todo is another person's"),
///         (true, 1000..) => Decision::need("todos.admin"), // a 403 by which the client can ask for it
///         (true, _) => Decision::Allow,
///     }
/// }
/// assert_eq!(may_close("ann", "ann", 5), Decision::Allow);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// The call may go on.
    Allow,
    /// The caller needs these scopes besides: 403 with a challenge that names them. Each is one that some operation
    /// declares and the caller lacks, or clients would ask for it in vain: anything else is a refusal, and an error in the
    /// log.
    Need(Vec<String>),
    /// The caller may not: 403 with this text, and without a challenge.
    Deny(String),
}

impl Decision {
    /// The caller needs these scopes besides, separated by spaces.
    pub fn need(scopes: &str) -> Self {
        Self::Need(scopes.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect())
    }

    /// The caller may not, for a reason that it may read.
    pub fn deny(reason: impl Into<String>) -> Self {
        Self::Deny(reason.into())
    }
}

/// A message that policy allows as far as its guards do.
#[derive(Debug)]
pub struct Guarded {
    pub(super) permit: Permit,
    asked: Vec<Asked>,
}

/// One operation whose guard is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The operation.
    pub(crate) id: OperationId,
    /// What the message calls it: of a resource its URI.
    pub(crate) name: String,
}

impl Guarded {
    pub(super) fn new(permit: Permit, asked: Vec<Asked>) -> Self {
        Self { permit, asked }
    }

    /// What would be allowed.
    pub(crate) fn permit(&self) -> &Permit {
        &self.permit
    }

    /// The operations whose guards are asked.
    pub(crate) fn asked(&self) -> &[Asked] {
        &self.asked
    }
}

/// Who asks the guards: the server's own code is behind it.
pub(crate) trait Guards: Send + Sync {
    /// What all of them say; the first that does not allow it decides. One that fails or is late denies.
    fn ask<'a>(&'a self, guarded: &'a Guarded) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>>;
}

/// The scopes that a guard wants, if a client may be told to ask for them: `declared` ones, of which the caller has none.
pub(super) fn to_ask_for(
    wanted: &[String],
    declared: &ScopeSet,
    holds: impl Fn(&Scope) -> bool,
) -> Result<ScopeSet, String> {
    if wanted.is_empty() {
        return Err("it needs scopes and names none".to_owned());
    }
    let scopes = wanted.iter().map(|text| match declared.iter().find(|scope| scope.as_str() == text) {
        None => Err(format!("it needs {text:?}, which no operation declares")),
        Some(scope) if holds(scope) => Err(format!("it needs {text:?}, which the caller holds")),
        Some(scope) => Ok(scope.clone()),
    });
    scopes.collect()
}
