//! Which roles the claims of a credential give. Read once, when the credential is verified: no decision computes a role.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use mcp_auth_core::{Role, RoleSet, ScopeSet};

/// Which roles the claims of one issuer's credentials give. Plain data: it knows nothing of configuration files.
#[derive(Debug, Clone, Default)]
pub struct RoleRules(Vec<RoleRule>);

/// The roles that one claim gives when it says one of these values.
#[derive(Debug, Clone)]
pub struct RoleRule {
    /// The issuers of principals that it is about; without it, all of them.
    pub of: Option<Vec<String>>,
    /// The claim's name; several names lead into nested objects. A name is never split.
    pub claim: Vec<String>,
    /// What the claim may be: strings, booleans, whole numbers.
    pub equals: Vec<Value>,
    /// What the claim may contain, as a list of strings or as an object's keys.
    pub contains: Vec<String>,
    /// What it then gives: a role, and all that the role implies.
    pub gives: RoleSet,
}

/// The scopes that roles give to credentials that hold none of their own.
#[derive(Debug, Clone, Default)]
pub struct RoleGrants(BTreeMap<Role, ScopeSet>);

impl RoleGrants {
    /// What all of these roles give together.
    pub fn of(&self, roles: &RoleSet) -> ScopeSet {
        let given = roles.into_iter().filter_map(|role| self.0.get(role));
        given.flatten().cloned().collect()
    }
}

