//! What the configuration asks of claims: a table from where a claim is to what it must say.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::claim::ClaimValue;
use super::{ValueError, nearest, schema, text_value};
use crate::authn;

/// Claims, and what each of them is asked.
pub type ClaimTests = BTreeMap<ClaimAt, ClaimTest>;

/// The most names that lead to a claim.
const MOST_NAMES: usize = 8;

/// Where a claim is: its name as it stands, or a JSON pointer (RFC 6901) into nested objects, which starts with `/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimAt {
    written: String,
    names: Vec<String>,
}

impl FromStr for ClaimAt {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let names = match text.strip_prefix('/') {
            None if text.is_empty() => return Err(ValueError::Empty("write the claim's name")),
            None => vec![text.to_owned()],
            Some(pointer) => {
                pointer.split('/').map(|name| unescaped(text, name)).collect::<Result<_, _>>()?
            }
        };
        match names.len() {
            0..=MOST_NAMES => Ok(Self { written: text.to_owned(), names }),
            many => {
                let (given, limit) = (format!("{many} names"), MOST_NAMES.to_string());
                Err(ValueError::TooMuch { given, limit })
            }
        }
    }
}

/// One name of the JSON pointer `text`.
fn unescaped(text: &str, name: &str) -> Result<String, ValueError> {
    let refused = |why: &str| Err(ValueError::refused(text, why));
    if name.is_empty() {
        return refused("a JSON pointer to a claim has no empty name");
    }
    if name == "-" || name.bytes().all(|b| b.is_ascii_digit()) {
        return refused("a claim is not found by its place in a list: issuers do not promise an order");
    }
    if name.replace("~0", "").replace("~1", "").contains('~') {
        return refused("in a JSON pointer ~ is written ~0, and / in a name ~1 (RFC 6901)");
    }
    Ok(name.replace("~1", "/").replace("~0", "~"))
}

impl Serialize for ClaimAt {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.written)
    }
}

text_value!(ClaimAt, "a claim's name");

/// What a claim must say: a value, one of several, or a table with one of `present`, `starts_with` and `ends_with`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimTest(authn::ClaimTest);

/// The keys of the table.
const KEYS: [&str; 3] = ["present", "starts_with", "ends_with"];

impl<'de> Deserialize<'de> for ClaimTest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Read).map(Self)
    }
}

struct Read;

impl<'de> Visitor<'de> for Read {
    type Value = authn::ClaimTest;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a string, true, false, a whole number, an array of such, or a table with one of present, starts_with and \
             ends_with",
        )
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "" => {
                Err(E::custom(ValueError::Empty("an empty claim says nothing; ask for { present = false }")))
            }
            _ => Ok(authn::ClaimTest::OneOf(vec![text.into()])),
        }
    }
    fn visit_bool<E: de::Error>(self, boolean: bool) -> Result<Self::Value, E> {
        Ok(authn::ClaimTest::OneOf(vec![boolean.into()]))
    }
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(authn::ClaimTest::OneOf(vec![number.into()]))
    }
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(authn::ClaimTest::OneOf(vec![number.into()]))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = seq.next_element::<ClaimValue>()? {
            all.push(one.json().clone());
        }
        match all.is_empty() {
            true => Err(de::Error::custom(ValueError::Empty("no claim could say one of none"))),
            false => Ok(authn::ClaimTest::OneOf(all)),
        }
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            found.push(match key.as_str() {
                "present" => authn::ClaimTest::Present(map.next_value()?),
                "starts_with" => authn::ClaimTest::StartsWith(part(map.next_value()?)?),
                "ends_with" => authn::ClaimTest::EndsWith(part(map.next_value()?)?),
                _ => {
                    let hint = nearest(&key, KEYS).map(|near| format!("; did you mean {near}?"));
                    let hint = hint.unwrap_or_default();
                    return Err(de::Error::custom(format_args!("has the unknown key {key:?}{hint}")));
                }
            });
        }
        match <[authn::ClaimTest; 1]>::try_from(found) {
            Ok([one]) => Ok(one),
            Err(_) => Err(de::Error::custom("needs exactly one of present, starts_with and ends_with")),
        }
    }
}

fn part<E: de::Error>(text: String) -> Result<String, E> {
    match text.is_empty() {
        true => Err(E::custom(ValueError::Empty("every text starts and ends with the empty one"))),
        false => Ok(text),
    }
}

