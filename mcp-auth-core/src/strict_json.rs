//! JSON with one reading only: one pass over the bytes, duplicate keys and deep nesting found on the way (RFC 8259 §4
//! leaves open which of two equal keys counts; RFC 7515 §4 and RFC 7519 §4 let us refuse them).
//!
//! Numbers and strings come out exactly as `serde_json::Value` would hold them, which is what rmcp compares. A fault
//! does not stop the pass: the text is read to its end, so that invalid JSON can be told from JSON with two readings,
//! and an id is found at any position.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::LazyLock;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use crate::seen::head;

/// serde_json passes some values to itself as objects with keys like these. A client that writes such a key could
/// make two readers of one text disagree.
const RESERVED: &str = "$serde_json::private::";
const RESERVED_NUMBER: &str = "$serde_json::private::Number";

/// Whether a crate of this build enabled serde_json's `arbitrary_precision`, where every number arrives as an object
/// with one reserved key.
static NUMBERS_ARE_OBJECTS: LazyLock<bool> = LazyLock::new(|| {
    let probe = format!(r#"{{"{RESERVED_NUMBER}":"1"}}"#);
    serde_json::from_str::<Value>(&probe).is_ok_and(|value| value.is_number())
});

/// The members of the outermost object that say what kind of message it is, and which: kept whatever came before.
const TELLING: [&str; 4] = ["id", "method", "result", "error"];

/// How deep objects and arrays may nest in [`object`], the outermost included.
const OBJECT_DEPTH: usize = 32;

/// The most characters of a repeated key that are kept.
const LONGEST_KEY: usize = 40;

/// A parsed JSON text, and the first reason not to trust it.
#[derive(Debug)]
pub struct Parsed {
    /// The value; for a repeated key, the first one. Null where the fault is [`Fault::Array`].
    pub value: Value,
    /// Why the text does not have a single reading.
    pub fault: Option<Fault>,
    /// The outermost object has `id` twice, so it is unknown which one to answer.
    pub id_repeated: bool,
}

/// What makes a JSON text one that two readers could read differently, or that is not an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The outermost value is an array; it is not kept.
    Array,
    /// One object has a key twice.
    DuplicateKey {
        /// The key, cut to a readable length.
        key: String,
    },
    /// Objects and arrays are nested too deep; the deeper part is not kept.
    TooDeep {
        /// The most levels allowed.
        limit: usize,
    },
    /// The text holds too many values; those after them are not kept.
    TooManyValues {
        /// The most values allowed.
        limit: usize,
    },
    /// A key that serde_json reserves for itself.
    ReservedKey,
}

/// Bytes that are not one JSON object with a single reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one JSON object with a single reading")]
pub struct NotAnObject;

/// Reads one JSON text in which at most `max_depth` objects and arrays stand inside each other, and that holds at most
/// `max_values` values: each takes many times more memory than of the text.
///
/// # Errors
/// When the bytes are not exactly one: syntax, UTF-8, lone surrogates, numbers out of range, trailing bytes. Everything
/// else is a [`Fault`] in the result.
pub fn parse(bytes: &[u8], max_depth: usize, max_values: usize) -> Result<Parsed, serde_json::Error> {
    read(bytes, 0, max_depth, max_values)
}

/// The same of a text that stands inside `depth` objects and arrays.
fn read(
    bytes: &[u8],
    depth: usize,
    max_depth: usize,
    max_values: usize,
) -> Result<Parsed, serde_json::Error> {
    let (fault, id_repeated, values) = (RefCell::new(None), Cell::new(false), Cell::new(0));
    let notes = Notes { max_depth, max_values, values, fault, id_repeated };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = Node { notes: &notes, depth }.deserialize(&mut json)?;
    json.end()?;
    Ok(Parsed { value, fault: notes.fault.into_inner(), id_repeated: notes.id_repeated.get() })
}

/// Reads one JSON value of any kind, at most 32 levels deep, of at most `max_values` values; `None` where the text is not
/// that, or has more than one reading.
///
/// # Example
/// ```
/// use mcp_auth_core::strict_json::value;
/// assert!(value(br#"[{"id":1}]"#, 10).is_some());
/// assert!(value(br#"[{"id":1,"id":2}]"#, 10).is_none());
/// ```
pub fn value(bytes: &[u8], max_values: usize) -> Option<Value> {
    // As what stands in an object: there an array is a value like any other.
    read(bytes, 1, OBJECT_DEPTH + 1, max_values)
        .ok()
        .filter(|read| read.fault.is_none())
        .map(|read| read.value)
}