impl FromIterator<(Role, ScopeSet)> for RoleGrants {
    fn from_iter<I: IntoIterator<Item = (Role, ScopeSet)>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl RoleRules {
    /// The roles that these claims give a principal of `issuer`: none where no rule is met, and then nothing is copied.
    pub fn held(&self, issuer: &str, claims: &Map<String, Value>) -> RoleSet {
        let met = self.0.iter().filter(|rule| rule.is_about(issuer) && rule.is_met_by(claims));
        met.flat_map(|rule| &rule.gives).cloned().collect()
    }
}

impl Extend<RoleRule> for RoleRules {
    fn extend<I: IntoIterator<Item = RoleRule>>(&mut self, iter: I) {
        self.0.extend(iter);
    }
}

impl FromIterator<RoleRule> for RoleRules {
    fn from_iter<I: IntoIterator<Item = RoleRule>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl RoleRule {
    fn is_about(&self, issuer: &str) -> bool {
        self.of.as_ref().is_none_or(|of| of.iter().any(|named| named == issuer))
    }

    /// Whether the claim is there and says one of the values. A claim of another shape says none of them.
    fn is_met_by(&self, claims: &Map<String, Value>) -> bool {
        match self.find(claims) {
            Some(Value::Array(items)) => {
                items.iter().all(Value::is_string) && self.contains.iter().any(|wanted| has(items, wanted))
            }
            Some(Value::Object(members)) => self.contains.iter().any(|key| stands_in(members, key)),
            Some(plain) => self.equals.contains(plain),
            None => false,
        }
    }

    /// The claim, through nested objects and nothing else.
    fn find<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a Value> {
        let (first, rest) = self.claim.split_first()?;
        rest.iter().try_fold(claims.get(first)?, |at, name| at.as_object()?.get(name))
    }
}

fn has(items: &[Value], wanted: &str) -> bool {
    items.iter().any(|item| item.as_str() == Some(wanted))
}

/// Whether an object has this key. One that is null or false there says that it has not.
fn stands_in(members: &Map<String, Value>, key: &str) -> bool {
    members.get(key).is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// A rule that gives `manager`, and what it implies.
    fn rule(claim: &[&str], equals: &[Value], contains: &[&str]) -> RoleRule {
        let gives = ["manager", "viewer"].iter().map(|name| name.parse().unwrap()).collect();
        RoleRule { of: None, claim: path(claim), equals: equals.to_vec(), contains: path(contains), gives }
    }

    fn held(rule: RoleRule, claims: &Value) -> String {
        let rules: RoleRules = [rule].into_iter().collect();
        rules.held("https://a.example", claims.as_object().unwrap()).to_string()
    }

    #[track_caller]
    fn gives(rule: &RoleRule, claims: Value) {
        assert_eq!(held(rule.clone(), &claims), "manager viewer", "{claims}");
    }

    #[track_caller]
    fn gives_nothing(rule: &RoleRule, claims: Value) {
        assert_eq!(held(rule.clone(), &claims), "", "{claims}");
    }

    /// As deep as the strict reading of a token lets through, and deeper.
    fn nested(levels: usize, innermost: Value) -> Value {
        (0..levels).fold(innermost, |inner, _| json!([inner]))
    }

    #[test]
    fn equal_claim_gives_the_role_with_what_it_implies_and_another_does_not() {
        let department = rule(&["department"], &[json!("support")], &[]);
        gives(&department, json!({ "department": "support" }));
        for other in
            ["", "Support", "support ", "suppor", "supports", "support sales", "\"support\"", "su\u{440}port"]
        {
            gives_nothing(&department, json!({ "department": other }));
        }
        gives_nothing(&department, json!({}));
        gives_nothing(&department, json!({ "Department": "support" }));
    }

    #[test]
    fn boolean_and_whole_number_are_equal_to_themselves_only() {
        let yes = rule(&["staff"], &[json!(true)], &[]);
        gives(&yes, json!({ "staff": true }));
        for other in
            [json!(false), json!("true"), json!(1), json!(null), json!([true]), json!({ "true": true })]
        {
            gives_nothing(&yes, json!({ "staff": other }));
        }
        let five = rule(&["level"], &[json!(5)], &[]);
        gives(&five, json!({ "level": 5 }));
        for other in [json!(5.0), json!(50), json!(-5), json!("5"), json!(true), json!([5]), json!(u64::MAX)]
        {
            gives_nothing(&five, json!({ "level": other }));
        }
        gives(&rule(&["level"], &[json!(-5)], &[]), json!({ "level": -5 }));
    }

    #[test]
    fn list_that_holds_the_value_gives_the_role_and_a_string_contains_nothing() {
        let groups = rule(&["groups"], &[], &["todo-managers"]);
        gives(&groups, json!({ "groups": ["all", "todo-managers"] }));
        for other in [
            json!([]),
            json!(["all"]),
            json!(["all todo-managers"]),
            json!(["TODO-MANAGERS"]),
            json!("todo-managers"),
            json!("all todo-managers"),
            json!(null),
            json!(true),
            json!(5),
        ] {
            gives_nothing(&groups, json!({ "groups": other }));
        }
    }

    #[test]
    fn list_of_anything_but_strings_gives_nothing() {
        let groups = rule(&["groups"], &[json!("todo-managers")], &["todo-managers"]);
        for other in [
            json!(["todo-managers", 5]),
            json!(["todo-managers", null]),
            json!(["todo-managers", ["todo-managers"]]),
            json!([["todo-managers"]]),
            json!([{ "todo-managers": true }]),
            nested(30, json!("todo-managers")),
            nested(500, json!("todo-managers")),
        ] {
            gives_nothing(&groups, json!({ "groups": other }));
        }
    }

    #[test]
    fn object_with_the_key_gives_the_role_unless_it_is_null_or_false_there() {
        let roles = rule(&["urn:zitadel:iam:org:project:roles"], &[], &["todo-managers"]);
        let with = |value: Value| json!({ "urn:zitadel:iam:org:project:roles": { "todo-managers": value } });
        gives(&roles, with(json!({ "1234": "acme.example" })));
        gives(&roles, with(json!({})));
        gives(&roles, with(json!(true)));
        gives_nothing(&roles, with(json!(null)));
        gives_nothing(&roles, with(json!(false)));
        gives_nothing(&roles, json!({ "urn:zitadel:iam:org:project:roles": { "other": "todo-managers" } }));
        gives_nothing(
            &roles,
            json!({ "urn:zitadel:iam:org:project:roles": { "other": { "todo-managers": {} } } }),
        );
        // What must be equal to a string is never a key.
        let equal = rule(&["role"], &[json!("todo-managers")], &[]);
        gives_nothing(&equal, json!({ "role": { "todo-managers": {} } }));
        gives_nothing(&equal, json!({ "role": ["todo-managers"] }));
    }

    #[test]
    fn several_names_lead_into_nested_objects_and_no_name_is_split() {
        let nested = rule(&["realm_access", "roles"], &[], &["todo-managers"]);
        gives(&nested, json!({ "realm_access": { "roles": ["todo-managers"] } }));
        for other in [
            json!({ "realm_access.roles": ["todo-managers"] }),
            json!({ "realm_access/roles": ["todo-managers"] }),
            json!({ "roles": ["todo-managers"] }),
            json!({ "realm_access": ["todo-managers"] }),
            json!({ "realm_access": [{ "roles": ["todo-managers"] }] }),
            json!({ "realm_access": [["roles", "todo-managers"]] }),
            json!({ "realm_access": "roles" }),
            json!({ "realm_access": null }),
            json!({ "realm_access": { "": { "roles": ["todo-managers"] } } }),
            json!({ "realm_access": { "roles": { "roles": ["todo-managers"] } } }),
        ] {
            gives_nothing(&nested, other);
        }
        for name in ["https://todos.example.com/roles", "a.b", "cognito:groups", "/a/b", "0"] {
            let whole = rule(&[name], &[json!("x")], &[]);
            gives(&whole, json!({ name: "x" }));
            gives_nothing(&whole, json!({ "a": { "b": "x" }, "https://todos": "x" }));
        }
        // A list has no members, whatever a name looks like.
        gives_nothing(&rule(&["groups", "0"], &[json!("x")], &[]), json!({ "groups": ["x"] }));
    }

    #[test]
    fn one_of_several_values_suffices() {
        let any = rule(&["role"], &[json!("a"), json!("b"), json!(7)], &["a", "b"]);
        for good in [json!("a"), json!("b"), json!(7), json!(["x", "b"]), json!({ "a": {} })] {
            gives(&any, json!({ "role": good }));
        }
        for other in
            [json!("c"), json!("a b"), json!(["x"]), json!([7]), json!({ "7": {} }), json!(8), json!([])]
        {
            gives_nothing(&any, json!({ "role": other }));
        }
    }

    #[test]
    fn every_rule_that_is_met_gives_its_roles_and_no_rule_gives_nothing() {
        let viewer = RoleRule {
            of: None,
            gives: ["auditor".parse().unwrap()].into_iter().collect(),
            ..rule(&["a"], &[json!(1)], &[])
        };
        let rules: RoleRules = [rule(&["b"], &[json!(1)], &[]), viewer].into_iter().collect();
        let held = |claims: Value| rules.held("https://a.example", claims.as_object().unwrap()).to_string();
        assert_eq!(held(json!({ "a": 1, "b": 1 })), "auditor manager viewer");
        assert_eq!(held(json!({ "a": 1 })), "auditor");
        assert_eq!(held(json!({ "a": 2, "b": 2 })), "");
        assert_eq!(
            RoleRules::default()
                .held("https://a.example", json!({ "a": 1 }).as_object().unwrap())
                .to_string(),
            ""
        );
        let nowhere = rule(&[], &[json!(1)], &["a"]);
        gives_nothing(&nowhere, json!({ "a": 1, "": 1 }));
    }
}
