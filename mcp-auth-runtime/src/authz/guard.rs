//! What a server's own code says of a call that policy allows: its guard. Only the answer makes a permit of it.

use std::pin::Pin;

use mcp_auth_core::{Scope, ScopeSet};

use super::permit::Permit;
use crate::authn::{Caller, Identity};
use crate::declared::registry::OperationId;
use crate::envelope::Message;

/// What a caller is told where a guard decided nothing, or what no client can follow.
pub(crate) const UNDECIDED: &str = "this could not be decided; it is refused";

/// What a guard decides: a method of the server that `guard = …` names, which knows what no rule can know, such as whose
/// the thing is that a call is about.
///
/// # Example
/// ```
/// # use mcp_auth_runtime::facade::Decision;
/// fn may_close(owner: &str, caller: &str, is_admin: bool, amount: u32) -> Decision {
///     match amount {
///         _ if owner != caller => Decision::deny("this todo is another person's"),
///         1000.. if !is_admin => Decision::need("todos.admin"), // a 403 by which the client can ask for it
///         _ => Decision::Allow,
///     }
/// }
/// assert_eq!(may_close("ann", "ann", false, 5), Decision::Allow);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// The call may go on.
    Allow,
    /// The caller needs these scopes besides: 403 with a challenge that names those that it lacks. Each is one that some
    /// operation declares, and one of them is lacking, or clients would ask for it in vain: anything else is a refusal, and
    /// an error in the log.
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

    /// What was asked for.
    pub(crate) fn message(&self) -> &Message {
        self.permit.message()
    }

    /// By whom.
    pub(crate) fn identity(&self) -> &Identity {
        self.permit.identity()
    }

    /// The caller as a guard sees it; `None` for an anonymous one.
    pub(crate) fn caller(&self) -> Option<Caller> {
        self.permit.caller()
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

/// Those of the scopes a guard wants that the caller lacks, if a client may be told to ask for them: all are declared.
pub(super) fn to_ask_for(
    wanted: &[String],
    declares: impl Fn(&str) -> Option<Scope>,
    holds: impl Fn(&Scope) -> bool,
) -> Result<ScopeSet, String> {
    let declared = |text: &String| {
        declares(text).ok_or_else(|| format!("it needs {text:?}, which no operation declares"))
    };
    let all = wanted.iter().map(declared).collect::<Result<ScopeSet, String>>()?;
    let lacked: ScopeSet = all.iter().filter(|scope| !holds(scope)).cloned().collect();
    match lacked.is_empty() {
        true => Err(format!("it needs {:?}, of which the caller lacks nothing", wanted.join(" "))),
        false => Ok(lacked),
    }
}
