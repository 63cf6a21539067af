//! `[roles.NAME]`: which callers hold a role, and which other roles it implies.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::value::claim::{ClaimPath, ClaimValue};
use crate::config::value::url::IssuerUrl;
use crate::config::value::{NonEmpty, One, RoleName, ScopeToken, ValueError, list, one_or_many};

/// Every configured role by name.
pub type Roles = BTreeMap<RoleName, RoleEntry>;

/// Which callers hold one role.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RoleEntry {
    /// Which callers hold it: those with such a claim. One table, or a list of tables of which one suffices, each with
    /// exactly one of `equals`, `contains` and `any`. A claim of another shape gives no role. Without it only a role that
    /// implies this one gives it.
    pub when: Option<Conditions>,
    /// Roles that a holder of this one has as well, and all that those imply. Circles are refused.
    pub implies: Vec<RoleName>,
    /// Scopes that it gives: to API keys that hold the role and name no scopes, and to tokens of issuers with `scopes_from = "roles"`. Never to a
    /// token that holds scopes of its own, which are all that the person allowed its client.
    pub grants: Vec<ScopeToken>,
}

impl RoleEntry {
    /// Each condition; one that is met suffices.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.when.iter().flat_map(|when| &when.0)
    }
}

/// What one claim must say: exactly one of `equals`, `contains` and `any`. A claim of another shape says none of them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Condition {
    /// The issuer whose tokens are meant, as in `[[auth.issuers]]`; of the built-in issuer, the server's origin. Required
    /// where tokens of several issuers are accepted: a claim means what its issuer says it means.
    #[serde(default)]
    pub issuer: Option<IssuerUrl>,
    /// The claim: its name, or a list of up to 8 names that lead into nested objects. A name is never split.
    pub claim: ClaimPath,
    /// The claim is this string, boolean or whole number.
    #[serde(default)]
    pub equals: Option<ClaimValue>,
    /// The claim is a list of strings and this is one of them, or an object that has it as a key, other than null or false.
    /// A string contains nothing.
    #[serde(default)]
    pub contains: Option<NonEmpty>,
    /// The claim equals or contains one of these.
    #[serde(default)]
    pub any: Option<AnyOf>,
}

impl Condition {
    /// What the claim may be.
    pub fn equal_to(&self) -> impl Iterator<Item = &ClaimValue> {
        self.equals.iter().chain(self.any.iter().flat_map(|any| any.iter()))
    }

    /// What the claim may contain.
    pub fn contained(&self) -> impl Iterator<Item = &str> {
        let any = self.any.iter().flat_map(|any| any.iter()).filter_map(|value| value.json().as_str());
        self.contains.iter().map(NonEmpty::as_str).chain(any)
    }
}

list! {
    /// Values of which one suffices.
    AnyOf of ClaimValue,
    "no claim could say one of none"
}

/// One condition or a list of them, never an empty list.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Conditions(Vec<Condition>);

impl<'de> Deserialize<'de> for Conditions {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let all: Vec<Condition> = one_or_many(from, One::Table, "a table or an array of tables")?;
        if all.is_empty() {
            let error = ValueError::Empty("no caller would hold the role");
            return Err(serde::de::Error::custom(error));
        }
        Ok(Self(all))
    }
}

/// A table with the keys of a condition, or an array of such tables.
impl JsonSchema for Conditions {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Conditions".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Condition::json_schema(generator);
        schema.insert("type".to_owned(), serde_json::json!(["object", "array"]));
        schema.insert("items".to_owned(), generator.subschema_for::<Condition>().into());
        schema.insert("minItems".to_owned(), 1.into());
        schema
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    /// What is said of `text`, or that it is accepted.
    fn said(text: &str) -> String {
        Config::from_toml_str(text)
            .map_or_else(|error| error.mistakes().join("\n"), |_| "accepted".to_owned())
    }

    #[test]
    fn when_is_one_table_or_a_list_of_them() {
        for when in [
            "{ claim = \"a\", equals = 1 }",
            "[{ claim = \"a\", equals = 1 }, { claim = [\"b\", \"c\"], contains = \"d\" }]",
        ] {
            let config = Config::from_toml_str(&format!("roles.m.when = {when}")).unwrap();
            let (_, entry) = config.roles.iter().next().unwrap();
            assert_eq!(entry.conditions().count(), when.matches("claim").count());
        }
        assert_eq!(said("[roles.m]"), "accepted");
        assert_eq!(
            said("roles.m.when = []"),
            "when is empty: no caller would hold the role: roles.m.when in the configuration text, line 1"
        );
        for (wrong, given) in [
            ("\"a\"", "\"a\""),
            ("5", "the number 5"),
            ("-5", "the number -5"),
            ("1.5", "the number 1.5"),
            ("true", "the boolean true"),
        ] {
            let expected =
                "expected a table or an array of tables: roles.m.when in the configuration text, line 1";
            assert_eq!(said(&format!("roles.m.when = {wrong}")), format!("when is {given}, {expected}"));
        }
        assert_eq!(
            said("roles.m.when = [5]"),
            "when[0] is the number 5, expected a table: roles.m.when[0] in the configuration text, line 1"
        );
    }

    #[test]
    fn mistake_in_a_condition_names_its_key() {
        let one = |condition: &str| said(&format!("roles.m.when = {{ {condition} }}"));
        let second = |condition: &str| {
            said(&format!("roles.m.when = [{{ claim = \"a\", equals = 1 }}, {{ {condition} }}]"))
        };
        for (condition, what) in [
            ("equals = 1", "claim is missing: roles.m.when.claim"),
            ("claim = \"\", equals = 1", "claim is empty: write its name: roles.m.when.claim"),
            (
                "claim = {}, equals = 1",
                "claim is a table, expected a claim's name or an array of names: roles.m.when.claim",
            ),
            (
                "claim = 5, equals = 1",
                "claim is the number 5, expected a claim's name or an array of names: roles.m.when.claim",
            ),
            (
                "claim = [5], equals = 1",
                "claim[0] is the number 5, expected a name in quotes: roles.m.when.claim[0]",
            ),
            ("claim = [], equals = 1", "claim is empty: write the claim's name: roles.m.when.claim"),
            ("claim = \"a\", any = []", "any is empty: no claim could say one of none: roles.m.when.any"),
            (
                "claim = \"a\", equals = 1.5",
                "equals is the number 1.5, expected a string, true, false or a whole number: roles.m.when.equals",
            ),
            (
                "claim = \"a\", contains = 5",
                "contains is the number 5, expected a name in quotes: roles.m.when.contains",
            ),
            (
                "claim = \"a\", equal = 5",
                "unknown key roles.m.when.equal in the configuration text, line 1: did you mean equals?",
            ),
            ("claim = \"a\", issuer = \"a\"", "issuer is \"a\", expected an absolute URL"),
        ] {
            assert!(one(condition).starts_with(what), "{condition}: {}", one(condition));
            let what = what.replace("when.", "when[1].");
            assert!(second(condition).starts_with(&what), "{condition}: {}", second(condition));
        }
    }

    #[test]
    fn role_is_named_as_a_tool_is() {
        assert_eq!(said("roles.eu-managers_2.when = { claim = \"a\", equals = 1 }"), "accepted");
        let refused = said("roles.\"a b\".when = { claim = \"a\", equals = 1 }");
        assert!(refused.contains("the name of a role cannot contain ' '"), "{refused}");
        assert!(refused.ends_with("roles.\"a b\" in the configuration text, line 1"), "{refused}");
    }
}
