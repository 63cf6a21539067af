//! JSON with one reading only: one pass over the bytes, duplicate keys and deep nesting found on the way.
//!
//! Numbers and strings come out exactly as `serde_json::Value` would hold them, which is what rmcp compares.
//! A fault does not stop the pass: the text is read to its end, so that broken JSON is told from broken
//! JSON-RPC and the id is known wherever it stands.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::LazyLock;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use super::error::InvalidRequest;

/// serde_json speaks to itself through objects with keys like these; a client that writes one could make two
/// readers of one text disagree.
const RESERVED: &str = "$serde_json::private::";
const RESERVED_NUMBER: &str = "$serde_json::private::Number";

/// Whether some crate of this build turned on serde_json's `arbitrary_precision`, where every number arrives
/// as an object with one reserved key.
static NUMBERS_ARE_OBJECTS: LazyLock<bool> = LazyLock::new(|| {
    let probe = format!(r#"{{"{RESERVED_NUMBER}":"1"}}"#);
    serde_json::from_str::<Value>(&probe).is_ok_and(|value| value.is_number())
});

/// A JSON text and the first reason not to trust it.
pub(super) struct Parsed {
    /// The text; of a repeated key the first value.
    pub(super) value: Value,
    /// Why it has no single reading.
    pub(super) fault: Option<InvalidRequest>,
    /// The outermost object has `id` twice, so nobody knows which one to answer.
    pub(super) id_repeated: bool,
}

/// Reads one JSON text.
///
/// # Errors
/// When the bytes are not exactly one: syntax, UTF-8, lone surrogates, numbers out of range, trailing bytes.
pub(super) fn parse(bytes: &[u8], max_depth: usize) -> Result<Parsed, serde_json::Error> {
    let notes = Notes { max_depth, fault: RefCell::new(None), id_repeated: Cell::new(false) };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = Node { notes: &notes, depth: 0 }.deserialize(&mut json)?;
    json.end()?;
    Ok(Parsed { value, fault: notes.fault.into_inner(), id_repeated: notes.id_repeated.get() })
}

struct Notes {
    max_depth: usize,
    fault: RefCell<Option<InvalidRequest>>,
    id_repeated: Cell<bool>,
}

impl Notes {
    fn note(&self, fault: InvalidRequest) {
        self.fault.borrow_mut().get_or_insert(fault);
    }
}

/// One value, with as many objects and arrays around it as `depth` says.
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
            self.notes.note(InvalidRequest::TooDeep { limit });
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
            self.notes.note(InvalidRequest::Batch);
        }
        if self.depth == 0 || self.too_deep() {
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(self.inner())? {
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
            self.notes.note(InvalidRequest::ReservedKey);
        }
        match object.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(entries.next_value_seed(self.inner())?);
            }
            Entry::Occupied(entry) => {
                if self.depth == 0 && entry.key() == "id" {
                    self.notes.id_repeated.set(true);
                }
                self.notes.note(InvalidRequest::DuplicateKey { key: entry.key().chars().take(40).collect() });
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
