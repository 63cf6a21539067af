//! Scopes that a call fills, decided.

use super::*;

/// A tool that is called with a bucket, one that anyone with a scope may use instead, and a method of tasks.
fn filled_rules() -> Rules {
    filled_rules_with(Settings::default())
}

fn filled_rules_with(settings: Settings) -> Rules {
    let tool = |name: &'static str, rule| build::tool(rule, with_bucket(name));
    let registry = Registry::new(vec![
        tool("open", build::all(&["files:{bucket}:read"])),
        tool("either", build::any_of(&[&["list", "files:{bucket}:read"], &["write"]])),
        build::resource_template(
            build::all(&["files:{bucket}:read"]),
            ResourceTemplate::new("bucket://{bucket}", "one"),
        ),
        build::method(Rule::AUTHENTICATED, "tasks/get"),
        build::method(Rule::AUTHENTICATED, "subscriptions/listen"),
    ])
    .unwrap();
    let scope = |token: &'static str| Scope::new(token).unwrap();
    let hierarchy = Hierarchy::new([(scope("all"), vec![scope("files:a:read")])]).unwrap();
    let policy = Policy::compile(registry.rules(), &hierarchy, settings);
    Rules { registry, policy }
}

fn with_bucket(name: &'static str) -> Tool {
    let schema = serde_json::json!({ "type": "object", "properties": { "bucket": { "type": "string" } } });
    let serde_json::Value::Object(schema) = schema else { unreachable!() };
    Tool::new_with_raw(name, None, schema)
}

impl Rules {
    fn fill(&self, message: &Arc<Message>, who: &Identity, task: Option<Ran>) -> Result<Permit, Denied> {
        match self.policy.decide(&Named::of(message, &self.registry, |_| task), who) {
            Verdict::Allowed(permit) => Ok(permit),
            Verdict::Denied(denied) => Err(denied),
            Verdict::Guarded(guarded) => unreachable!("{guarded:?}"),
            Verdict::Templated(templated) => match self.policy.fill(templated, &self.registry)? {
                Verdict::Allowed(permit) => Ok(permit),
                other => unreachable!("{other:?}"),
            },
        }
    }

    fn call(&self, name: &str, bucket: &str, held: &str) -> Result<Permit, Denied> {
        let serde_json::Value::Object(arguments) = serde_json::json!({ "bucket": bucket }) else {
            unreachable!()
        };
        let call = Message::Tool { name: name.to_owned(), arguments: Some(arguments) };
        self.fill(&Arc::new(call), &holder(held), None)
    }
}

fn lacked(denied: Denied) -> String {
    match denied {
        Denied::InsufficientScope { required, .. } => required.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_needs_the_scope_that_its_own_value_makes() {
    let rules = filled_rules();
    assert!(rules.call("open", "a", "files:a:read").is_ok());
    assert!(rules.call("open", "a", "all").is_ok(), "by the hierarchy");
    assert_eq!(lacked(rules.call("open", "b", "all files:a:read").unwrap_err()), "files:b:read");
    assert_eq!(
        lacked(rules.call("either", "b", "files:b:read").unwrap_err()),
        "list",
        "the rest is said first"
    );
    assert_eq!(lacked(rules.call("either", "b", "list").unwrap_err()), "files:b:read list");
    assert!(rules.call("either", "b/", "write").is_ok(), "whatever is called with");
    let unfit = rules.call("open", "a b", "files:a:read").unwrap();
    assert!(unfit.unfit().is_some_and(|why| why.contains("`bucket`")), "no method runs by it");
    let nothing = Arc::new(Message::Tool { name: "open".to_owned(), arguments: None });
    assert!(rules.fill(&nothing, &holder("files:a:read"), None).unwrap().unfit().is_some());
    assert!(matches!(
        rules.fill(&nothing, &Identity::Anonymous, None),
        Err(Denied::Unauthenticated { scopes }) if scopes.is_empty()
    ));
}

#[test]
fn each_uri_of_a_subscription_needs_its_own_scope() {
    let rules = filled_rules();
    let listen = |uris: &[&str]| {
        Arc::new(Message::Listen { uris: uris.iter().map(|uri| (*uri).to_owned()).collect() })
    };
    let both = listen(&["bucket://a", "bucket://b"]);
    assert!(rules.fill(&both, &holder("files:a:read files:b:read"), None).is_ok());
    let denied = rules.fill(&both, &holder("files:a:read"), None).unwrap_err();
    assert_eq!(lacked(denied), "files:b:read");
    let unfit = rules.fill(&listen(&["bucket://a", "bucket://a%20b"]), &holder("files:a:read"), None);
    assert!(matches!(unfit, Err(Denied::Refused { .. })), "{unfit:?}");
}

#[test]
fn a_task_and_what_a_session_delivers_need_the_scope_of_the_call_that_made_them() {
    let rules = filled_rules();
    let get = Arc::new(Message::Task { method: "tasks/get".to_owned(), task_id: "t".to_owned() });
    let permit = rules.call("open", "a", "files:a:read").unwrap();
    let made = permit.ran(rules.registry.tool("open")).next().unwrap();
    assert_eq!(made.filled["files:{bucket}:read"], "files:a:read");
    let unknown = Ran { filled: Default::default(), ..made.clone() };
    for (held, made, may) in [
        ("files:a:read", &made, true),
        ("all", &made, true),
        ("files:b:read", &made, false),
        ("", &made, false),
        ("files:a:read", &unknown, false),
    ] {
        assert_eq!(rules.fill(&get, &holder(held), Some(made.clone())).is_ok(), may, "{held}");
        assert_eq!(rules.policy.admits_to(made, &holder(held)), may, "{held}");
    }
    assert!(!rules.policy.admits_to(&made, &Identity::Anonymous));
    let denied = rules.policy.denied([made.operation], &holder("files:b:read"));
    assert!(matches!(denied, Some(Denied::Refused { .. })), "{denied:?}");
}

#[test]
fn a_value_with_more_characters_is_remembered_of_a_call_as_it_was_decided() {
    let wide = "files:{}:read".parse::<mcp_auth_core::ScopeFamily>().unwrap().with_characters("/").unwrap();
    let rules = filled_rules_with(Settings { wider: vec![wide], ..Settings::default() });
    let permit = rules.call("open", "a/b", "files:a/b:read").unwrap();
    assert_eq!(permit.unfit(), None);
    let made = permit.ran(rules.registry.tool("open")).next().unwrap();
    assert!(rules.policy.admits_to(&made, &holder("files:a/b:read")));
    assert!(!rules.policy.admits_to(&made, &holder("files:a:read")));
}
