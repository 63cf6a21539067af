//! What `[roles]` is refused for, and the roles next to it that are accepted.

use super::{Warning, check, verify};

/// The configuration of one issuer, with these roles.
fn roles(tables: &str) -> String {
    verify(&format!("\n{tables}"))
}

/// A condition that every caller called alice meets.
const ALICE: &str = "when = { claim = \"sub\", equals = \"alice\" }";

#[test]
fn role_has_with_itself_all_that_it_implies() {
    let tables =
        "[roles.viewer]\n[roles.manager]\nimplies = [\"viewer\"]\n[roles.owner]\nimplies = [\"manager\"]\n";
    let checked = check(&roles(&format!("{tables}{ALICE}")), &["a"]).unwrap();
    let held: Vec<String> = checked.roles.iter().map(|(role, roles)| format!("{role}: {roles}")).collect();
    assert_eq!(held, ["manager: manager viewer", "owner: manager owner viewer", "viewer: viewer"]);
    assert!(check(&verify(""), &["a"]).unwrap().roles.is_empty());
}

#[test]
fn unknown_implied_role_is_refused() {
    let with = |implied: &str| {
        roles(&format!("[roles.viewer]\n{ALICE}\n[roles.manager]\nimplies = [{implied:?}]\n{ALICE}"))
    };
    assert!(check(&with("viewer"), &["a"]).is_ok());
    assert_eq!(
        refused!(&with("viewr"), &["a"], UnknownRole),
        "role \"viewr\" has no [roles] entry; did you mean \"viewer\"?: roles.manager.implies in the configuration text, line 8"
    );
    assert_eq!(
        refused!(&with("owner"), &["a"], UnknownRole),
        "role \"owner\" has no [roles] entry: roles.manager.implies in the configuration text, line 8"
    );
}

#[test]
fn roles_in_a_circle_are_refused_with_the_way_round() {
    let with = |last: &str| {
        let table = |name: &str, implies: &str| format!("[roles.{name}]\nimplies = [{implies}]\n{ALICE}\n");
        roles(&[table("a", "\"b\""), table("b", "\"c\""), table("c", last)].concat())
    };
    assert!(check(&with(""), &["a"]).is_ok());
    assert_eq!(
        refused!(&with("\"a\""), &["a"], RoleCycle),
        "roles imply each other in a circle: a -> b -> c -> a: roles.a.implies in the configuration text, line 6"
    );
    refused!(&with("\"c\""), &["a"], RoleCycle);
}

#[test]
fn role_that_no_caller_could_hold_is_refused() {
    assert_eq!(
        refused!(&roles("[roles.viewer]"), &["a"], RoleWithoutHolder),
        "role \"viewer\" has no `when`, and no role or API key gives it, so no caller would hold it: say which callers do, in \
         `when`: roles.viewer in the configuration text, line 5"
    );
    assert!(check(&roles(&format!("[roles.viewer]\n{ALICE}")), &["a"]).is_ok());
}

#[test]
fn condition_asks_one_thing_of_its_claim() {
    let with = |asks: &str| roles(&format!("[roles.m]\nwhen = {{ claim = \"g\"{asks} }}"));
    for one in ["equals = 5", "contains = \"x\"", "any = [\"x\", true]"] {
        assert!(check(&with(&format!(", {one}")), &["a"]).is_ok(), "{one}");
    }
    let needs = "a condition needs exactly one of `equals`, `contains` and `any`; this one has";
    for (asks, given) in [
        ("", "none of them"),
        (", equals = \"x\", contains = \"x\"", "equals and contains"),
        (", any = [\"x\"], equals = \"x\"", "equals and any"),
        (", any = [\"x\"], equals = \"x\", contains = \"x\"", "equals and contains and any"),
    ] {
        let message = refused!(&with(asks), &["a"], ConditionAsks);
        assert_eq!(message, format!("{needs} {given}: roles.m.when in the configuration text, line 6"));
    }
}

