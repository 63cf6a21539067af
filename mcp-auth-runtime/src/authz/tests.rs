//! Every message by its rule: the table of `named` and the decision together.

use std::sync::Arc;

use rmcp::model::{JsonObject, Prompt, Resource, ResourceTemplate, Tool};

mod changed;
mod filled;
mod logins;

use super::*;
use crate::authn::{Identity, holder};
use crate::call::build;
use crate::declared::registry::{OperationId, Registry};
use crate::declared::{Kind, Rule};
use crate::envelope::{Message, Reference};
use mcp_auth_core::{Hierarchy, Scope, ScopeSet};

fn registry() -> Registry {
    let tool = |name: &'static str| Tool::new_with_raw(name, None, JsonObject::new());
    Registry::new(vec![
        build::tool(Rule::PUBLIC, tool("open")),
        build::tool(Rule::AUTHENTICATED, tool("mine")),
        build::tool(build::all(&["read"]), tool("read")),
        build::tool(build::all(&["write", "read"]), tool("both")),
        build::tool(build::any(&["audit", "admin"]), tool("either")),
        build::prompt(build::all(&["read"]), Prompt::new("ask", None::<String>, None)),
        build::resource(build::all(&["read"]), Resource::new("note://all", "all")),
        build::resource_template(build::all(&["read"]), ResourceTemplate::new("note://{id}", "one")),
        build::resource(Rule::PUBLIC, Resource::new("about://", "about")),
        build::method(build::all(&["listen"]), "subscriptions/listen"),
        build::method(Rule::AUTHENTICATED, "completion/complete"),
        build::method(build::all(&["write"]), "acme/report"),
        build::method(Rule::AUTHENTICATED, "tasks/get"),
    ])
    .unwrap()
}

/// A registry and the policy over it. No task has an owner unless a test gives it one.
struct Rules {
    registry: Registry,
    policy: Policy,
}

impl Rules {
    fn decide(&self, message: &Arc<Message>, who: &Identity) -> Result<Permit, Denied> {
        self.decide_with(message, who, None)
    }

    /// The same where the task that the message names was made by `task`.
    fn decide_with(
        &self,
        message: &Arc<Message>,
        who: &Identity,
        task: Option<OperationId>,
    ) -> Result<Permit, Denied> {
        let task = task.map(|operation| Ran { operation, filled: Default::default() });
        match self.policy.decide(&Named::of(message, &self.registry, |_| task), who) {
            Verdict::Allowed(permit) => Ok(permit),
            Verdict::Denied(denied) => Err(denied),
            Verdict::Recent(recent) => unreachable!("{recent:?}"),
            Verdict::Templated(templated) => unreachable!("{templated:?}"),
            Verdict::Guarded(guarded) => unreachable!("{guarded:?}"),
        }
    }
}

fn policy(connect: Connect, visibility: Visibility) -> Rules {
    let scope = |token: &'static str| Scope::new(token).unwrap();
    let hierarchy =
        Hierarchy::new([(scope("admin"), vec![scope("write")]), (scope("write"), vec![scope("read")])]);
    let settings =
        Settings { connect, visibility, base_scopes: ScopeSet::parse_lossy("base"), ..Settings::default() };
    let registry = registry();
    let policy = Policy::compile(registry.rules(), &hierarchy.unwrap(), settings);
    Rules { registry, policy }
}

fn default_policy() -> Rules {
    policy(Connect::Authenticated, Visibility::All)
}

fn tool(name: &str) -> Arc<Message> {
    Arc::new(Message::Tool { name: name.to_owned(), arguments: None })
}

fn other(method: &str) -> Arc<Message> {
    Arc::new(Message::Other { method: method.to_owned() })
}

fn set(scopes: &str) -> ScopeSet {
    ScopeSet::parse_lossy(scopes)
}

#[test]
fn a_public_operation_is_anyones() {
    for identity in [Identity::Anonymous, holder("")] {
        assert!(default_policy().decide(&tool("open"), &identity).is_ok());
    }
}

#[test]
fn an_authenticated_operation_is_for_every_verified_caller_only() {
    assert!(default_policy().decide(&tool("mine"), &holder("")).is_ok());
    let denied = default_policy().decide(&tool("mine"), &Identity::Anonymous).unwrap_err();
    assert_eq!(denied, Denied::Unauthenticated { scopes: set("base") });
}

