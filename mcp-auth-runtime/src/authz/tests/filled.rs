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
        build::resource_template(
            build::all(&["buckets:{bucket}:list", "dirs:{dir}:read"]),
            ResourceTemplate::new("files://{bucket}/{dir}", "one"),
        ),
        build::resource_template(
            build::all(&["both:{bucket}:{dir}:read"]),
            ResourceTemplate::new("both://{bucket}/{dir}", "one"),
        ),
        build::resource_template(
            build::any(&["lists:{bucket}:see", "dirs:{dir}:read"]),
            ResourceTemplate::new("any://{bucket}/{dir}", "one"),
        ),
        build::prompt(build::all(&["parts:{place.bucket}:{dir}"]), Prompt::new("part", None::<String>, None))
            .with_prompt_input(place()),
        build::prompt(build::all(&["files:{place.bucket}:read"]), Prompt::new("sum", None::<String>, None))
            .with_prompt_input(place()),
        build::method(Rule::AUTHENTICATED, "tasks/get"),
        build::method(Rule::AUTHENTICATED, "subscriptions/listen"),
    ])
    .unwrap();
    let scope = |token: &'static str| Scope::new(token).unwrap();
    let hierarchy = Hierarchy::new([(scope("all"), vec![scope("files:a:read")])]).unwrap();
    let policy = Policy::compile(registry.rules(), &hierarchy, settings);
    Rules { registry, policy }
}

fn place() -> Arc<JsonObject> {
    let bucket = serde_json::json!({ "type": "object", "properties": { "bucket": { "type": "string" } } });
    let properties = serde_json::json!({ "place": bucket, "dir": { "type": "string" } });
    let schema = serde_json::json!({ "type": "object", "properties": properties });
    Arc::new(schema.as_object().unwrap().clone())
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
            Verdict::Recent(recent) => unreachable!("{recent:?}"),
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
    assert!(matches!(unfit, Err(Denied::Unfit { .. })), "{unfit:?}");
}

