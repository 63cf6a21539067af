//! Which rejection an error is.

use mcp_auth_core::{Era, ScopeSet};
use mcp_auth_store::StoreError;

use super::Rejection;
use crate::authn::{AuthnError, Fault};
use crate::authz::Denied;
use crate::declared::Kind;
use crate::envelope::{Envelope, EnvelopeError};
use crate::owned::Crowded;

impl Rejection {
    /// What a denied message is answered; without an envelope, an HTTP request that has no message. A task that is
    /// unknown to this caller is not news to a client that could not follow it.
    pub fn of(denied: &Denied, envelope: Option<&Envelope>) -> Self {
        let era = envelope.map_or(Era::Stateless, Envelope::era);
        let follows_tasks = envelope.is_none_or(|envelope| era == Era::Sessions || envelope.declares_tasks);
        match denied {
            Denied::Unauthenticated { scopes } => Self::Unauthenticated { scopes: scopes.clone() },
            Denied::InsufficientScope { required, held } => {
                Self::InsufficientScope { required: required.clone(), held: held.clone() }
            }
            Denied::MissingScope { required, held } => {
                Self::MissingScope { required: required.clone(), held: held.clone() }
            }
            Denied::InsufficientLogin { terms, fault, scopes } => {
                Self::InsufficientLogin { terms: terms.clone(), fault: *fault, scopes: scopes.clone() }
            }
            Denied::NoPerson { terms } => Self::NoPerson { terms: terms.clone() },
            Denied::Unfit { reason } => Self::Unfit { reason: reason.clone() },
            Denied::Refused { reason } => Self::Refused { reason: reason.clone() },
            Denied::UnfitClaims(unfit) => Self::UnfitClaims(unfit.clone()),
            Denied::MissingRole { any_of } => Self::MissingRole { any_of: any_of.clone() },
            Denied::Unknown { kind: Kind::Method, name } => Self::UnknownMethod { method: name.clone(), era },
            Denied::Unknown { kind: Kind::Task, .. } if !follows_tasks => Self::TasksNotDeclared,
            Denied::Unknown { kind, name } => Self::Unknown { kind: *kind, name: name.clone() },
        }
    }
}

impl From<&EnvelopeError> for Rejection {
    fn from(error: &EnvelopeError) -> Self {
        Self::BadMessage { code: error.code().0, reason: error.to_string() }
    }
}

impl From<&AuthnError> for Rejection {
    fn from(error: &AuthnError) -> Self {
        let reason = error.description().to_owned();
        match error.fault() {
            Fault::InvalidRequest => Self::MalformedAuthorization { reason },
            Fault::InvalidToken => {
                Self::InvalidToken { reason, detail: error.detail(), hint: None, scopes: ScopeSet::new() }
            }
            Fault::InvalidProof { needs_nonce } => {
                Self::InvalidProof { reason, needs_nonce, scopes: ScopeSet::new() }
            }
            Fault::Unavailable { retry_after } => {
                Self::KeysUnavailable { retry_after: retry_after.as_secs().max(1) }
            }
        }
    }
}

impl From<Crowded> for Rejection {
    fn from(crowded: Crowded) -> Self {
        tracing::warn!(limit = crowded.key(), "a request is refused: {crowded}");
        Self::Crowded(crowded)
    }
}

impl From<StoreError> for Rejection {
    fn from(error: StoreError) -> Self {
        tracing::error!(cause = %error.cause(), "{error}");
        Self::StoreUnavailable
    }
}
