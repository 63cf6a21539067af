//! Callers for tests that are not about verifying.

use std::sync::Arc;

use mcp_auth_core::ScopeSet;
use tokio_util::sync::CancellationToken;

use crate::authn::principal::{Facts, Via};
use crate::authn::{Held, Identity, Principal};

/// A verified caller.
pub(crate) fn principal_of(issuer: &str, subject: &str, client_id: Option<&str>, scopes: &str) -> Identity {
    let facts = Facts {
        client_id: client_id.map(str::to_owned),
        is_client: client_id == Some(subject),
        held: Held::of(ScopeSet::parse_lossy(scopes)),
        expires_at: Some(2_000_000_000),
        ..Facts::of(Arc::from(issuer), subject)
    };
    Identity::Known(Arc::new(Principal::new(Via::Jwt, facts)))
}

/// A verified caller whom this claim names, `sub` without one.
pub(crate) fn principal_by(subject_claim: Option<&str>, subject: &str) -> Identity {
    let subject_claim = subject_claim.map(Arc::from);
    let facts = Facts { subject_claim, ..Facts::of(Arc::from("https://issuer.test"), subject) };
    Identity::Known(Arc::new(Principal::new(Via::Jwt, facts)))
}

/// Some verified caller, whose token expires then and is believed until `withdrawn` is cancelled.
pub(crate) fn holder_until(expires_at: Option<u64>, withdrawn: CancellationToken) -> Identity {
    let facts = Facts { expires_at, ..Facts::of(Arc::from("https://issuer.test"), "alice") };
    Identity::Known(Arc::new(Principal::new(Via::Jwt, facts).unless(withdrawn)))
}

/// Some verified caller who holds these scopes.
pub(crate) fn holder(scopes: &str) -> Identity {
    principal_of("https://issuer.test", "alice", Some("app"), scopes)
}

/// Some verified caller who holds this.
pub(crate) fn holder_of(held: Held) -> Identity {
    let facts = Facts { held, ..Facts::of(Arc::from("https://issuer.test"), "alice") };
    Identity::Known(Arc::new(Principal::new(Via::Jwt, facts)))
}