#[test]
fn a_task_and_what_a_session_delivers_need_the_scope_of_the_call_that_made_them() {
    let rules = filled_rules();
    let get = Arc::new(Message::Task { method: "tasks/get".to_owned(), task_id: "t".to_owned() });
    let permit = rules.call("open", "a", "files:a:read").unwrap();
    let made = permit.ran(rules.registry.tool("open")).next().unwrap();
    assert_eq!(made.filled.as_ref().unwrap()["files:{bucket}:read"], "files:a:read");
    let unknown = Ran { filled: Some(Default::default()), ..made.clone() };
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

#[test]
fn what_no_method_ran_for_leaves_a_session_to_who_may_use_the_operation() {
    let rules = filled_rules();
    let (reader, open) = (holder("files:a:read"), rules.registry.tool("open"));
    let misfit = rules.fill(
        &Arc::new(Message::Tool { name: "open".to_owned(), arguments: Some(args("bucket", &1.into())) }),
        &reader,
        None,
    );
    for unfit in [rules.call("open", "a/b", "files:a:read"), misfit] {
        let made = unfit.unwrap().ran(open).next().unwrap();
        assert_eq!(made.filled, None);
        assert!(rules.policy.admits_to(&made, &reader) && rules.policy.admits_to(&made, &holder("")));
        assert!(!rules.policy.admits_to(&made, &Identity::Anonymous));
    }
    let uri = "bucket://a".to_owned();
    let gone = rules.fill(&Arc::new(Message::Unsubscribe { uri: uri.clone() }), &reader, None).unwrap();
    let id = rules.registry.resource("bucket://a");
    assert_eq!(gone.ran(id).next().unwrap().filled, None);
    // What is subscribed to is delivered, with its value.
    let kept = rules.fill(&Arc::new(Message::Subscribe { uri }), &reader, None).unwrap();
    let made = kept.ran(id).next().unwrap();
    assert!(
        rules.policy.admits_to(&made, &reader) && !rules.policy.admits_to(&made, &holder("files:b:read"))
    );
}

#[test]
fn each_value_of_one_message_is_remembered() {
    let rules = filled_rules();
    let uris = ["bucket://a", "bucket://b"].map(str::to_owned).to_vec();
    let permit = rules.fill(&Arc::new(Message::Listen { uris }), &holder("files:a:read files:b:read"), None);
    let made: Vec<Ran> = permit.unwrap().ran(rules.registry.resource("bucket://a")).collect();
    assert_eq!(made.len(), 2);
    let may = |held: &str| made.iter().all(|ran| rules.policy.admits_to(ran, &holder(held)));
    assert!(may("files:a:read files:b:read") && !may("files:a:read") && !may("files:b:read"));
}

#[test]
fn a_completion_needs_the_scopes_of_the_values_that_are_chosen_already() {
    let rules = filled_rules();
    let asks = |uri: &str, chosen: &[(&str, &str)], held: &str| {
        let chosen = chosen.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let reference = Reference::Resource(uri.to_owned());
        rules.fill(&Arc::new(Message::Complete { reference, chosen }), &holder(held), None)
    };
    let template = "bucket://{bucket}";
    // Nothing is chosen yet: the rest of the rule decides.
    assert!(asks(template, &[], "").is_ok() && asks(template, &[("other", "b")], "").is_ok());
    for (uri, chosen, held, lacks) in [
        (template, &[("bucket", "a")][..], "files:a:read", None),
        (template, &[("bucket", "b")], "files:a:read", Some("files:b:read")),
        ("bucket://a", &[], "files:a:read", None),
        ("bucket://b", &[], "files:a:read", Some("files:b:read")),
        // Both are said: which of them the method reads is not known.
        ("bucket://a", &[("bucket", "b")], "files:a:read", Some("files:b:read")),
        ("bucket://b", &[("bucket", "a")], "files:a:read", Some("files:b:read")),
    ] {
        let said = asks(uri, chosen, held);
        assert_eq!(said.as_ref().err().cloned().map(lacked).as_deref(), lacks, "{uri} {chosen:?}: {said:?}");
    }
    let unfit = asks(template, &[("bucket", "a b")], "files:a:read");
    assert!(matches!(unfit, Err(Denied::Unfit { .. })), "{unfit:?}");
    assert!(asks(template, &[("bucket", "a b")], "all files:a:read").is_err());
}

#[test]
fn j52_a_completion_is_decided_by_what_is_chosen_also_where_something_is_still_to_be() {
    let rules = filled_rules();
    for (reference, chosen, held, may) in [
        // Of two scopes one is filled.
        ("files://{bucket}/{dir}", &[("bucket", "a")][..], "buckets:a:list", true),
        ("files://{bucket}/{dir}", &[("bucket", "secret")], "buckets:a:list", false),
        ("files://{bucket}/{dir}", &[("bucket", "secret")], "", false),
        ("files://{bucket}/{dir}", &[("dir", "d")], "dirs:d:read", true),
        ("files://{bucket}/{dir}", &[("dir", "d")], "buckets:a:list", false),
        ("files://{bucket}/{dir}", &[("bucket", "a"), ("dir", "d")], "buckets:a:list dirs:d:read", true),
        ("files://{bucket}/{dir}", &[("bucket", "a"), ("dir", "d")], "buckets:a:list", false),
        // Of one scope a part is.
        ("both://{bucket}/{dir}", &[("bucket", "a")], "both:a:d:read", true),
        ("both://{bucket}/{dir}", &[("bucket", "secret")], "both:a:d:read", false),
        ("both://{bucket}/{dir}", &[("dir", "d")], "both:a:d:read", true),
        ("both://{bucket}/{dir}", &[("dir", "e")], "both:a:d:read", false),
        ("both://{bucket}/{dir}", &[("bucket", "a")], "", false),
        ("both://{bucket}/{dir}", &[], "", true),
        // An alternative of which nothing is chosen opens nothing to who holds none of its kind.
        ("any://{bucket}/{dir}", &[("bucket", "secret")], "", false),
        ("any://{bucket}/{dir}", &[("bucket", "secret")], "lists:a:see", false),
        ("any://{bucket}/{dir}", &[("bucket", "a")], "lists:a:see", true),
        ("any://{bucket}/{dir}", &[("bucket", "secret")], "dirs:d:read", true),
        ("any://{bucket}/{dir}", &[], "", true),
        // What is chosen and is not a text fills nothing.
        ("part", &[("place", r#"{"bucket":"a"}"#)], "parts:a:d", true),
        ("part", &[("place", "secret")], "parts:a:d", false),
        ("part", &[("place", r#"{"bucket":["a"]}"#)], "parts:a:d", false),
        ("part", &[("dir", "d")], "parts:a:d", true),
        // An argument of a prompt is text, and is read as the method reads it.
        ("sum", &[("place", r#"{"bucket":"a"}"#)], "files:a:read", true),
        ("sum", &[("place", r#"{"bucket":"a"}"#)], "all", true),
        ("sum", &[("place", r#"{"bucket":"secret"}"#)], "files:a:read", false),
        ("sum", &[("place", "secret")], "files:a:read", false),
        ("sum", &[], "", true),
    ] {
        let named = match reference.contains("://") {
            true => Reference::Resource(reference.to_owned()),
            false => Reference::Prompt(reference.to_owned()),
        };
        let chosen = chosen.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let message = Arc::new(Message::Complete { reference: named, chosen });
        let said = rules.fill(&message, &holder(held), None);
        assert_eq!(said.is_ok(), may, "{reference} {held:?}: {said:?}");
        // What a completion leaves in a session keeps nobody out who asked for it.
        let id = match reference.contains("://") {
            true => rules.registry.resource_template(reference),
            false => rules.registry.prompt(reference),
        };
        let mut made = said.iter().flat_map(|permit| permit.ran(id).collect::<Vec<_>>());
        assert!(made.all(|ran| rules.policy.admits_to(&ran, &holder(held))), "{reference} {held:?}");
    }
}

#[test]
fn an_answer_names_so_many_filled_scopes_as_pass_every_proxy() {
    let rules = filled_rules();
    let uris: Vec<String> = (0..2000).map(|n| format!("bucket://b{n}")).collect();
    let many: String = (0..2000).map(|n| format!("files:h{n}:read ")).collect();
    let denied = rules.fill(&Arc::new(Message::Listen { uris }), &holder(&many), None).unwrap_err();
    let Denied::InsufficientScope { required, held } = denied else { panic!("{denied:?}") };
    for named in [required, held] {
        assert!((64..=2048).contains(&named.to_string().len()), "{}", named.to_string().len());
    }
}

fn args(name: &str, value: &serde_json::Value) -> JsonObject {
    [(name.to_owned(), value.clone())].into_iter().collect()
}
