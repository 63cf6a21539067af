//! The login behind a credential, decided.

use super::*;
use crate::authn::{Held, Login, holder_of};
use crate::authz::LoginFault;
use mcp_auth_core::LoginTerms;

const NOW: u64 = 10_000;

fn rules(visibility: Visibility) -> Rules {
    let tool =
        |name: &'static str, rule| build::tool(rule, Tool::new_with_raw(name, None, JsonObject::new()));
    let template = |rule, uri: &str| build::resource_template(rule, ResourceTemplate::new(uri, "one"));
    let registry = Registry::new(vec![
        tool("pay", build::all(&["pay"]).with_login(build::login(300, &[]))),
        tool("sign", Rule::AUTHENTICATED.with_login(build::login(0, &["phr", "phrh"]))),
        tool("close", build::all(&["pay"]).with_login(build::login(60, &["phr"]))),
        tool(
            "boss",
            Rule::AUTHENTICATED
                .with_any_role(build::any_role(&["boss"]))
                .with_login(build::login(300, &[]))
                .with_guard("g"),
        ),
        template(Rule::AUTHENTICATED.with_login(build::login(600, &[])), "a://{x}"),
        template(Rule::AUTHENTICATED.with_login(build::login(60, &[])), "b://{x}"),
        build::method(Rule::AUTHENTICATED, "tasks/get"),
    ])
    .unwrap();
    let settings = Settings { visibility, ..Settings::default() };
    let policy = Policy::compile(registry.rules(), &Hierarchy::default(), settings);
    Rules { registry, policy }
}

fn person(scopes: &str, auth_time: Option<u64>, acr: &[&str]) -> Identity {
    let acr = acr.iter().map(|acr| (*acr).to_owned()).collect();
    holder_of(Held { login: Some(Login { auth_time, acr }), ..Held::of(ScopeSet::parse_lossy(scopes)) })
}

impl Rules {
    /// What comes of it at [`NOW`].
    fn now(&self, message: &Arc<Message>, who: &Identity, task: Option<Ran>) -> Verdict {
        match self.policy.decide(&Named::of(message, &self.registry, |_| task), who) {
            Verdict::Recent(recent) => recent.at(Some(NOW)),
            other => other,
        }
    }

    fn denied(&self, name: &str, who: &Identity) -> Option<Denied> {
        match self.now(&tool(name), who, None) {
            Verdict::Denied(denied) => Some(denied),
            Verdict::Allowed(_) => None,
            other => panic!("{other:?}"),
        }
    }

