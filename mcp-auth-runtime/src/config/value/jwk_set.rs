//! Public keys of somebody who signs.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Error, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::schema;

/// Public keys of somebody who signs: a JWK Set (RFC 7517 §5) as a table, or `"file:/path"` of one in JSON, relative to the configuration file.
/// `Debug` shows no key.
#[derive(Clone, PartialEq, Eq)]
pub enum JwkSet {
    /// The set itself.
    Inline(Map<String, Value>),
    /// The file that holds it.
    File(PathBuf),
}

impl JwkSet {
    /// The file, as written.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Inline(_) => None,
            Self::File(path) => Some(path),
        }
    }
}

impl<'de> Deserialize<'de> for JwkSet {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = JwkSet;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table such as { keys = [{ kty = \"EC\", … }] }, or \"file:/path\"")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<JwkSet, E> {
                match text.strip_prefix("file:") {
                    Some(path) if !path.trim().is_empty() => Ok(JwkSet::File(path.into())),
                    // What stands here may be a key, so it is not shown.
                    _ => {
                        Err(E::custom("is text that is not \"file:/path\"; a JWK Set is written as a table"))
                    }
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<JwkSet, A::Error> {
                Map::deserialize(MapAccessDeserializer::new(map)).map(JwkSet::Inline)
            }
        }
        from.deserialize_any(Read)
    }
}

impl Serialize for JwkSet {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Inline(set) => set.serialize(to),
            Self::File(path) => to.collect_str(&format_args!("file:{}", path.display())),
        }
    }
}

impl fmt::Debug for JwkSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(_) => f.write_str("JwkSet(***)"),
            Self::File(path) => write!(f, "JwkSet({})", path.display()),
        }
    }
}

schema!(JwkSet, { "type": ["object", "string"], "additionalProperties": true });

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_a_table_or_a_file_and_are_not_shown() {
        let read = |value| serde_json::from_value::<JwkSet>(value).map_err(|error| error.to_string());
        assert_eq!(read(json!("file:keys.json")).unwrap().file(), Some(Path::new("keys.json")));
        let inline = read(json!({ "keys": [{ "kty": "oct", "k": "hunter2" }] })).unwrap();
        assert!(inline.file().is_none() && !format!("{inline:?}").contains("hunter2"));
        for bad in [json!("hunter2"), json!("file:"), json!(5), json!([])] {
            let error = read(bad.clone()).unwrap_err();
            assert!(!error.contains("hunter2") && error.contains("file:/path"), "{bad}: {error}");
        }
    }
}
