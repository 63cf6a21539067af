//! The kinds of value a key can have: durations, byte sizes, counts and keywords, each declared with its
//! range and default in one line. A checked type per value lets every error blame one key and one source.

mod count;
mod duration;
mod keyword;
mod raw;
mod size;

pub(super) use count::count;
pub(super) use duration::{duration, duration_text, parse_duration, seconds};
pub(super) use keyword::{keyword, not_one_of};
pub(super) use raw::{Raw, one_or_many, read_text};
pub(super) use size::{bytes, parse_size, size, size_text};

/// A value outside what its key accepts. Reads on from the key's name: `clock_skew` + `is "900s", at most "5m"`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// Not written the way this kind of value is written.
    #[error("is {}, expected {expected}", quoted(given))]
    Malformed {
        /// As it was given.
        given: String,
        /// What would be right.
        expected: String,
    },
    /// Above the range.
    #[error("is {given}, at most {limit}")]
    TooMuch {
        /// As it was given.
        given: String,
        /// The highest that is accepted.
        limit: String,
    },
    /// Below the range.
    #[error("is {given}, at least {limit}")]
    TooLittle {
        /// As it was given.
        given: String,
        /// The lowest that is accepted.
        limit: String,
    },
    /// Well written and still refused.
    #[error("is {}: {why}", quoted(given))]
    Refused {
        /// As it was given.
        given: String,
        /// Why not, and what instead.
        why: String,
    },
    /// An empty list where one entry at least is needed.
    #[error("is empty: {0}")]
    Empty(&'static str),
}

impl ValueError {
    pub(super) fn malformed(given: &str, expected: impl Into<String>) -> Self {
        Self::Malformed { given: given.to_owned(), expected: expected.into() }
    }

    pub(super) fn refused(given: &str, why: impl Into<String>) -> Self {
        Self::Refused { given: given.to_owned(), why: why.into() }
    }
}

/// `given` in quotes, control characters escaped, cut after 80 characters.
pub(super) fn quoted(given: &str) -> String {
    match given.char_indices().nth(80) {
        Some((end, _)) => format!("{:?}…", &given[..end]),
        None => format!("{given:?}"),
    }
}

/// The known word a mistyped one most likely means: at most a third of its letters changed.
pub(super) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&given, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

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
/// description by `schema.rs`.
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

pub(super) use {schema, text_value};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_word_is_near_or_none() {
        assert_eq!(nearest("clock_skw", ["clock_skew", "issuer"]), Some("clock_skew"));
        assert_eq!(nearest("requird", ["required"]), Some("required"));
        assert_eq!(nearest("colour", ["clock_skew", "issuer"]), None);
    }
}