#[test]
fn condition_names_its_issuer_where_there_are_several() {
    let condition = |issuer: &str| {
        let issuer = if issuer.is_empty() { String::new() } else { format!("issuer = {issuer:?}, ") };
        format!("[roles.m]\nwhen = [{{ {issuer}claim = \"g\", contains = \"x\" }}]\n")
    };
    let one = |issuer: &str| roles(&condition(issuer));
    let two = |issuer: &str| {
        let both = "{ issuer = \"https://i.example\" }, { issuer = \"https://second.example\" }";
        one(issuer).replace("{ issuer = \"https://i.example\" }", both)
    };
    let beside = |issuer: &str| format!("{}[issuer]", one(issuer));

    assert!(check(&one(""), &["a"]).is_ok());
    assert!(check(&one("https://i.example"), &["a"]).is_ok());
    assert!(check(&two("https://second.example"), &["a"]).is_ok());
    assert!(check(&beside("https://i.example"), &["a"]).is_ok());
    assert!(check(&beside("http://127.0.0.1:8080"), &["a"]).is_ok(), "the built-in issuer");
    assert_eq!(
        refused!(&two(""), &["a"], ConditionWithoutIssuer),
        "tokens of several issuers are accepted, and a claim means what its issuer says it means: name the issuer in \
         the condition, issuer = \"…\": roles.m.when in the configuration text, line 6"
    );
    refused!(&beside(""), &["a"], ConditionWithoutIssuer);
    assert_eq!(
        refused!(&one("https://i.example/"), &["a"], ConditionIssuer),
        "tokens of issuer \"https://i.example/\" are not accepted; did you mean \"https://i.example\"?: roles.m.when \
         in the configuration text, line 6"
    );
    refused!(&one("http://127.0.0.1:8080"), &["a"], ConditionIssuer);
}

#[test]
fn sessions_for_anonymous_callers_are_warned_about_where_callers_are_verified() {
    let warnings = |text: &str| check(text, &[""]).unwrap().warnings;
    let some = "[limits]\nanonymous_sessions = 5\n";
    assert_eq!(warnings(&format!("[issuer]\n{some}")), [Warning::AnonymousSessionsUnused]);
    assert_eq!(warnings(&format!("[auth]\nverify = \"none\"\n{some}")), []);
    assert_eq!(warnings("[issuer]\n[limits]\nanonymous_sessions = 0\n"), []);
}

#[test]
fn roles_without_an_issuer_are_warned_about() {
    let warnings = |text: &str| check(text, &[""]).unwrap().warnings;
    let none = format!("[auth]\nverify = \"none\"\n[roles.m]\n{ALICE}");
    assert_eq!(warnings(&none), [Warning::RolesWithoutIssuer]);
    let stdio = format!("server.transport = \"stdio\"\n[roles.m]\n{ALICE}");
    assert_eq!(warnings(&stdio), [Warning::RolesWithoutIssuer]);
    assert_eq!(warnings("[auth]\nverifiers = [\"sessions\"]\n[roles.m]"), [], "a verifier may give it");
    assert_eq!(warnings("[auth]\nverify = \"none\""), []);
    assert_eq!(warnings(&format!("[issuer]\n[roles.m]\n{ALICE}")), []);
    assert_eq!(check(&roles(&format!("[roles.m]\n{ALICE}")), &["a"]).unwrap().warnings, []);
}

#[test]
fn roles_are_at_most_256() {
    let with = |count: usize| {
        let tables: String = (0..count).map(|n| format!("[roles.r{n}]\n{ALICE}\n")).collect();
        roles(&tables)
    };
    assert!(check(&with(256), &["a"]).is_ok());
    assert_eq!(
        refused!(&with(257), &["a"], TooManyRoles),
        "257 roles, at most 256: roles in the configuration text, line 5"
    );
}
