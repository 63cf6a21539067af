//! The profile `workload`: a platform says which program it runs, and the program needs no secret of ours (workload identity federation).

use mcp_auth_runtime::facade::Assertion;

use super::kind::{NotOfProfile, refuse_id_token};
use super::options::Workload;

/// The one of `workloads` that a verified assertion with this `typ` is of: its `sub` exactly, and each of its claim rules.
///
/// # Errors
/// [`NotOfProfile`]: a JWT that was made for something else, or of a program that nobody listed.
pub(super) fn workload_of<'w>(
    workloads: &'w [Workload],
    assertion: &Assertion,
    typ: Option<&str>,
) -> Result<&'w Workload, NotOfProfile> {
    if !matches!(typ, None | Some("jwt")) {
        return Err(NotOfProfile::OtherTypeThanJwt);
    }
    refuse_id_token(&assertion.claims)?;
    let is_of = |workload: &&Workload| {
        workload.subject == assertion.subject && workload.require_claims.pass(&assertion.claims)
    };
    workloads.iter().find(is_of).ok_or(NotOfProfile::UnlistedWorkload)
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ScopeSet;
    use mcp_auth_runtime::facade::{ClaimAt, ClaimTest};
    use serde_json::{Map, Value, json};

    use super::*;

    fn workload(id: &str, subject: &str, owner: &str) -> Workload {
        let at = ClaimAt { written: "owner".into(), names: vec!["owner".into()] };
        Workload {
            client_id: id.into(),
            subject: subject.into(),
            require_claims: [(at, ClaimTest::OneOf(vec![owner.into()]))].into_iter().collect(),
            scopes: ScopeSet::new(),
        }
    }

    fn of(subject: &str, typ: Option<&str>, claims: Value) -> Result<String, NotOfProfile> {
        let workloads = [
            workload("deploy", "repo:acme/todos:ref:refs/heads/main", "1"),
            workload("tests", "repo:acme/todos:pull_request", "1"),
            workload("fork", "repo:acme/todos:ref:refs/heads/main", "2"),
        ];
        let claims: Map<String, Value> = claims.as_object().unwrap().clone();
        let assertion = Assertion { subject: subject.into(), scopes: ScopeSet::new(), ends_at: 1, claims };
        workload_of(&workloads, &assertion, typ).map(|workload| workload.client_id.clone())
    }

    const MAIN: &str = "repo:acme/todos:ref:refs/heads/main";

    #[test]
    fn a_workload_is_known_by_its_exact_subject_and_all_its_claim_rules() {
        assert_eq!(of(MAIN, None, json!({ "owner": "1" })).as_deref(), Ok("deploy"));
        assert_eq!(of(MAIN, Some("jwt"), json!({ "owner": "2" })).as_deref(), Ok("fork"));
        for subject in [
            "repo:acme/todos:ref:refs/heads/main2",
            "repo:acme/todos:ref:refs/heads/mai",
            "REPO:acme/todos:ref:refs/heads/main",
            "repo:acme/todos:ref:refs/heads/*",
            "",
        ] {
            assert!(of(subject, None, json!({ "owner": "1" })).is_err(), "{subject}");
        }
        for claims in
            [json!({}), json!({ "owner": "3" }), json!({ "owner": ["1"] }), json!({ "owner": null })]
        {
            assert!(of(MAIN, None, claims.clone()).is_err(), "{claims}");
        }
    }

    #[test]
    fn a_jwt_that_was_made_for_something_else_is_not_of_a_workload() {
        for typ in
            ["at+jwt", "oauth-id-jag+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt", "id_token+jwt", ""]
        {
            assert!(of(MAIN, Some(typ), json!({ "owner": "1" })).is_err(), "{typ}");
        }
        for claim in ["nonce", "at_hash", "c_hash", "azp"] {
            assert!(of(MAIN, None, json!({ "owner": "1", claim: "x" })).is_err(), "{claim}");
        }
    }
}
