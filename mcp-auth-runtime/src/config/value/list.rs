//! Lists that are never empty.

/// Declares a list that is never empty, with its default if it has one.
macro_rules! list {
    ($(#[$doc:meta])* $name:ident of $item:ty, $(default $default:expr,)? $empty:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(Vec<$item>);

        impl std::ops::Deref for $name {
            type Target = [$item];
            fn deref(&self) -> &[$item] {
                &self.0
            }
        }

        $(impl Default for $name {
            fn default() -> Self {
                Self($default)
            }
        })?

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let all = <Vec<$item> as serde::Deserialize>::deserialize(from)?;
                if all.is_empty() {
                    return Err(serde::de::Error::custom($crate::config::value::ValueError::Empty($empty)));
                }
                Ok(Self(all))
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut schema = <Vec<$item> as schemars::JsonSchema>::json_schema(generator);
                schema.insert("minItems".to_owned(), 1.into());
                schema
            }
        }
    };
}

pub(in crate::config) use list;
