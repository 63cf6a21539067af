//! Callers for tests that are not about verifying.

use std::sync::Arc;

use mcp_auth_core::ScopeSet;
use serde_json::Map;
use tokio_util::sync::CancellationToken;

use crate::authn::principal::{Facts, Via};
use crate::authn::{Held, Identity, Principal};

/// A verified caller.
pub(crate) fn principal_of(issuer: &str, subject: &str, client_id: Option<&str>, scopes: &str) -> Identity {
    let facts = Facts {
        issuer: Arc::from(issuer),
        subject: subject.to_owned(),
        client_id: client_id.map(str::to_owned),
        held: Held::of(ScopeSet::parse_lossy(scopes)),
        expires_at: Some(2_000_000_000),
        confirmation: None,
        claims: Map::new(),
    };
    Identity::Known(Arc::new(Principal::new(Via::Jwt, facts)))
}

/// Some verified caller, whose token expires then and is believed until `withdrawn` is cancelled.
pub(crate) fn holder_until(expires_at: Option<u64>, withdrawn: CancellationToken) -> Identity {
    let facts = Facts {
        issuer: Arc::from("https://issuer.test"),
        subject: "alice".to_owned(),
        client_id: None,
        held: Held::default(),
        expires_at,
        confirmation: None,
        claims: Map::new(),
    };
    Identity::Known(Arc::new(Principal::new(Via::Jwt, facts).unless(withdrawn)))
}

/// Some verified caller who holds these scopes.
pub(crate) fn holder(scopes: &str) -> Identity {
    principal_of("https://issuer.test", "alice", Some("app"), scopes)
}
