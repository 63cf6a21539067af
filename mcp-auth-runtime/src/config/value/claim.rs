//! Claims as the configuration writes them: where one is, and what it may say.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{NonEmpty, One, ValueError, one_or_many, schema};

/// The most names that lead to a claim.
const MOST_NAMES: usize = 8;

/// Where a claim is: its name, or a list of 1 to 8 names that lead into nested objects. No name is split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ClaimPath(Vec<NonEmpty>);

impl ClaimPath {
    /// Each name, from the outermost.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(NonEmpty::as_str)
    }
}

impl<'de> Deserialize<'de> for ClaimPath {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let names: Vec<NonEmpty> = one_or_many(from, One::Text, "a claim's name or an array of names")?;
        match names.len() {
            0 => Err(de::Error::custom(ValueError::Empty("write the claim's name"))),
            1..=MOST_NAMES => Ok(Self(names)),
            many => {
                let (given, limit) = (format!("{many} names"), MOST_NAMES.to_string());
                Err(de::Error::custom(ValueError::TooMuch { given, limit }))
            }
        }
    }
}

schema!(ClaimPath, {
    "type": ["string", "array"],
    "minLength": 1,
    "items": { "type": "string", "minLength": 1 },
    "minItems": 1,
    "maxItems": MOST_NAMES,
});

/// What a claim may be: a string that is not empty, a boolean or a whole number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimValue(Value);

impl ClaimValue {
    /// The value as JSON.
    pub fn json(&self) -> &Value {
        &self.0
    }
}

impl<'de> Deserialize<'de> for ClaimValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, true, false or a whole number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
                match text {
                    "" => Err(E::custom(ValueError::Empty("a claim that says nothing gives no role"))),
                    _ => Ok(text.into()),
                }
            }
            fn visit_bool<E: de::Error>(self, boolean: bool) -> Result<Value, E> {
                Ok(boolean.into())
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
                Ok(number.into())
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
                Ok(number.into())
            }
        }
        from.deserialize_any(Read).map(Self)
    }
}

impl Serialize for ClaimValue {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

schema!(ClaimValue, { "type": ["string", "boolean", "integer"], "minLength": 1 });

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(value: Value) -> Result<Vec<String>, String> {
        let path: Result<ClaimPath, _> = serde_json::from_value(value);
        path.map(|path| path.names().map(str::to_owned).collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn claim_is_one_name_or_a_list_and_no_name_is_split() {
        for name in ["roles", "https://todos.example.com/roles", "cognito:groups", "a.b", "a b"] {
            assert_eq!(path(json!(name)).unwrap(), [name]);
        }
        assert_eq!(path(json!(["realm_access", "roles"])).unwrap(), ["realm_access", "roles"]);
        for (bad, why) in [
            (json!(""), "is empty"),
            (json!([]), "is empty: write the claim's name"),
            (json!(["a", ""]), "is empty"),
            (json!(vec!["a"; 9]), "is 9 names, at most 8"),
            (json!(5), "a claim's name or an array of names"),
            (json!([["a"]]), "a name in quotes"),
            (json!({ "a": "b" }), "a claim's name or an array of names"),
            (json!(true), "a claim's name or an array of names"),
        ] {
            let error = path(bad.clone()).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
        assert!(path(json!(["a", "b", "c", "d", "e", "f", "g", "h"])).is_ok());
    }

    #[test]
    fn value_is_a_string_a_boolean_or_a_whole_number() {
        let read =
            |value: Value| serde_json::from_value::<ClaimValue>(value).map(|value| value.json().clone());
        for ok in
            [json!("support"), json!(" "), json!(true), json!(false), json!(0), json!(-5), json!(u64::MAX)]
        {
            assert_eq!(read(ok.clone()).unwrap(), ok);
        }
        for bad in [json!(""), json!(1.5), json!(null), json!([]), json!(["a"]), json!({})] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