#[test]
fn all_scopes_means_all_and_the_challenge_names_what_suffices_in_one_go() {
    let policy = default_policy();
    assert!(policy.decide(&tool("both"), &holder("read write")).is_ok());
    for held in ["", "read", "other"] {
        let denied = policy.decide(&tool("both"), &holder(held)).unwrap_err();
        let expected = Denied::InsufficientScope {
            // `write` implies `read`.
            required: set("write"),
            held: if held == "read" { set("read") } else { set("") },
        };
        assert_eq!(denied, expected, "{held}");
    }
    let denied = policy.decide(&tool("both"), &Identity::Anonymous).unwrap_err();
    assert_eq!(denied, Denied::Unauthenticated { scopes: set("base write") });
}

#[test]
fn one_of_any_scope_is_enough_and_the_challenge_names_the_first() {
    let policy = default_policy();
    for held in ["audit", "admin", "audit admin"] {
        assert!(policy.decide(&tool("either"), &holder(held)).is_ok(), "{held}");
    }
    let denied = policy.decide(&tool("either"), &holder("write")).unwrap_err();
    assert_eq!(denied, Denied::InsufficientScope { required: set("audit"), held: set("write") });
}

#[test]
fn a_broader_scope_counts_for_what_it_implies_and_not_the_other_way_round() {
    let policy = default_policy();
    for held in ["read", "write", "admin"] {
        assert!(policy.decide(&tool("read"), &holder(held)).is_ok(), "{held}");
    }
    assert!(policy.decide(&tool("both"), &holder("admin")).is_ok());
    assert!(policy.decide(&tool("both"), &holder("read")).is_err());
}

#[test]
fn a_403_names_declared_scopes_only_of_those_held() {
    let denied = default_policy().decide(&tool("read"), &holder("listen secret base")).unwrap_err();
    assert_eq!(denied, Denied::InsufficientScope { required: set("read"), held: set("base listen") });
}

#[test]
fn messages_without_a_declaration_follow_auth_connect() {
    for method in ["tools/list", "server/discover", "ping", "GET", "DELETE", "no/such", "notifications/x"] {
        let denied = default_policy().decide(&other(method), &Identity::Anonymous).unwrap_err();
        assert_eq!(denied, Denied::Unauthenticated { scopes: set("base") }, "{method}");
        assert!(default_policy().decide(&other(method), &holder("")).is_ok(), "{method}");
        let open = policy(Connect::Anonymous, Visibility::All);
        assert!(open.decide(&other(method), &Identity::Anonymous).is_ok(), "{method}");
    }
    for message in [
        Message::Reply,
        Message::Initialize { protocol_version: "2025-11-25".to_owned() },
        Message::HttpMethod { method: "GET".to_owned() },
    ] {
        let message = Arc::new(message);
        assert!(default_policy().decide(&message, &Identity::Anonymous).is_err());
        assert!(default_policy().decide(&message, &holder("")).is_ok());
    }
}

#[test]
fn a_declared_method_has_its_own_rule_even_where_connecting_is_free() {
    let open = policy(Connect::Anonymous, Visibility::All);
    assert!(open.decide(&other("acme/report"), &Identity::Anonymous).is_err());
    assert!(open.decide(&other("acme/report"), &holder("read")).is_err());
    assert!(open.decide(&other("acme/report"), &holder("write")).is_ok());
}

#[test]
fn completion_needs_its_own_rule_and_that_of_what_is_completed() {
    let policy = policy(Connect::Anonymous, Visibility::All);
    for reference in [
        Reference::Prompt("ask".to_owned()),
        Reference::Resource("note://{id}".to_owned()),
        Reference::Resource("note://7".to_owned()),
    ] {
        let message = Arc::new(Message::Complete { reference, chosen: Default::default() });
        assert!(policy.decide(&message, &holder("read")).is_ok());
        assert!(policy.decide(&message, &holder("")).is_err());
        assert!(policy.decide(&message, &Identity::Anonymous).is_err());
    }
    let public = Message::Complete {
        reference: Reference::Resource("about://".to_owned()),
        chosen: Default::default(),
    };
    assert!(policy.decide(&Arc::new(public), &Identity::Anonymous).is_err(), "the method's own rule holds");
}

#[test]
fn listen_needs_the_rule_of_every_uri() {
    let policy = default_policy();
    let listen =
        |uris: &[&str]| Arc::new(Message::Listen { uris: uris.iter().map(|u| (*u).into()).collect() });
    assert!(policy.decide(&listen(&["about://", "note://1"]), &holder("listen read")).is_ok());
    let denied = policy.decide(&listen(&["about://", "note://1"]), &holder("listen")).unwrap_err();
    assert!(matches!(denied, Denied::InsufficientScope { required, .. } if required == set("listen read")));
    assert!(policy.decide(&listen(&[]), &holder("listen")).is_ok());
    assert!(policy.decide(&listen(&[]), &holder("read")).is_err());
    let unknown = policy.decide(&listen(&["about://", "secret://x"]), &holder("listen read")).unwrap_err();
    assert_eq!(unknown, Denied::Unknown { kind: Kind::Resource, name: "secret://x".to_owned() });
}

