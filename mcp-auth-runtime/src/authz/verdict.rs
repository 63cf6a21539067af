//! What comes of a decision.

use super::guard::Guarded;
use super::login::{LoginFault, Recent, login_needed};
use super::permit::Permit;
use super::templated::Templated;
use crate::declared::{Kind, UnfitClaims};
use mcp_auth_core::{LoginTerms, Role, ScopeSet};

/// What comes of a decision. Nothing but its permit lets a message go on: a kind of verdict that is added here stops what does
/// not know it.
#[derive(Debug)]
pub enum Verdict {
    /// It may go on.
    Allowed(Permit),
    /// It may go on as far as the login behind its credential is recent.
    Recent(Recent),
    /// It may go on as far as the scopes let it that the call itself fills.
    Templated(Templated),
    /// It may go on as far as the server's own guards let it.
    Guarded(Guarded),
    /// It may not go on; why, and what would be needed.
    Denied(Denied),
}

/// Why a message was not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// No credential came, and the operation needs one (RFC 6750 §3.1: no error code).
    #[error("authentication required")]
    Unauthenticated {
        /// What a token should hold to do what was tried: the operation's scopes and `auth.base_scopes`.
        scopes: ScopeSet,
    },
    /// The caller is known and does not hold what the operation needs.
    #[error("missing scope: this needs {required}")]
    InsufficientScope {
        /// All the operation needs, in one challenge.
        required: ScopeSet,
        /// The declared scopes the caller holds already; a challenge names them too, because clients before
        /// 2026-07-28 ask for just what is named.
        held: ScopeSet,
    },
    /// The caller does not hold the scopes that the operation needs, and no login brings them: an operator said which ones it
    /// holds.
    #[error("missing scope: this needs {required}, which no login brings")]
    MissingScope {
        /// All the operation needs.
        required: ScopeSet,
        /// The declared scopes the caller holds.
        held: ScopeSet,
    },
    /// The person behind the credential did not log in as the operation needs (RFC 9470).
    #[error("{}", login_needed(terms, *fault))]
    InsufficientLogin {
        /// How they have to log in.
        terms: LoginTerms,
        /// What is wrong with the login behind this credential.
        fault: LoginFault,
        /// The scopes that the next token should hold.
        scopes: ScopeSet,
    },
    /// No person logged in for this credential, and the operation needs one who did. No token of its holder mends that.
    #[error("{}", login_needed(terms, LoginFault::NoPerson))]
    NoPerson {
        /// How they would have to log in.
        terms: LoginTerms,
    },
    /// The caller holds none of these roles, of which the operation needs one. No token of theirs mends that.
    #[error("missing role: this needs {}", any_of.iter().map(Role::as_str).collect::<Vec<_>>().join(" or "))]
    MissingRole {
        /// The roles of which one suffices.
        any_of: Vec<Role>,
    },
    /// The caller's claims are not what the operation takes. No token of theirs mends that.
    #[error("the claims do not fit: {}", match &.0.claim {
        Some(claim) if .0.is_missing => format!("{claim:?} is missing"),
        Some(claim) => format!("{claim:?} is of another shape"),
        None => "one is missing".to_owned(),
    })]
    UnfitClaims(UnfitClaims),
    /// Its values fill no scope that the caller holds, and which one is needed cannot be said.
    #[error("{reason}")]
    Unfit {
        /// What is wrong with them.
        reason: String,
    },
    /// The server's own guard refuses it, in these words.
    #[error("refused by its guard: {reason}")]
    Refused {
        /// What the caller may read.
        reason: String,
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
