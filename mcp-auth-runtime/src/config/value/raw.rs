//! What a file or a variable gives, before a value type looks at it.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};

/// Text or a whole number, as a file or a variable gives it; each value type then takes what it can.
pub(in crate::config) enum Raw {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i128),
}

impl Raw {
    /// Reads either, saying `expected` for anything else.
    pub(in crate::config) fn read<'de, D: Deserializer<'de>>(
        from: D,
        expected: &'static str,
    ) -> Result<Self, D::Error> {
        struct Read(&'static str);
        impl Visitor<'_> for Read {
            type Value = Raw;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Raw, E> {
                Ok(Raw::Text(text.to_owned()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Raw, E> {
                Ok(Raw::Number(number.into()))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Raw, E> {
                Ok(Raw::Number(number.into()))
            }
        }
        from.deserialize_any(Read(expected))
    }
}

/// Reads text, saying `expected` for anything else.
pub(in crate::config) fn read_text<'de, D: Deserializer<'de>>(
    from: D,
    expected: &'static str,
) -> Result<String, D::Error> {
    match Raw::read(from, expected)? {
        Raw::Text(text) => Ok(text),
        Raw::Number(n) => Err(de::Error::custom(format_args!("is the number {n}, expected {expected}"))),
    }
}

/// What a single value is, where there may be one or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum One {
    /// Text.
    Text,
    /// A table.
    Table,
}

/// One value or a list of them, saying `expected` for anything else.
pub(in crate::config) fn one_or_many<'de, D, T>(
    from: D,
    one: One,
    expected: &'static str,
) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Read<T>(One, &'static str, std::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<T> {
        type Value = Vec<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.1)
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<T>, E> {
            match self.0 {
                One::Text => T::deserialize(de::value::StrDeserializer::new(text)).map(|one| vec![one]),
                One::Table => Err(E::invalid_type(Unexpected::Str(text), &self)),
            }
        }
        fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
            match self.0 {
                One::Table => T::deserialize(de::value::MapAccessDeserializer::new(map)).map(|one| vec![one]),
                One::Text => Err(de::Error::invalid_type(Unexpected::Map, &self)),
            }
        }
        fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::new();
            while let Some(one) = seq.next_element()? {
                all.push(one);
            }
            Ok(all)
        }
    }
    from.deserialize_any(Read(one, expected, std::marker::PhantomData))
}
