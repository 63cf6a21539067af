//! What is made of what a program says.

use std::sync::Mutex;

use serde_json::json;

use super::*;
use crate::authn::tests::support::{NOW, ambient};
use crate::authn::{Authenticator, CacheBounds, Credential};

type Saying = Result<CredentialFacts, RefusedCredential>;

/// Says what it was told, or nothing at all.
struct Says(Mutex<Option<Saying>>);

impl CredentialVerifier for Says {
    fn claims_it(&self, presented: &str) -> bool {
        presented.starts_with("sess_")
    }

    fn verify<'a>(&'a self, _: &'a str) -> CredentialFuture<'a> {
        let said = self.0.lock().unwrap().clone();
        Box::pin(async move {
            match said {
                Some(said) => said,
                None => std::future::pending().await,
            }
        })
    }
}

async fn made_of(said: Option<Saying>) -> Result<Verified, TokenError> {
    let implied = |names: &[&str]| names.iter().filter_map(|name| name.parse().ok()).collect::<RoleSet>();
    let roles = [("manager".to_owned(), implied(&["manager", "viewer"]))].into();
    let verifier =
        ProgramVerifier::new("sessions", Arc::new(Says(Mutex::new(said))), roles, ambient().0.clock);
    assert!(verifier.claims_it("sess_1") && !verifier.claims_it("x"));
    verifier.verify("sess_1").await
}

#[tokio::test]
async fn facts_become_a_subject_of_the_verifiers_own_issuer_with_what_roles_imply() {
    let facts = CredentialFacts::new("ann").client("web").scopes("read write").roles(["manager", "owner"]);
    let facts =
        made_of(Some(Ok(facts.expires_at(NOW + 5).remembered_for(Duration::from_secs(600))))).await.unwrap();
    assert_eq!(facts.believed_until, NOW + 5);
    let facts = facts.facts;
    assert_eq!((&*facts.issuer, &*facts.subject), ("urn:mcp-auth:verifier:sessions", "ann"));
    assert_eq!((facts.client_id.as_deref(), facts.is_client), (Some("web"), false));
    assert_eq!(
        (facts.held.scopes.to_string(), facts.held.roles.to_string()),
        ("read write".into(), "manager viewer".into())
    );
    let program = made_of(Some(Ok(CredentialFacts::new("robot").of_a_program()))).await.unwrap();
    assert!(program.facts.is_client && program.believed_until == NOW, "not remembered unless it says so");
    let long = made_of(Some(Ok(CredentialFacts::new("a").remembered_for(Duration::MAX)))).await.unwrap();
    assert_eq!(long.believed_until, NOW + 60);
}

#[tokio::test]
async fn what_a_program_refuses_is_a_bad_token_and_what_deceives_is_too() {
    let refused = made_of(Some(Err(RefusedCredential::Invalid))).await.unwrap_err();
    assert!(matches!(refused, TokenError::Program { .. }));
    assert!(matches!(
        made_of(Some(Ok(CredentialFacts::new("a").expires_at(NOW)))).await,
        Err(TokenError::Expired { .. })
    ));
    for bad in ["", "a\nb", "a\u{202e}b", &"x".repeat(256)] {
        assert!(
            matches!(
                made_of(Some(Ok(CredentialFacts::new(bad)))).await,
                Err(TokenError::Claim { claim: "sub", .. })
            ),
            "{bad:?}"
        );
    }
    let client = made_of(Some(Ok(CredentialFacts::new("a").client("b\r\n")))).await;
    assert!(matches!(client, Err(TokenError::Claim { claim: "client_id", .. })));
    let bound = json!({ "cnf": {} });
    let bound = made_of(Some(Ok(CredentialFacts::new("a").claims(bound.as_object().unwrap().clone())))).await;
    assert!(bound.unwrap().facts.confirmation.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_program_that_cannot_say_now_or_never_answers_is_unavailable() {
    let after = |error: TokenError| match error {
        TokenError::ProgramUnavailable { retry_after, .. } => retry_after,
        other => panic!("{other}"),
    };
    let said = RefusedCredential::Unavailable { retry_after: Some(Duration::from_secs(30)) };
    assert_eq!(after(made_of(Some(Err(said))).await.unwrap_err()), Duration::from_secs(30));
    let at_once = RefusedCredential::Unavailable { retry_after: Some(Duration::ZERO) };
    assert_eq!(after(made_of(Some(Err(at_once))).await.unwrap_err()), Duration::from_secs(1));
    assert_eq!(after(made_of(None).await.unwrap_err()), UNSTATED_RETRY);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_a_credential_ends_once_the_program_refuses_it_and_not_while_it_cannot_say() {
    let says = Arc::new(Says(Mutex::new(Some(Ok(CredentialFacts::new("ann"))))));
    let program = Arc::clone(&says) as Arc<dyn CredentialVerifier>;
    let clock = ambient().0.clock;
    let verifier = ProgramVerifier::new("sessions", program, BTreeMap::new(), Arc::clone(&clock));
    let authenticator = Authenticator::new(vec![Arc::new(verifier)], clock, CacheBounds::default());
    let caller = authenticator.authenticate(Credential::Bearer("sess_1")).await.unwrap();
    let is_over = async || tokio::time::timeout(Duration::from_secs(300), caller.withdrawn()).await.is_ok();
    assert!(!is_over().await);
    *says.0.lock().unwrap() = Some(Ok(CredentialFacts::new("ann").scopes("more")));
    assert!(!is_over().await, "more ends nothing");
    *says.0.lock().unwrap() = Some(Err(RefusedCredential::Unavailable { retry_after: None }));
    assert!(!is_over().await);
    *says.0.lock().unwrap() = Some(Err(RefusedCredential::Invalid));
    assert!(is_over().await);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_a_credential_ends_once_it_holds_less_or_is_somebody_elses() {
    let ann = || CredentialFacts::new("ann").scopes("a b").client("app");
    for (changed, ends) in [
        (ann().scopes("a b c"), false),
        (ann().scopes("a"), true),
        (ann().client("other"), true),
        (CredentialFacts { subject: "bob".into(), ..ann() }, true),
        (ann().of_a_program(), true),
    ] {
        let says = Arc::new(Says(Mutex::new(Some(Ok(ann())))));
        let program = Arc::clone(&says) as Arc<dyn CredentialVerifier>;
        let clock = ambient().0.clock;
        let verifier = ProgramVerifier::new("sessions", program, BTreeMap::new(), Arc::clone(&clock));
        let authenticator = Authenticator::new(vec![Arc::new(verifier)], clock, CacheBounds::default());
        let caller = authenticator.authenticate(Credential::Bearer("sess_1")).await.unwrap();
        *says.0.lock().unwrap() = Some(Ok(changed.clone()));
        let ended = tokio::time::timeout(Duration::from_secs(61), caller.withdrawn()).await;
        assert_eq!(ended.is_ok(), ends, "{changed:?}");
    }
}