/// Reads one JSON object, at most 32 levels deep.
///
/// # Errors
/// [`NotAnObject`], which does not reveal the content.
///
/// # Example
/// ```
/// use mcp_auth_core::strict_json::object;
/// assert!(object(br#"{"iss":"https://a.example"}"#).is_ok());
/// assert!(object(br#"{"iss":"https://a.example","iss":"https://b.example"}"#).is_err());
/// ```
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, NotAnObject> {
    match parse(bytes, OBJECT_DEPTH, usize::MAX) {
        Ok(Parsed { value: Value::Object(object), fault: None, .. }) => Ok(object),
        Ok(_) | Err(_) => Err(NotAnObject),
    }
}

struct Notes {
    max_depth: usize,
    max_values: usize,
    /// How many values there were so far.
    values: Cell<usize>,
    fault: RefCell<Option<Fault>>,
    id_repeated: Cell<bool>,
}

impl Notes {
    fn note(&self, fault: Fault) {
        self.fault.borrow_mut().get_or_insert(fault);
    }

    /// Whether there is room for one more value.
    fn count(&self) -> bool {
        let (values, limit) = (self.values.get(), self.max_values);
        if values >= limit {
            self.note(Fault::TooManyValues { limit });
            return false;
        }
        self.values.set(values + 1);
        true
    }
}

/// Reads one value inside `depth` enclosing objects and arrays.
#[derive(Clone, Copy)]
struct Node<'n> {
    notes: &'n Notes,
    depth: usize,
}

