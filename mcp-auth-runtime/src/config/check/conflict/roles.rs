//! `[roles]`: who holds them.

use super::hint::hint;

/// What is not safe in `[roles]`, or wherever a role is named. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoleConflict {
    /// More roles than a server may have.
    #[error("{count} roles, at most {most}: {at}")]
    TooManyRoles {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
        /// Key and source.
        at: String,
    },
    /// A role that has no table.
    #[error("role {role:?} has no [roles] entry{}: {at}", hint(nearest.as_deref()))]
    UnknownRole {
        /// The role.
        role: String,
        /// The configured role that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
    /// A role that no caller could hold.
    #[error(
        "role {role:?} has no `when`, and no role or API key gives it, so no caller would hold it: say which callers do, in \
         `when`: {at}"
    )]
    RoleWithoutHolder {
        /// The role.
        role: String,
        /// Key and source.
        at: String,
    },
    /// Roles that imply each other in a circle.
    #[error("roles imply each other in a circle: {way}: {at}")]
    RoleCycle {
        /// The way round, with the first role repeated at the end.
        way: String,
        /// Key and source.
        at: String,
    },
    /// A condition that asks for nothing, or for several things of one claim.
    #[error("a condition needs exactly one of `equals`, `contains` and `any`; this one has {given}: {at}")]
    ConditionAsks {
        /// Those that it has.
        given: String,
        /// Key and source.
        at: String,
    },
    /// A condition on the claim of any of several issuers.
    #[error(
        "tokens of several issuers are accepted, and a claim means what its issuer says it means: name the issuer in the \
         condition, issuer = \"…\": {at}"
    )]
    ConditionWithoutIssuer {
        /// Key and source.
        at: String,
    },
    /// A condition on the claim of an issuer whose tokens are not accepted.
    #[error("tokens of issuer {issuer:?} are not accepted{}: {at}", hint(nearest.as_deref()))]
    ConditionIssuer {
        /// The issuer.
        issuer: String,
        /// The accepted issuer that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
}
