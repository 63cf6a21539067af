//! An issuer that answers as it is told, and the authenticator that asks it.

use std::sync::Arc;

use mcp_auth_core::SecretText;
use serde_json::{Value, json};

use super::super::{ClientAuth, IntrospectionRules, IntrospectionVerifier};
use crate::authn::error::TokenError;
use crate::authn::tests::support::{Answer, FakeClock, FakeFetch, ISSUER, NOW, US, ambient};
use crate::authn::{Authenticator, AuthnError, CacheBounds, Credential, Fetch, Identity, Principal};

pub(super) const AT: &str = "https://as.example/introspect";
pub(super) const METADATA: &str = "https://as.example/.well-known/oauth-authorization-server";

pub(super) struct Bench {
    pub(super) authenticator: Arc<Authenticator>,
    pub(super) fetch: Arc<FakeFetch>,
    pub(super) clock: Arc<FakeClock>,
}

pub(super) fn rules() -> IntrospectionRules {
    rules_of(ISSUER)
}

pub(super) fn rules_of(issuer: &str) -> IntrospectionRules {
    let client = ClientAuth::Basic { client_id: "rs".into(), secret: SecretText::new("s3cret") };
    let mut rules = IntrospectionRules::new(issuer.parse().unwrap(), vec![US.to_owned()], client);
    rules.endpoint = Some(AT.parse().unwrap());
    rules
}

pub(super) fn active(changes: &Value) -> Answer {
    let mut answer = json!({
        "active": true, "iss": ISSUER, "aud": US, "sub": "alice", "client_id": "app", "exp": NOW + 600, "scope": "a",
    });
    answer.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    Answer::ok(&answer)
}

pub(super) fn inactive() -> Answer {
    Answer::ok(&json!({ "active": false }))
}

impl Bench {
    pub(super) fn with(rules: Vec<IntrospectionRules>) -> Self {
        let (fetch, (ambient, clock)) = (Arc::new(FakeFetch::default()), ambient());
        let time = Arc::clone(&ambient.clock);
        let asks = Arc::clone(&fetch) as Arc<dyn Fetch>;
        let verifier = Arc::new(IntrospectionVerifier::new(rules, asks, ambient).unwrap());
        let authenticator = Authenticator::new(vec![verifier], time, CacheBounds::default());
        Self { authenticator: Arc::new(authenticator), fetch, clock }
    }

    pub(super) fn new() -> Self {
        let bench = Self::with(vec![rules()]);
        bench.fetch.put(AT, active(&json!({})));
        bench
    }

    pub(super) async fn verdict(&self, token: &str) -> Result<Arc<Principal>, TokenError> {
        match self.authenticator.authenticate(Credential::Bearer(token)).await {
            Ok(Identity::Known(principal)) => Ok(principal),
            Err(AuthnError::Token(error)) => Err(error),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn asked(&self) -> usize {
        self.fetch.asked().len()
    }
}
