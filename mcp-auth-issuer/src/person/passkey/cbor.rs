//! The little of CBOR (RFC 8949) that authenticators write: CTAP2's canonical form has definite lengths and no tags. Maps with a key twice
//! are refused, and what is deep or long.

use minicbor::Decoder;
use minicbor::data::Type;

use super::error::PasskeyError;

/// How many arrays and maps may stand inside each other (CTAP 2.2 §8: four).
const DEEPEST: usize = 4;
/// How many values one text may hold.
const MOST: usize = 128;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'b> {
    Int(i64),
    Bytes(&'b [u8]),
    Text(&'b str),
    Map(Map<'b>),
    /// An array, a truth value or null, of which nobody asks more.
    Other,
}

/// The key of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key<'b> {
    Int(i64),
    Text(&'b str),
}

/// A map, in which each key stands once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Map<'b>(Vec<(Key<'b>, Value<'b>)>);

impl<'b> Map<'b> {
    pub(super) fn get(&self, key: Key<'_>) -> Option<&Value<'b>> {
        self.0.iter().find(|(kept, _)| *kept == key).map(|(_, value)| value)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Reads the map that `bytes` begin with, and returns it with how many bytes it takes.
///
/// # Errors
/// [`PasskeyError::Cbor`].
pub(super) fn map(bytes: &[u8]) -> Result<(Map<'_>, usize), PasskeyError> {
    let mut reader = Reader { decoder: Decoder::new(bytes), left: MOST };
    match reader.value(0)? {
        Value::Map(map) => Ok((map, reader.decoder.position())),
        _ => Err(PasskeyError::Cbor("not a map")),
    }
}

/// Reads the map that `bytes` are, and nothing besides.
///
/// # Errors
/// [`PasskeyError::Cbor`].
pub(super) fn only_map(bytes: &[u8]) -> Result<Map<'_>, PasskeyError> {
    match map(bytes)? {
        (map, length) if length == bytes.len() => Ok(map),
        (_, _) => Err(PasskeyError::Cbor("bytes are left over")),
    }
}

struct Reader<'b> {
    decoder: Decoder<'b>,
    /// How many values may still come.
    left: usize,
}

impl<'b> Reader<'b> {
    fn value(&mut self, depth: usize) -> Result<Value<'b>, PasskeyError> {
        self.left = self.left.checked_sub(1).ok_or(PasskeyError::Cbor("too many values"))?;
        match self.decoder.datatype().map_err(malformed)? {
            Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 => {
                self.decoder.i64().map(Value::Int).map_err(malformed)
            }
            Type::Bytes => self.decoder.bytes().map(Value::Bytes).map_err(malformed),
            Type::String => self.decoder.str().map(Value::Text).map_err(malformed),
            Type::Bool => self.decoder.bool().map(|_| Value::Other).map_err(malformed),
            Type::Null => self.decoder.null().map(|()| Value::Other).map_err(malformed),
            Type::Array if depth < DEEPEST => {
                for _ in 0..self.decoder.array().map_err(malformed)?.unwrap_or_default() {
                    self.value(depth + 1)?;
                }
                Ok(Value::Other)
            }
            Type::Map if depth < DEEPEST => self.members(depth).map(Value::Map),
            Type::Array | Type::Map => Err(PasskeyError::Cbor("nested too deep")),
            _ => Err(PasskeyError::Cbor("a kind of value that authenticators do not write")),
        }
    }

    fn members(&mut self, depth: usize) -> Result<Map<'b>, PasskeyError> {
        let mut map = Map::default();
        for _ in 0..self.decoder.map().map_err(malformed)?.unwrap_or_default() {
            let key = match self.value(DEEPEST)? {
                Value::Int(key) => Key::Int(key),
                Value::Text(key) => Key::Text(key),
                Value::Bytes(_) | Value::Map(_) | Value::Other => {
                    return Err(PasskeyError::Cbor("a key that is neither a number nor text"));
                }
            };
            if map.get(key).is_some() {
                return Err(PasskeyError::Cbor("a key stands twice"));
            }
            let value = self.value(depth + 1)?;
            map.0.push((key, value));
        }
        Ok(map)
    }
}

fn malformed(_: minicbor::decode::Error) -> PasskeyError {
    PasskeyError::Cbor("malformed, or of indefinite length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_read_with_its_length_and_what_comes_after_it_is_seen() {
        let bytes = [0xa3, 0x01, 0x26, 0x61, b'a', 0x42, 7, 8, 0x02, 0x82, 0xf5, 0xf6];
        let map_of = only_map(&bytes).unwrap();
        assert_eq!(map_of.get(Key::Int(1)), Some(&Value::Int(-7)));
        assert_eq!(map_of.get(Key::Text("a")), Some(&Value::Bytes(&[7, 8])));
        assert_eq!((map_of.get(Key::Int(2)), map_of.get(Key::Int(3))), (Some(&Value::Other), None));
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(map(&longer).unwrap().1, bytes.len());
        assert_eq!(only_map(&longer), Err(PasskeyError::Cbor("bytes are left over")));
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_at_any_depth_and_however_it_is_written() {
        for bytes in [
            &[0xa2, 0x01, 0x00, 0x01, 0x00][..],
            &[0xa2, 0x01, 0x00, 0x18, 0x01, 0x00],
            &[0xa2, 0x61, b'a', 0x00, 0x61, b'a', 0x00],
            &[0xa1, 0x00, 0xa2, 0x20, 0x00, 0x20, 0x00],
        ] {
            assert_eq!(only_map(bytes), Err(PasskeyError::Cbor("a key stands twice")), "{bytes:x?}");
        }
        assert!(only_map(&[0xa2, 0x01, 0x00, 0x61, b'1', 0x00]).is_ok(), "a number is not its text");
    }

    #[test]
    fn what_breaks_off_is_deep_or_is_something_else_is_refused() {
        for bytes in [
            &[][..],
            &[0xa1],
            &[0xa1, 0x01],
            &[0xa1, 0x01, 0x42, 0x00],
            &[0xbf, 0x01, 0x02, 0xff],
            &[0xa1, 0x01, 0x9f, 0xff],
            &[0xa1, 0x01, 0x5f, 0x41, 0x00, 0xff],
            &[0xa1, 0x01, 0xc1, 0x00],
            &[0xa1, 0x01, 0xf9, 0x00, 0x00],
            &[0xa1, 0x01, 0x61, 0xff],
            &[0xa1, 0x01, 0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0xa1, 0x01, 0xf7],
            &[0xa1, 0xa0, 0x00],
            &[0xa1, 0xf5, 0x00],
            &[0x80],
            &[0x00],
            // Lengths that no text has.
            &[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0xa1, 0x01, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0xa1, 0x01, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(matches!(only_map(bytes), Err(PasskeyError::Cbor(_))), "{bytes:x?}");
        }
        let nested = |depth: usize| [[0xa1, 0x00].repeat(depth), vec![0x00]].concat();
        assert!(only_map(&nested(4)).is_ok());
        assert_eq!(only_map(&nested(5)), Err(PasskeyError::Cbor("nested too deep")));
        let deepest = nested(100_000);
        assert_eq!(only_map(&deepest), Err(PasskeyError::Cbor("nested too deep")));
        let long = [vec![0xa1, 0x00, 0x98, 200], vec![0x00; 200]].concat();
        assert_eq!(only_map(&long), Err(PasskeyError::Cbor("too many values")));
    }
}
