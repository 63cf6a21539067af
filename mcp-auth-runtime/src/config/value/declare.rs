//! How a value type is declared that is checked by its `FromStr`, and its JSON Schema.

/// Declares a string key's type that is checked by its `FromStr`: how it is read and what its schema says.
macro_rules! text_value {
    ($name:ident, $expected:literal) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = $crate::config::value::read_text(from, $expected)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        $crate::config::value::schema!($name, { "type": "string" });
    };
}

/// The JSON Schema of a value type, written where the key is. `$comment` (the range) is added to the key's
/// description by `section/schema.rs`.
macro_rules! schema {
    ($name:ident, { $($body:tt)* }) => {
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ $($body)* })
            }
        }
    };
}

pub(in crate::config) use {schema, text_value};
