//! Tools that were added at run time, and went again.

use super::*;

const FIRST: OperationId = OperationId::FIRST_ADDED;

/// These rules and, of each id, a tool `it` with this rule.
fn with(rules: &Rules, added: &[(OperationId, &str)]) -> Rules {
    let tool = |scope: &str| {
        let rule = Rule::all_of([scope]).unwrap();
        build::tool(rule, Tool::new_with_raw("it", None, JsonObject::new())).published().unwrap()
    };
    let registry = added
        .iter()
        .fold(super::registry(), |registry, (id, scope)| registry.with_added(*id, tool(scope)).unwrap());
    let policy = rules.policy.of(registry.rules());
    Rules { registry, policy }
}

fn it() -> Arc<Message> {
    Arc::new(Message::Tool { name: "it".to_owned(), arguments: None })
}

#[test]
fn an_added_tool_is_decided_by_its_rule_and_a_removed_one_is_unknown() {
    let before = policy(Connect::Authenticated, Visibility::All);
    let unknown = before.decide(&it(), &holder("pets")).unwrap_err();
    assert!(matches!(unknown, Denied::Unknown { .. }));
    let there = with(&before, &[(FIRST, "pets")]);
    let permit = there.decide(&it(), &holder("pets")).unwrap();
    assert_eq!(permit.declared(), Some(FIRST));
    assert!(matches!(there.decide(&it(), &holder("read")), Err(Denied::InsufficientScope { .. })));
    assert!(there.policy.scopes().contains("pets"));
    let gone = with(&there, &[]);
    assert_eq!(gone.decide(&it(), &holder("pets")).unwrap_err(), unknown);
    assert!(!gone.policy.scopes().contains("pets"));
    let other = with(&gone, &[(FIRST.next(), "other")]);
    assert!(matches!(other.decide(&it(), &holder("pets")), Err(Denied::InsufficientScope { .. })));
    assert_eq!(other.decide(&it(), &holder("other")).unwrap().declared(), Some(FIRST.next()));
}

#[test]
fn what_a_removed_tool_left_is_read_by_its_own_rule() {
    let there = with(&policy(Connect::Authenticated, Visibility::All), &[(FIRST, "pets")]);
    let other = with(&with(&there, &[]), &[(FIRST.next(), "other")]);
    let ran = Ran { operation: FIRST, filled: None };
    assert!(other.policy.admits_to(&ran, &holder("pets")));
    assert!(!other.policy.admits_to(&ran, &holder("other")));
    let denied = other.policy.denied([FIRST], &holder("other")).unwrap();
    assert!(matches!(denied, Denied::InsufficientScope { required, .. } if required.contains("pets")));
    // Nothing is known of a tool that never was there, so nobody reads what it left.
    let ran = Ran { operation: FIRST.next().next(), filled: None };
    assert!(!other.policy.admits_to(&ran, &holder("pets other")));
    assert_eq!(other.policy.denied([ran.operation], &holder("pets")), None);
}

#[test]
fn of_tools_without_end_only_the_last_ones_are_known() {
    let (mut rules, mut id) = (policy(Connect::Authenticated, Visibility::All), FIRST);
    for _ in 0..4200 {
        rules.policy = rules.policy.of([(id, &Rule::AUTHENTICATED)]);
        id = id.next();
    }
    let (mut last, ran) = (FIRST, |operation| Ran { operation, filled: None });
    assert!(!rules.policy.admits_to(&ran(last), &holder("")));
    for _ in 0..4000 {
        last = last.next();
    }
    assert!(rules.policy.admits_to(&ran(last), &holder("")));
}