    fn fault(&self, name: &str, who: &Identity) -> Option<LoginFault> {
        match self.denied(name, who)? {
            Denied::InsufficientLogin { fault, .. } => Some(fault),
            Denied::NoPerson { .. } => Some(LoginFault::NoPerson),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_login_is_held_against_the_time_and_the_ways_that_are_needed() {
    let rules = rules(Visibility::All);
    for (name, auth_time, acr, fault) in [
        ("pay", Some(NOW), &[][..], None),
        ("pay", Some(NOW - 300), &[], None),
        ("pay", Some(NOW - 301), &[], Some(LoginFault::Old)),
        ("pay", None, &["phr"], Some(LoginFault::NoTime)),
        ("sign", None, &["pwd", "phrh"], None),
        ("sign", Some(NOW), &["pwd"], Some(LoginFault::Other)),
        ("sign", Some(NOW), &["PHR"], Some(LoginFault::Other)),
        ("sign", Some(NOW), &[], Some(LoginFault::NoAcr)),
        ("close", Some(NOW - 60), &["phr"], None),
        ("close", Some(NOW - 61), &["phr"], Some(LoginFault::Old)),
        ("close", Some(NOW), &["phrh"], Some(LoginFault::Other)),
        ("close", None, &["phr"], Some(LoginFault::NoTime)),
    ] {
        assert_eq!(rules.fault(name, &person("pay", auth_time, acr)), fault, "{name} {auth_time:?} {acr:?}");
    }
}

#[test]
fn what_is_needed_of_a_login_is_said_whole_with_the_scopes_that_the_next_token_should_hold() {
    let rules = rules(Visibility::All);
    let terms = build::login(60, &["phr"]);
    for login in [(Some(NOW - 61), &["phr"][..]), (Some(NOW), &[]), (None, &["phr"])] {
        match rules.denied("close", &person("other pay", login.0, login.1)) {
            Some(Denied::InsufficientLogin { terms: said, scopes, .. }) => {
                assert_eq!((said, scopes), (terms.clone(), set("pay")), "{login:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_role_a_person_and_scopes_are_said_before_the_login() {
    let rules = rules(Visibility::All);
    let old = person("", None, &[]);
    assert!(matches!(rules.denied("pay", &old), Some(Denied::InsufficientScope { .. })));
    assert!(matches!(rules.denied("boss", &old), Some(Denied::MissingRole { .. })));
    for scopes in ["", "pay"] {
        let key = holder_of(Held { is_fixed: true, ..Held::of(set(scopes)) });
        assert!(matches!(rules.denied("pay", &key), Some(Denied::NoPerson { .. })), "no scope mends that");
    }
    assert!(matches!(rules.denied("pay", &Identity::Anonymous), Some(Denied::Unauthenticated { .. })));
}

#[test]
fn the_guard_is_not_asked_of_an_old_login() {
    let rules = rules(Visibility::All);
    let boss = |auth_time| {
        let login = Some(Login { auth_time: Some(auth_time), acr: Vec::new() });
        holder_of(Held { roles: ["boss".parse().unwrap()].into_iter().collect(), login, ..Held::default() })
    };
    assert!(matches!(rules.now(&tool("boss"), &boss(NOW), None), Verdict::Guarded(_)));
    assert!(matches!(rules.now(&tool("boss"), &boss(0), None), Verdict::Denied(_)));
}

#[test]
fn without_a_time_nothing_that_needs_one_is_allowed() {
    let rules = rules(Visibility::All);
    let message = tool("pay");
    let who = person("pay", Some(u64::MAX), &[]);
    match rules.policy.decide(&Named::of(&message, &rules.registry, |_| None), &who) {
        Verdict::Recent(recent) => assert!(matches!(recent.at(None), Verdict::Denied(_))),
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_several_operations_the_shortest_age_counts() {
    let rules = rules(Visibility::All);
    let listen = Arc::new(Message::Listen { uris: vec!["a://1".to_owned(), "b://1".to_owned()] });
    let at = |auth_time| rules.now(&listen, &person("", Some(auth_time), &[]), None);
    assert!(matches!(at(NOW - 60), Verdict::Allowed(_)));
    match at(NOW - 61) {
        Verdict::Denied(Denied::InsufficientLogin { terms, .. }) => assert_eq!(terms, build::login(60, &[])),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_task_goes_on_when_its_login_gets_old_and_not_for_a_weaker_one() {
    let rules = rules(Visibility::All);
    let get = Arc::new(Message::Task { method: "tasks/get".to_owned(), task_id: "t".to_owned() });
    let made = |name: &str| rules.registry.tool(name).map(|operation| Ran { operation, filled: None });
    let asks = |name: &str, who: &Identity| rules.now(&get, who, made(name));
    assert!(matches!(asks("pay", &person("pay", Some(0), &[])), Verdict::Allowed(_)));
    assert!(matches!(asks("close", &person("pay", Some(0), &["phr"])), Verdict::Allowed(_)));
    assert!(matches!(asks("close", &person("pay", Some(0), &["pwd"])), Verdict::Denied(_)));
    assert!(matches!(asks("pay", &holder_of(Held::of(set("pay")))), Verdict::Denied(_)));
}

#[test]
fn where_only_what_is_granted_is_seen_a_stronger_login_is_no_news() {
    let rules = rules(Visibility::Granted);
    let weak = person("pay", Some(NOW), &["pwd"]);
    assert!(matches!(rules.denied("close", &weak), Some(Denied::Unknown { .. })));
    let shows = |name: &str, who: &Identity| rules.policy.shows(rules.registry.tool(name).unwrap(), who);
    assert!(!shows("close", &weak) && shows("close", &person("pay", Some(0), &["phr"])));
    // An old login is mended by logging in again.
    assert_eq!(rules.fault("pay", &person("pay", Some(0), &[])), Some(LoginFault::Old));
}

#[test]
fn what_is_needed_is_said_in_one_sentence() {
    for (terms, fault, said) in [
        (build::login(300, &[]), LoginFault::Old, "this needs a login that is not older than 5m"),
        (
            build::login(3600, &["phr", "mfa"]),
            LoginFault::NoTime,
            "this needs a login that is not older than 1h by phr or mfa, and the token does not say when its person logged in",
        ),
        (
            build::login(0, &["phr"]),
            LoginFault::NoAcr,
            "this needs a login by phr, and the token does not say by what its person logged in",
        ),
        (
            build::login(60, &[]),
            LoginFault::NoPerson,
            "this needs a login that is not older than 1m, and no person logs in for such a credential",
        ),
    ] {
        assert_eq!(crate::authz::login_needed(&terms, fault).to_string(), said);
    }
    assert!(LoginTerms::NONE.is_empty());
}
