//! JSON objects read strictly: one value, UTF-8 without a byte order mark, no member twice at any depth
//! (RFC 7519 §4 and RFC 7515 §4 let us refuse duplicates), bounded depth.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How deep arrays and objects may nest.
const MAX_DEPTH: usize = 32;

/// Reads `bytes` as one JSON object.
///
/// Two passes: the first looks only at structure, so that its verdict is the same whichever features of
/// `serde_json` the final binary turns on; the second builds the value.
///
/// # Errors
/// When `bytes` is anything but one such object. The error names a line and column, and no content.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Structure { depth: 0 }.deserialize(&mut reader)?;
    reader.end()?;
    serde_json::from_slice(bytes)
}

/// Checks one value that sits `depth` levels down.
struct Structure {
    depth: usize,
}

impl Structure {
    fn below<E: serde::de::Error>(&self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom("nested too deeply"));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Structure {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Structure {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a member occurs twice"));
            }
            map.next_value_seed(self.below()?)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(self.below()?)?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_whole() {
        let read = object(br#" {"a":[1,{"b":null}],"c":"\u0064","n":-1.5,"t":true} "#).expect("valid");
        assert_eq!(read["c"], "d");
        assert_eq!(read.len(), 4);
    }

    #[test]
    fn t40_a_member_twice_is_refused_at_any_depth_and_in_any_spelling() {
        for twice in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"x":[{"y":{"a":1,"a":2}}]}"#] {
            assert!(object(twice.as_bytes()).is_err(), "{twice}");
        }
        assert!(object(br#"{"a":{"a":1},"b":{"a":1}}"#).is_ok(), "the same name in other objects is fine");
    }

    #[test]
    fn t42_only_an_object_is_an_object() {
        for other in ["[]", "\"x\"", "1", "null", "", "true"] {
            assert!(object(other.as_bytes()).is_err(), "{other}");
        }
        assert!(object(b"{}").is_ok());
    }

    #[test]
    fn t43_depth_bom_bad_utf8_and_trailing_bytes_are_refused() {
        let nest = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(object(nest(MAX_DEPTH - 1).as_bytes()).is_ok());
        assert!(object(nest(MAX_DEPTH).as_bytes()).is_err());
        assert!(object(nest(20_000).as_bytes()).is_err());
        assert!(object("\u{feff}{}".as_bytes()).is_err());
        assert!(object(b"{\"a\":\"\xff\"}").is_err());
        assert!(object(br#"{"a":"\ud800"}"#).is_err(), "a lone surrogate is no Unicode text");
        assert!(object(b"{}x").is_err());
        assert!(object(b"{}{}").is_err());
        assert!(object(b"{}\0").is_err());
        assert!(object(br#"{"a":1,}"#).is_err());
        assert!(object(br#"{"a":NaN}"#).is_err());
    }
}