#[test]
fn subscribing_needs_the_resources_rule() {
    for message in [
        Message::Subscribe { uri: "note://1".to_owned() },
        Message::Unsubscribe { uri: "note://1".to_owned() },
        Message::Resource { uri: "note://1".to_owned() },
    ] {
        let message = Arc::new(message);
        assert!(default_policy().decide(&message, &holder("read")).is_ok());
        assert!(default_policy().decide(&message, &holder("")).is_err());
    }
}

#[test]
fn a_task_is_reached_under_the_rule_that_created_it() {
    let policy = default_policy();
    let created_by = policy.registry.tool("read");
    let get = |id: &str| Arc::new(Message::Task { method: "tasks/get".to_owned(), task_id: id.to_owned() });
    assert!(policy.decide_with(&get("t1"), &holder("read"), created_by).is_ok());
    let denied = policy.decide_with(&get("t1"), &holder(""), created_by).unwrap_err();
    assert!(matches!(denied, Denied::InsufficientScope { .. }), "the creator without the scope any more");
    let denied = policy.decide_with(&get("t1"), &holder("read"), None).unwrap_err();
    assert_eq!(denied, Denied::Unknown { kind: Kind::Task, name: "t1".to_owned() }, "as if it did not exist");
}

#[test]
fn an_undeclared_task_method_is_unknown_for_every_task() {
    let policy = default_policy();
    for task in [policy.registry.tool("read"), None] {
        let result = Message::Task { method: "tasks/result".to_owned(), task_id: "t1".to_owned() };
        let denied = policy.decide_with(&Arc::new(result.clone()), &holder("read"), task).unwrap_err();
        assert_eq!(denied, Denied::Unknown { kind: Kind::Method, name: "tasks/result".to_owned() });
        let denied = policy.decide_with(&Arc::new(result), &Identity::Anonymous, task).unwrap_err();
        assert!(matches!(denied, Denied::Unauthenticated { .. }), "{denied:?}");
    }
}

#[test]
fn a_permit_carries_what_was_needed_and_the_variables_of_its_uri() {
    let policy = default_policy();
    let read = |uri: &str| Arc::new(Message::Resource { uri: uri.to_owned() });
    let permit = policy.decide(&read("note://a%20b"), &holder("write")).unwrap();
    assert_eq!(permit.need().unwrap().to_string(), "read");
    assert_eq!(permit.variables()["id"], "a b");
    let fixed = policy.decide(&read("note://all"), &holder("read")).unwrap();
    assert!(fixed.variables().is_empty());
    let list = policy.decide(&other("tools/list"), &holder("")).unwrap();
    assert!(list.need().is_none() && list.declared().is_none());
}

#[test]
fn the_policy_names_every_scope_that_an_operation_needs_and_no_other() {
    let policy = default_policy().policy;
    assert_eq!(policy.scopes(), &set("admin audit listen read write"));
    assert_eq!(policy.base_scopes(), &set("base"));
}

#[test]
fn an_operation_that_the_policy_does_not_know_is_unknown() {
    let (connect, visibility) = (Connect::Anonymous, Visibility::All);
    let settings = Settings { connect, visibility, ..Settings::default() };
    let policy = Policy::compile([], &Hierarchy::default(), settings);
    let short = Rules { registry: registry(), policy };
    assert!(matches!(short.decide(&tool("open"), &holder("read")), Err(Denied::Unknown { .. })));
}

#[test]
fn j19_what_is_unknown_and_what_may_not_be_called() {
    let unknown = |name: &str| Denied::Unknown { kind: Kind::Tool, name: name.to_owned() };
    let all = policy(Connect::Authenticated, Visibility::All);
    assert_eq!(all.decide(&tool("nope"), &holder("")).unwrap_err(), unknown("nope"));
    assert!(matches!(all.decide(&tool("read"), &holder("")), Err(Denied::InsufficientScope { .. })));
    let granted = policy(Connect::Authenticated, Visibility::Granted);
    assert_eq!(granted.decide(&tool("nope"), &holder("")).unwrap_err(), unknown("nope"));
    assert_eq!(granted.decide(&tool("read"), &holder("")).unwrap_err(), unknown("read"));
    for policy in [all, granted, policy(Connect::Anonymous, Visibility::All)] {
        for name in ["nope", "mine"] {
            let denied = policy.decide(&tool(name), &Identity::Anonymous).unwrap_err();
            assert_eq!(denied, Denied::Unauthenticated { scopes: set("base") }, "{name}");
        }
    }
}

