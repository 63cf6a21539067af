//! Issuers of assertions: each mistake beside what is accepted.

use super::super::conflict::{BuiltInIssuerConflict, Conflict};
use super::check;

const WORKLOAD: &str = "{ client_id = \"deploy\", subject = \"repo:a\", require_claims = { owner = \"1\" } }";

fn refusals(text: &str) -> Vec<Conflict> {
    check(text, &[""]).err().unwrap_or_default()
}

fn one(profile: &str, more: &str) -> String {
    format!("[[issuer.assertions]]\nissuer = \"https://idp.example\"\nprofile = \"{profile}\"\n{more}\n")
}

#[test]
fn a_profile_has_what_it_needs_and_nothing_of_the_other_one() {
    assert!(refusals(&one("id-jag", "")).is_empty());
    assert!(refusals(&one("workload", &format!("workloads = [{WORKLOAD}]"))).is_empty());
    for bad in [
        one("workload", ""),
        one("workload", "workloads = []"),
        one("workload", &format!("workloads = [{}]", WORKLOAD.replace("owner = \"1\"", ""))),
        one("id-jag", &format!("workloads = [{WORKLOAD}]")),
        one("id-jag", "jwks_uri = \"https://idp.example/k\"\njwks = { keys = [] }"),
    ] {
        let refused = refusals(&bad);
        assert!(
            matches!(
                refused.as_slice(),
                [Conflict::BuiltInIssuer(BuiltInIssuerConflict::Assertions { .. }), ..]
            ),
            "{bad}: {refused:?}"
        );
        assert!(refused[0].to_string().contains("issuer.assertions[0]"), "{}", refused[0]);
    }
    let keys = refusals(&one("id-jag", "jwks = { keys = [] }"));
    assert!(
        matches!(keys.as_slice(), [Conflict::BuiltInIssuer(BuiltInIssuerConflict::AssertionKeys { .. })]),
        "{keys:?}"
    );
}

#[test]
fn every_issuer_and_every_name_is_one() {
    let twice = format!("{}{}", one("id-jag", ""), one("id-jag", ""));
    assert!(matches!(
        refusals(&twice).as_slice(),
        [Conflict::BuiltInIssuer(BuiltInIssuerConflict::Assertions { .. })]
    ));
    let workloads = |names: &[&str]| {
        let each = names.iter().map(|name| WORKLOAD.replace("deploy", name)).collect::<Vec<_>>();
        one("workload", &format!("workloads = [{}]", each.join(", ")))
    };
    assert!(refusals(&workloads(&["a", "b"])).is_empty());
    for taken in [&["a", "a"][..], &["developer"], &["https://idp.example#ann"]] {
        assert!(
            matches!(
                refusals(&workloads(taken)).as_slice(),
                [Conflict::BuiltInIssuer(BuiltInIssuerConflict::Assertions { .. })]
            ),
            "{taken:?}"
        );
    }
    let unknown =
        one("workload", &format!("workloads = [{}]", WORKLOAD.replace(" }", ", roles = [\"no\"] }")));
    assert!(!refusals(&unknown).is_empty());
}

#[test]
fn a_workload_has_the_name_of_the_default_user_with_every_login_but_that_for_development() {
    let workload = one("workload", &format!("workloads = [{}]", WORKLOAD.replace("deploy", "developer")));
    let clashes = |login: &str, users: &str| {
        let text = format!("[issuer]\nlogin = {login:?}\n{users}\n{workload}");
        let is_about_it = |one: &Conflict| one.to_string().contains("a workload has the name of a user");
        check(&text, &[""]).err().unwrap_or_default().iter().any(is_about_it)
    };
    assert!(clashes("development", "") && !clashes("accounts", ""));
    assert!(clashes("accounts", "users.developer.claims = { team = \"a\" }"));
}
