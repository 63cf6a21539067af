//! `[issuer.users]`: who may log in at the built-in issuer, and what the tokens of each say.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::config::value::{DisplayName, RoleName};

/// The users that the development login offers, in their order: a list of names, or a table of each by its name.
#[derive(Debug, Clone, Default)]
pub struct Users(Vec<(DisplayName, UserEntry)>);

/// What the tokens of one user say besides who it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct UserEntry {
    /// Roles of `[roles]` that the user holds, and all that those imply.
    pub roles: Vec<RoleName>,
    /// Claims of the user's tokens, beside those that every token has.
    pub claims: Map<String, Value>,
}

impl Users {
    /// These names, and nothing more of any.
    pub(crate) fn named(names: impl IntoIterator<Item = DisplayName>) -> Self {
        Self(names.into_iter().map(|name| (name, UserEntry::default())).collect())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Each with what its tokens say.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &UserEntry)> {
        self.0.iter().map(|(name, entry)| (name.as_str(), entry))
    }
}

impl<'de> Deserialize<'de> for Users {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Users;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of names, or a table of users by their names")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Users, A::Error> {
                let mut users = Vec::new();
                while let Some(name) = seq.next_element()? {
                    users.push((name, UserEntry::default()));
                }
                Ok(Users(users))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Users, A::Error> {
                let mut users = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    let entry = map.next_value()?;
                    users.push((name.parse().map_err(A::Error::custom)?, entry));
                }
                Ok(Users(users))
            }
        }
        from.deserialize_any(Read)
    }
}

impl Serialize for Users {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0.iter().all(|(_, entry)| *entry == UserEntry::default()) {
            return to.collect_seq(self.names());
        }
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (name, entry) in self.iter() {
            map.serialize_entry(name, entry)?;
        }
        map.end()
    }
}

/// An array of names, or a table.
impl JsonSchema for Users {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Users".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (name, entry) =
            (generator.subschema_for::<DisplayName>(), generator.subschema_for::<UserEntry>());
        schemars::json_schema!({ "type": ["array", "object"], "items": name, "additionalProperties": entry })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn read(text: &str) -> Result<Config, String> {
        Config::from_toml_str(text).map_err(|error| error.mistakes().join("\n"))
    }

    #[test]
    fn users_are_names_or_a_table_of_what_each_holds() {
        let names = |text: &str| {
            let config = read(text).unwrap();
            config.built_in_issuer().unwrap().users.names().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(names("[issuer]"), ["developer"]);
        assert_eq!(names("[issuer]\nusers = [\"bob\", \"ann\"]"), ["bob", "ann"]);
        let table =
            "[issuer.users.ann]\nroles = [\"m\"]\nclaims = { a = { b = 1 } }\n[issuer.users.bob]\n[roles.m]";
        assert_eq!(names(table), ["ann", "bob"]);
        let config = read(table).unwrap();
        let (_, ann) = config.built_in_issuer().unwrap().users.iter().next().unwrap();
        assert_eq!((ann.roles[0].as_str(), &ann.claims["a"]["b"]), ("m", &serde_json::json!(1)));
    }

    #[test]
    fn mistake_in_a_user_names_its_key() {
        for (text, said) in [
            ("issuer.users = 5", "users is the number 5, expected an array of names, or a table of users"),
            (
                "issuer.users.ann.role = [\"m\"]",
                "unknown key issuer.users.ann.role in the configuration text, line 1",
            ),
            ("issuer.users.ann.roles = [\"a b\"]", "roles[0]"),
            ("issuer.users.\"a\\nb\" = {}", "1 to 100 visible characters"),
        ] {
            let mistake = read(text).unwrap_err();
            assert!(mistake.contains(said), "{text}: {mistake}");
        }
    }
}