impl Node<'_> {
    fn inner(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    fn too_deep(self) -> bool {
        let limit = self.notes.max_depth;
        let deep = self.depth >= limit;
        if deep {
            self.notes.note(Fault::TooDeep { limit });
        }
        deep
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        if self.depth == 0 {
            self.notes.note(Fault::Array);
        }
        if self.depth == 0 || self.too_deep() {
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(self.inner())? {
            if !self.notes.count() {
                while elements.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let mut key = entries.next_key::<String>()?;
        if *NUMBERS_ARE_OBJECTS && key.as_deref() == Some(RESERVED_NUMBER) {
            let text = entries.next_value::<String>()?;
            return text.parse::<Number>().map(Value::Number).map_err(A::Error::custom);
        }
        let skip = self.too_deep();
        while let Some(name) = key {
            if skip {
                entries.next_value::<IgnoredAny>()?;
            } else {
                self.member(&mut object, name, &mut entries)?;
            }
            key = entries.next_key()?;
        }
        Ok(Value::Object(object))
    }
}

impl Node<'_> {
    fn member<'de, A: MapAccess<'de>>(
        self,
        object: &mut Map<String, Value>,
        name: String,
        entries: &mut A,
    ) -> Result<(), A::Error> {
        if name.starts_with(RESERVED) {
            self.notes.note(Fault::ReservedKey);
        }
        let tells = self.depth == 0 && TELLING.contains(&name.as_str());
        if !self.notes.count() && !tells {
            return entries.next_value::<IgnoredAny>().map(drop);
        }
        match object.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(entries.next_value_seed(self.inner())?);
            }
            Entry::Occupied(entry) => {
                if self.depth == 0 && entry.key() == "id" {
                    self.notes.id_repeated.set(true);
                }
                self.notes.note(Fault::DuplicateKey { key: head(entry.key(), LONGEST_KEY).to_owned() });
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_whole() {
        let read = object(br#" {"a":[1,{"b":null}],"c":"\u0064","n":-1.5,"t":true} "#).unwrap();
        assert_eq!(read["c"], "d");
        assert_eq!(read.len(), 4);
    }

    #[test]
    fn values_are_those_that_serde_json_would_hold() {
        let text = r#"{"i":[0,-1,9223372036854775807,18446744073709551615,18446744073709551616],"f":[1.0,-0.0,1e300,0.1],
            "s":["","\ud83d\ude00","\"\\/\b\f\n\r\t"],"n":null,"b":[true,false],"o":{"a":{"a":{}}}}"#;
        assert_eq!(
            Value::Object(object(text.as_bytes()).unwrap()),
            serde_json::from_str::<Value>(text).unwrap()
        );
    }

    #[test]
    fn t40_a_member_twice_is_refused_at_any_depth_and_in_any_spelling() {
        for twice in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"x":[{"y":{"a":1,"a":2}}]}"#] {
            assert!(object(twice.as_bytes()).is_err(), "{twice}");
        }
        assert!(object(br#"{"a":{"a":1},"b":{"a":1}}"#).is_ok(), "the same name in other objects is fine");
    }

    #[test]
    fn a_value_of_any_kind_is_read_as_strictly() {
        for text in ["[]", "\"x\"", " 1 ", "null", "true", r#"[[{"a":[1]}]]"#, r#"{"id":1,"method":2}"#] {
            assert_eq!(value(text.as_bytes(), 10), serde_json::from_str(text).ok(), "{text}");
        }
        for wrong in ["", "x", "[1,]", "[] []", r#"{"a":1,"a":1}"#, r#"[{"id":1,"\u0069d":2}]"#] {
            assert_eq!(value(wrong.as_bytes(), 10), None, "{wrong}");
        }
        let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(value(nest(OBJECT_DEPTH).as_bytes(), 100).is_some());
        assert!(value(nest(OBJECT_DEPTH + 1).as_bytes(), 100).is_none());
        assert!(value(b"[1,2,3]", 3).is_some() && value(b"[1,2,3]", 2).is_none());
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
        assert!(object(nest(OBJECT_DEPTH - 1).as_bytes()).is_ok());
        assert!(object(nest(OBJECT_DEPTH).as_bytes()).is_err());
        assert!(object(nest(20_000).as_bytes()).is_err());
        assert!(object("\u{feff}{}".as_bytes()).is_err());
        assert!(object(b"{\"a\":\"\xff\"}").is_err());
        assert!(object(br#"{"a":"\ud800"}"#).is_err(), "a lone surrogate is not Unicode text");
        assert!(object(b"{}x").is_err());
        assert!(object(b"{}{}").is_err());
        assert!(object(b"{}\0").is_err());
        assert!(object(br#"{"a":1,}"#).is_err());
        assert!(object(br#"{"a":NaN}"#).is_err());
    }

    #[test]
    fn a_fault_does_not_stop_the_reading() {
        let parsed = parse(br#"{"a":1,"a":2,"b":[[]],"id":7,"id":8}"#, 2, usize::MAX).unwrap();
        assert_eq!(
            parsed.fault,
            Some(Fault::DuplicateKey { key: "a".to_owned() }),
            "the first fault is kept"
        );
        assert!(parsed.id_repeated);
        assert_eq!((&parsed.value["a"], &parsed.value["id"]), (&Value::from(1), &Value::from(7)));
        assert_eq!(parse(br#"{"b":[[]]}"#, 2, usize::MAX).unwrap().fault, Some(Fault::TooDeep { limit: 2 }));
        assert_eq!(parse(b"[{}]", 64, usize::MAX).unwrap().fault, Some(Fault::Array));
        assert!(parse(br#"{"a":1,"a":2"#, 64, usize::MAX).is_err(), "broken JSON stays broken JSON");
    }

    #[test]
    fn no_more_values_are_kept_than_allowed_and_the_id_is_found_behind_them() {
        let parsed = |text: &str, most| parse(text.as_bytes(), 64, most).unwrap();
        assert_eq!(parsed(r#"{"a":[1,2],"b":{"c":3}}"#, 5).fault, None, "a, 1, 2, b, c");
        let limit = Some(Fault::TooManyValues { limit: 4 });
        for text in [
            r#"{"a":[1,2],"b":{"c":3},"id":7,"method":"m"}"#,
            r#"{"a":[[],[],[],[]],"id":7,"method":"m"}"#,
            r#"{"a":1,"b":1,"c":1,"d":1,"e":1,"id":7,"method":"m"}"#,
            r#"{"a":{"a":1,"b":[{"x":[[[0]]]}],"c":1},"id":7,"method":"m"}"#,
        ] {
            let parsed = parsed(text, 4);
            assert_eq!((&parsed.fault, &parsed.value["id"]), (&limit, &Value::from(7)), "{text}");
            assert_eq!(parsed.value["method"], "m");
        }
        let many = format!(r#"{{"a":[{}0],"id":[{}0]}}"#, "[],".repeat(100_000), "0,".repeat(100_000));
        let kept = parsed(&many, 4).value.to_string();
        assert!(kept.len() < 100, "{}", kept.len());
    }

    #[test]
    fn keys_that_serde_json_reserves_are_refused() {
        for key in
            ["$serde_json::private::Number", "$serde_json::private::RawValue", "$serde_json::private::x"]
        {
            let text = format!(r#"{{"a":{{"b":1,"{key}":"1"}}}}"#);
            assert_eq!(
                parse(text.as_bytes(), 64, usize::MAX).unwrap().fault,
                Some(Fault::ReservedKey),
                "{key}"
            );
        }
    }
}