#[test]
fn lists_show_anonymous_callers_what_is_public_and_others_what_visibility_says() {
    let shown = |visibility, identity: &Identity| -> Vec<String> {
        let policy = policy(Connect::Anonymous, visibility);
        let all = policy.registry.iter().filter(|(id, _)| policy.policy.shows(*id, identity));
        all.map(|(_, declaration)| declaration.name().to_owned()).collect()
    };
    for visibility in [Visibility::All, Visibility::Granted] {
        assert_eq!(shown(visibility, &Identity::Anonymous), ["open", "about://"]);
    }
    assert_eq!(shown(Visibility::All, &holder("")).len(), registry().iter().count());
    let granted = shown(Visibility::Granted, &holder("read"));
    assert_eq!(
        granted,
        [
            "open",
            "mine",
            "read",
            "ask",
            "note://all",
            "note://{id}",
            "about://",
            "completion/complete",
            "tasks/get"
        ]
    );
}

#[test]
fn every_client_message_rmcp_knows_is_ruled_by_what_it_names_or_by_auth_connect() {
    let named = build::all(&["named"]);
    let tool = Tool::new_with_raw("t", None, JsonObject::new());
    let mut declarations = vec![
        build::tool(named.clone(), tool),
        build::prompt(named.clone(), Prompt::new("p", None::<String>, None)),
        build::resource_template(named.clone(), ResourceTemplate::new("todo://{id}", "todo")),
        build::resource(named, Resource::new("a:b", "a")),
    ];
    let task_methods = ["tasks/cancel", "tasks/get", "tasks/result", "tasks/update"];
    declarations.extend(task_methods.map(|method| build::method(Rule::AUTHENTICATED, method)));
    let registry = Registry::new(declarations).unwrap();
    let (connect, visibility) = (Connect::Authenticated, Visibility::All);
    let settings = Settings { connect, visibility, ..Settings::default() };
    let policy = Policy::compile(registry.rules(), &Hierarchy::default(), settings);
    let task = registry.tool("t");
    let rules = Rules { registry, policy };

    for (text, message) in crate::envelope::tests::same_as_rmcp::every_message() {
        let names_something = match &message {
            Message::Tool { .. }
            | Message::Prompt { .. }
            | Message::Resource { .. }
            | Message::Complete { .. }
            | Message::Subscribe { .. }
            | Message::Unsubscribe { .. }
            | Message::Task { .. } => true,
            Message::Listen { uris } => !uris.is_empty(),
            Message::Initialize { .. }
            | Message::Other { .. }
            | Message::Reply
            | Message::HttpMethod { .. } => false,
        };
        let message = Arc::new(message);
        assert!(rules.decide_with(&message, &Identity::Anonymous, task).is_err(), "{text}");
        assert_eq!(rules.decide_with(&message, &holder(""), task).is_err(), names_something, "{text}");
        assert!(rules.decide_with(&message, &holder("named"), task).is_ok(), "{text}");
    }
}

#[test]
fn how_to_come_to_an_operation_is_what_its_challenge_would_ask_for() {
    for visibility in [Visibility::All, Visibility::Granted] {
        let rules = policy(Connect::Anonymous, visibility);
        let access = |name: &str| rules.policy.access(rules.registry.tool(name).unwrap()).unwrap();
        assert_eq!(access("open"), Access { without_login: true, by_login: None });
        for (name, scopes) in
            [("mine", "base"), ("read", "base read"), ("both", "base write"), ("either", "audit base")]
        {
            let expected = Access { without_login: false, by_login: Some(set(scopes)) };
            assert_eq!(access(name), expected, "{name}");
        }
    }
}

#[test]
fn a_guard_may_want_a_login_and_no_scope_is_asked_for_that_no_login_brings() {
    let guarded = |rule: Rule| rule.with_guard("may");
    let rules = [guarded(Rule::PUBLIC), guarded(Rule::AUTHENTICATED), build::all(&["read"])];
    let settings = Settings { base_scopes: set("base"), asks_for_scopes: false, ..Settings::default() };
    let registry = Registry::new(
        (["a", "b", "c"].into_iter().zip(rules))
            .map(|(name, rule)| build::tool(rule, Tool::new_with_raw(name, None, JsonObject::new())))
            .collect(),
    )
    .unwrap();
    let policy = Policy::compile(registry.rules(), &Hierarchy::default(), settings);
    for (name, without_login) in [("a", true), ("b", false), ("c", false)] {
        let expected = Access { without_login, by_login: Some(set("base")) };
        assert_eq!(policy.access(registry.tool(name).unwrap()), Some(expected), "{name}");
    }
}
