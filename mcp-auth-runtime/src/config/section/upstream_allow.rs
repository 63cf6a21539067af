//! `allow` in `[upstreams.NAME]`: who is let in of those who have an account there.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::config::value::{HostName, NonEmpty, ValueError};

/// The word for all of them.
const ANYONE: &str = "anyone";

/// Who is let in of those who have an account at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpstreamAllow {
    /// Anyone who can log in there.
    Anyone,
    /// Those whom one of the lists names.
    Listed(AllowLists),
}

/// Who is let in, by what the provider says of them: a person whom one list names is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AllowLists {
    /// People, by what the provider never changes: their `sub`; of GitHub the number of the account, of Entra ID `TENANT/OBJECT`. The log says it
    /// of a person who was not let in.
    pub subjects: Vec<NonEmpty>,
    /// Domains in lower case, without those below them: of Google, that of the organization that runs the account (`hd`); elsewhere that of an
    /// e-mail address that the provider has verified. Not of Entra ID and GitHub.
    pub domains: Vec<HostName>,
    /// Organizations: of GitHub, by their names; of a plain provider, by its claim `org_id`.
    pub organizations: Vec<NonEmpty>,
    /// Tenants of Entra ID, by their ids.
    pub tenants: Vec<NonEmpty>,
    /// Groups, as the claim `groups_claim` says them.
    pub groups: Vec<NonEmpty>,
}

impl AllowLists {
    /// Whether no list names anybody.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
            && self.domains.is_empty()
            && self.organizations.is_empty()
            && self.tenants.is_empty()
            && self.groups.is_empty()
    }
}

impl UpstreamAllow {
    /// The lists, where there are some.
    pub fn lists(&self) -> Option<&AllowLists> {
        match self {
            Self::Anyone => None,
            Self::Listed(lists) => Some(lists),
        }
    }
}

impl<'de> Deserialize<'de> for UpstreamAllow {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = UpstreamAllow;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"anyone\" or a table such as { domains = [\"example.com\"] }")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<UpstreamAllow, E> {
                match text {
                    ANYONE => Ok(UpstreamAllow::Anyone),
                    other => {
                        let expected = "\"anyone\" or a table such as { domains = [\"example.com\"] }";
                        Err(E::custom(ValueError::malformed(other, expected)))
                    }
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<UpstreamAllow, A::Error> {
                AllowLists::deserialize(MapAccessDeserializer::new(map)).map(UpstreamAllow::Listed)
            }
        }
        from.deserialize_any(Read)
    }
}

impl Serialize for UpstreamAllow {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Anyone => to.serialize_str(ANYONE),
            Self::Listed(lists) => lists.serialize(to),
        }
    }
}

/// The word, or a table of the lists.
impl JsonSchema for UpstreamAllow {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "UpstreamAllow".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = AllowLists::json_schema(generator);
        schema.insert("type".to_owned(), serde_json::json!(["string", "object"]));
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anyone_is_a_word_and_lists_are_a_table() {
        let read = |value: serde_json::Value| {
            serde_json::from_value::<UpstreamAllow>(value).map_err(|error| error.to_string())
        };
        assert_eq!(read(serde_json::json!("anyone")), Ok(UpstreamAllow::Anyone));
        let lists = read(serde_json::json!({ "domains": ["example.com"] })).unwrap();
        assert_eq!(lists.lists().unwrap().domains[0].as_str(), "example.com");
        assert!(read(serde_json::json!({})).unwrap().lists().unwrap().is_empty());
        for (bad, why) in [
            (serde_json::json!("everyone"), "expected \"anyone\" or a table"),
            (serde_json::json!(["a"]), "\"anyone\" or a table"),
            (serde_json::json!({ "domain": ["a"] }), "unknown field"),
            (serde_json::json!({ "domains": ["Example.com"] }), "in lower case"),
            (serde_json::json!({ "domains": ["*.example.com"] }), "in lower case"),
            (serde_json::json!({ "subjects": [""] }), "is empty"),
        ] {
            let error = read(bad.clone()).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
