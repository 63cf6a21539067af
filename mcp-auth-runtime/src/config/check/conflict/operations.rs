//! `[tools]`, `[prompts]` and `[resources]`: what operators add to operations, and what those need.

use super::hint::hint;
use crate::declared::Kind;

/// What is not safe in what operations need. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationConflict {
    /// Ways of logging in of which the program takes none.
    #[error(
        "{kind} `{name}` takes none of these, so no login would do; name one that the program names: {at}"
    )]
    NoCommonAcr {
        /// The kind of the operation.
        kind: Kind,
        /// Its name.
        name: String,
        /// Key and source.
        at: String,
    },
    /// A confirmation of what is not a tool.
    #[error("{kind} `{name}` cannot be confirmed by a person: only tools are; leave confirm out: {at}")]
    ConfirmsNoTool {
        /// What it is.
        kind: Kind,
        /// Its name.
        name: String,
        /// Key and source.
        at: String,
    },
    /// A confirmation by a login without an issuer to log in at.
    #[error(
        "tool `{name}` is confirmed after a login at the built-in issuer, and this server has none; add [issuer], or write `confirm` \
         without \"login\": {at}"
    )]
    NoPageToConfirmOn {
        /// The tool.
        name: String,
        /// Key and source.
        at: String,
    },
    /// A tool that reaches a provider at which nobody can log in or connect an account here.
    #[error(
        "tool `{name}` acts for a person at the upstream {upstream:?}, at which nobody can log in or connect an account here{}: add {missing}: {at}", hint(nearest.as_deref())
    )]
    UnknownUpstream {
        /// The tool.
        name: String,
        /// What it names.
        upstream: String,
        /// What to write.
        missing: String,
        /// The one that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
    /// A scope that is added to an operation, and that calls of another one choose by a value.
    #[error(
        "scope {scope:?} is what calls with one value need, so no operation can need it besides; add another scope: {at}"
    )]
    ChosenScope {
        /// The scope.
        scope: String,
        /// Key and source.
        at: String,
    },
    /// A table for an operation that the program does not declare.
    #[error("this server has no {kind} {name:?}{}: {at}", hint(nearest.as_deref()))]
    UnknownOperation {
        /// What kind of operation.
        kind: Kind,
        /// The name.
        name: String,
        /// The operation that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
    /// An operation needs a role that has no table, so nobody could call it.
    #[error(
        "{kind} `{operation}` needs the role {role:?}, which has no [roles] entry{}: say who holds it in \
         [roles.{role}]: {at}", hint(nearest.as_deref())
    )]
    UnknownRoleOfOperation {
        /// What kind of operation.
        kind: Kind,
        /// Its name.
        operation: String,
        /// The role.
        role: String,
        /// The configured role that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
}