impl Serialize for ClaimTest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let value = match &self.0 {
            authn::ClaimTest::OneOf(values) => match values.as_slice() {
                [only] => only.clone(),
                several => Value::from(several.to_vec()),
            },
            authn::ClaimTest::Present(present) => json!({ "present": present }),
            authn::ClaimTest::StartsWith(start) => json!({ "starts_with": start }),
            authn::ClaimTest::EndsWith(end) => json!({ "ends_with": end }),
        };
        value.serialize(to)
    }
}

schema!(ClaimTest, {
    "type": ["string", "boolean", "integer", "array", "object"],
    "minLength": 1,
    "items": { "type": ["string", "boolean", "integer"], "minLength": 1 },
    "minItems": 1,
    "propertyNames": { "enum": KEYS },
    "additionalProperties": { "type": ["string", "boolean"] },
    "minProperties": 1,
    "maxProperties": 1,
});

/// The same, as the verifier knows it.
pub(crate) fn tests(all: &ClaimTests) -> authn::ClaimTests {
    let test = |(at, test): (&ClaimAt, &ClaimTest)| {
        let at = authn::ClaimAt { written: at.written.clone(), names: at.names.clone() };
        (at, test.0.clone())
    };
    all.iter().map(test).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<String>, String> {
        text.parse::<ClaimAt>().map(|at| at.names).map_err(|error| error.to_string())
    }

    #[test]
    fn claim_is_a_name_as_it_stands_or_a_json_pointer() {
        for name in ["roles", "https://a.example/roles", "cognito:groups", "a.b", "urn:x", "a b", "a/b", "~"]
        {
            assert_eq!(names(name).unwrap(), [name]);
        }
        for (pointer, expected) in [
            ("/roles", &["roles"][..]),
            ("/realm_access/roles", &["realm_access", "roles"]),
            ("/a~1b/c~0d/~01", &["a/b", "c~d", "~1"]),
            ("/app metadata/a.b", &["app metadata", "a.b"]),
            ("/0x/1a", &["0x", "1a"]),
        ] {
            assert_eq!(names(pointer).unwrap(), expected, "{pointer}");
        }
        for (bad, why) in [
            ("", "is empty"),
            ("/", "no empty name"),
            ("//", "no empty name"),
            ("/a/", "no empty name"),
            ("/a//b", "no empty name"),
            ("/a/0", "place in a list"),
            ("/a/10/b", "place in a list"),
            ("/a/-", "place in a list"),
            ("/a~", "~0"),
            ("/a~2", "~0"),
            ("/~~1", "~0"),
            ("/1a/b/c/d/e/f/g/h/i", "is 9 names, at most 8"),
        ] {
            let error = names(bad).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    fn read(value: Value) -> Result<authn::ClaimTest, String> {
        serde_json::from_value::<ClaimTest>(value).map(|test| test.0).map_err(|error| error.to_string())
    }

    #[test]
    fn test_is_a_value_several_or_one_question() {
        use authn::ClaimTest::{EndsWith, OneOf, Present, StartsWith};
        for (written, test) in [
            (json!("access"), OneOf(vec![json!("access")])),
            (json!(2), OneOf(vec![json!(2)])),
            (json!(false), OneOf(vec![json!(false)])),
            (json!(["1.0", 2, true]), OneOf(vec![json!("1.0"), json!(2), json!(true)])),
            (json!({ "present": true }), Present(true)),
            (json!({ "present": false }), Present(false)),
            (json!({ "starts_with": "mch_" }), StartsWith("mch_".into())),
            (json!({ "ends_with": "@clients" }), EndsWith("@clients".into())),
        ] {
            assert_eq!(read(written.clone()).unwrap(), test);
            assert_eq!(serde_json::to_value(ClaimTest(test)).unwrap(), written);
        }
        for (bad, why) in [
            (json!(""), "is empty"),
            (json!([]), "one of none"),
            (json!([""]), "is empty"),
            (json!([["a"]]), "a string, true, false"),
            (json!(1.5), "a string, true, false"),
            (json!(null), "a string, true, false"),
            (json!({}), "exactly one of present"),
            (json!({ "present": true, "starts_with": "a" }), "exactly one of present"),
            (json!({ "present": "true" }), "a boolean"),
            (json!({ "starts_with": "" }), "is empty"),
            (json!({ "ends_with": 5 }), "a string"),
            (json!({ "start_with": "a" }), "did you mean starts_with?"),
            (json!({ "equals": "a" }), "unknown key \"equals\""),
        ] {
            let error = read(bad.clone()).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
