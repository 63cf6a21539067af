//! The kinds of value a key can have: durations, byte sizes, counts and keywords, each declared with its
//! range and default in one line. A checked type per value lets every error blame one key and one source.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};

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
        Self::Malformed {
            given: given.to_owned(),
            expected: expected.into(),
        }
    }

    pub(super) fn refused(given: &str, why: impl Into<String>) -> Self {
        Self::Refused {
            given: given.to_owned(),
            why: why.into(),
        }
    }
}

/// `given` in quotes, control characters escaped, cut after 80 characters.
pub(super) fn quoted(given: &str) -> String {
    match given.char_indices().nth(80) {
        Some((end, _)) => format!("{:?}…", &given[..end]),
        None => format!("{given:?}"),
    }
}

/// Reads `"30s"`, `"5m"`, `"1h 30m"`: a number and its unit, always.
///
/// # Errors
/// [`ValueError::Malformed`] without a unit, for a negative number, and past what 64 bits of seconds hold.
pub(super) fn parse_duration(text: &str) -> Result<Duration, ValueError> {
    humantime::parse_duration(text)
        .map_err(|_| ValueError::malformed(text, "a duration with a unit, such as \"30s\""))
}

/// A duration as the configuration writes it: the largest unit that loses nothing.
pub(super) fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if duration.subsec_nanos() != 0 {
        return format!("{}ms", duration.as_millis());
    }
    for (unit, name) in [(86_400, "d"), (3_600, "h"), (60, "m")] {
        if seconds != 0 && seconds.is_multiple_of(unit) {
            return format!("{}{name}", seconds / unit);
        }
    }
    format!("{seconds}s")
}

/// Reads `"64 KiB"`, `"4MiB"`, `"512 B"`, `"512"`: binary units only.
///
/// # Errors
/// [`ValueError::Malformed`] for any other unit; `KB` could mean two numbers.
pub(super) fn parse_size(text: &str) -> Result<u64, ValueError> {
    let malformed = || {
        ValueError::malformed(
            text,
            "a size such as \"64 KiB\" (B, KiB, MiB, GiB) or a number of bytes",
        )
    };
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(malformed()),
    };
    let number: u64 = number.parse().map_err(|_| malformed())?;
    number.checked_mul(factor).ok_or_else(malformed)
}

/// A size as the configuration writes it: the largest unit that loses nothing.
pub(super) fn size_text(bytes: u64) -> String {
    for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if bytes != 0 && bytes.is_multiple_of(unit) {
            return format!("{} {name}", bytes / unit);
        }
    }
    format!("{bytes} B")
}

/// Text or a whole number, as a file or a variable gives it; each value type then takes what it can.
pub(super) enum Raw {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i128),
}

impl Raw {
    /// Reads either, saying `expected` for anything else.
    pub(super) fn read<'de, D: Deserializer<'de>>(from: D, expected: &'static str) -> Result<Self, D::Error> {
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
pub(super) fn read_text<'de, D: Deserializer<'de>>(
    from: D,
    expected: &'static str,
) -> Result<String, D::Error> {
    match Raw::read(from, expected)? {
        Raw::Text(text) => Ok(text),
        Raw::Number(n) => Err(de::Error::custom(format_args!(
            "is the number {n}, expected {expected}"
        ))),
    }
}

/// One value or a list of them.
pub(super) fn one_or_many<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Read<T>(std::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<T> {
        type Value = Vec<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("one string or an array of strings")
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<T>, E> {
            T::deserialize(de::value::StrDeserializer::new(text)).map(|one| vec![one])
        }
        fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::new();
            while let Some(one) = seq.next_element()? {
                all.push(one);
            }
            Ok(all)
        }
    }
    from.deserialize_any(Read(std::marker::PhantomData))
}

/// Seconds in a unit, for the declarations below.
macro_rules! seconds {
    (s) => {
        1
    };
    (m) => {
        60
    };
    (h) => {
        3_600
    };
    (d) => {
        86_400
    };
}

/// Bytes in a unit, for the declarations below.
macro_rules! bytes {
    (B) => {
        1
    };
    (KiB) => {
        1_024
    };
    (MiB) => {
        1_048_576
    };
}

/// Declares a duration key's type: `Name: 0 s to 5 m, default 30 s`.
macro_rules! duration {
    ($(#[$doc:meta])* $name:ident: $min:literal $min_unit:ident to $max:literal $max_unit:ident,
     default $default:literal $default_unit:ident) => {
        $(#[$doc])*
        #[doc = concat!(
            " `\"", $min, stringify!($min_unit), "\"` to `\"", $max, stringify!($max_unit),
            "\"`. **(default: `\"", $default, stringify!($default_unit), "\"`)**"
        )]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(std::time::Duration);

        impl $name {
            const MIN: std::time::Duration =
                std::time::Duration::from_secs($min * $crate::config::value::seconds!($min_unit));
            const MAX: std::time::Duration =
                std::time::Duration::from_secs($max * $crate::config::value::seconds!($max_unit));

            /// The duration.
            pub fn get(self) -> std::time::Duration {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self(std::time::Duration::from_secs($default * $crate::config::value::seconds!($default_unit)))
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::config::value::ValueError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                use $crate::config::value::{ValueError, duration_text, parse_duration, quoted};
                let duration = parse_duration(text)?;
                if duration > Self::MAX {
                    return Err(ValueError::TooMuch {
                        given: quoted(text),
                        limit: quoted(&duration_text(Self::MAX)),
                    });
                }
                if duration < Self::MIN {
                    return Err(ValueError::TooLittle {
                        given: quoted(text),
                        limit: quoted(&duration_text(Self::MIN)),
                    });
                }
                Ok(Self(duration))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let expected = "a duration with a unit, such as \"30s\"";
                let text = $crate::config::value::read_text(from, expected)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&$crate::config::value::duration_text(self.0))
            }
        }

        $crate::config::value::schema!($name, {
            "type": "string",
            "$comment": concat!(
                "\"", $min, stringify!($min_unit), "\" to \"", $max, stringify!($max_unit), "\"."
            ),
        });
    };
}

/// Declares a byte size key's type: `Name: 1 KiB to 64 MiB, default 4 MiB`.
macro_rules! size {
    ($(#[$doc:meta])* $name:ident: $min:literal $min_unit:ident to $max:literal $max_unit:ident,
     default $default:literal $default_unit:ident) => {
        $(#[$doc])*
        #[doc = concat!(
            " `\"", $min, " ", stringify!($min_unit), "\"` to `\"", $max, " ", stringify!($max_unit),
            "\"`, or a number of bytes. **(default: `\"", $default, " ", stringify!($default_unit), "\"`)**"
        )]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(u64);

        impl $name {
            const MIN: u64 = $min * $crate::config::value::bytes!($min_unit);
            const MAX: u64 = $max * $crate::config::value::bytes!($max_unit);

            /// The size in bytes.
            pub fn get(self) -> usize {
                usize::try_from(self.0).unwrap_or(usize::MAX)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self($default * $crate::config::value::bytes!($default_unit))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                use serde::de::Error as _;
                use $crate::config::value::{Raw, ValueError, parse_size, quoted, size_text};
                let (given, bytes) = match Raw::read(from, "a size such as \"64 KiB\" or a number of bytes")? {
                    Raw::Text(text) => (quoted(&text), i128::from(parse_size(&text).map_err(D::Error::custom)?)),
                    Raw::Number(number) => (number.to_string(), number),
                };
                if bytes > i128::from(Self::MAX) {
                    let limit = quoted(&size_text(Self::MAX));
                    return Err(D::Error::custom(ValueError::TooMuch { given, limit }));
                }
                match u64::try_from(bytes) {
                    Ok(bytes) if bytes >= Self::MIN => Ok(Self(bytes)),
                    _ => {
                        let limit = quoted(&size_text(Self::MIN));
                        Err(D::Error::custom(ValueError::TooLittle { given, limit }))
                    }
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&$crate::config::value::size_text(self.0))
            }
        }

        $crate::config::value::schema!($name, {
            "type": ["string", "integer"],
            "$comment": concat!(
                "\"", $min, " ", stringify!($min_unit), "\" to \"", $max, " ", stringify!($max_unit),
                "\", or a number of bytes."
            ),
        });
    };
}

/// Declares a whole number key's type: `Name: 1 to 1000, default 100`.
macro_rules! count {
    ($(#[$doc:meta])* $name:ident: $min:literal to $max:literal, default $default:literal) => {
        $(#[$doc])*
        #[doc = concat!(" ", $min, " to ", $max, ". **(default: ", $default, ")**")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(usize);

        impl $name {
            /// The number.
            pub fn get(self) -> usize {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self($default)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                use serde::de::Error as _;
                use $crate::config::value::{Raw, ValueError};
                let number = match Raw::read(from, "a whole number")? {
                    Raw::Number(number) => number,
                    Raw::Text(text) => {
                        return Err(D::Error::custom(ValueError::malformed(&text, "a whole number")));
                    }
                };
                let given = number.to_string();
                if number > $max {
                    return Err(D::Error::custom(ValueError::TooMuch { given, limit: $max.to_string() }));
                }
                match usize::try_from(number) {
                    Ok(count) if count >= $min => Ok(Self(count)),
                    _ => Err(D::Error::custom(ValueError::TooLittle { given, limit: $min.to_string() })),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(to)
            }
        }

        $crate::config::value::schema!($name, { "type": "integer", "minimum": $min, "maximum": $max });
    };
}

/// Declares a key that takes one of a few words; the first is the default.
macro_rules! keyword {
    ($(#[$doc:meta])* $name:ident {
        $(#[$first_doc:meta])* $first:ident = $first_word:literal,
        $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum $name {
            $(#[$first_doc])*
            #[default]
            $first,
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            const WORDS: &'static [&'static str] = &[$first_word, $($word),*];

            /// The word, as the configuration writes it.
            pub fn as_str(self) -> &'static str {
                match self {
                    Self::$first => $first_word,
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::config::value::ValueError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $first_word => Ok(Self::$first),
                    $($word => Ok(Self::$variant),)*
                    _ => Err($crate::config::value::not_one_of(text, Self::WORDS)),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let expected = concat!("a string: \"", $first_word, "\"" $(, " or \"", $word, "\"")*);
                let text = $crate::config::value::read_text(from, expected)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        $crate::config::value::schema!($name, { "type": "string", "enum": Self::WORDS });
    };
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

pub(super) use {bytes, count, duration, keyword, schema, seconds, size, text_value};

/// What a keyword's type says of any other word.
pub(super) fn not_one_of(given: &str, words: &[&str]) -> ValueError {
    let list = words
        .iter()
        .map(|word| format!("{word:?}"))
        .collect::<Vec<_>>()
        .join(" or ");
    let nearest = nearest(given, words.iter().copied());
    let hint = nearest
        .map(|word| format!("; did you mean {word:?}?"))
        .unwrap_or_default();
    ValueError::malformed(given, format!("{list}{hint}"))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, unreachable_pub, reason = "the declarations are public elsewhere")]
    use super::*;

    duration! {
        /// For the tests.
        Skew: 0 s to 5 m, default 30 s
    }
    size! {
        /// For the tests.
        Body: 1 KiB to 64 MiB, default 4 MiB
    }
    count! {
        /// For the tests.
        Many: 1 to 100, default 10
    }
    keyword! {
        /// For the tests.
        Way { Http = "http", Stdio = "stdio", }
    }

    fn read<T: for<'a> Deserialize<'a>>(value: serde_json::Value) -> Result<T, String> {
        serde_json::from_value(value).map_err(|e| e.to_string())
    }

    #[test]
    fn duration_needs_a_unit_and_stays_in_range() {
        assert_eq!(Skew::default().get(), Duration::from_secs(30));
        assert_eq!("5m".parse::<Skew>().unwrap().get(), Duration::from_secs(300));
        assert_eq!("0s".parse::<Skew>().unwrap().get(), Duration::ZERO);
        let too_much = "900s".parse::<Skew>().unwrap_err().to_string();
        assert_eq!(too_much, "is \"900s\", at most \"5m\"");
        for bad in ["30", "-1s", "1e9", "", "s", "99999999999999999999s"] {
            let error = bad.parse::<Skew>().unwrap_err().to_string();
            assert!(
                error.contains("expected a duration with a unit"),
                "{bad}: {error}"
            );
        }
        let number = read::<Skew>(serde_json::json!(30)).unwrap_err();
        assert!(
            number.contains("is the number 30, expected a duration with a unit"),
            "{number}"
        );
    }

    #[test]
    fn size_takes_binary_units_or_bytes_and_refuses_ambiguous_ones() {
        assert_eq!(read::<Body>(serde_json::json!("4 MiB")).unwrap().get(), 4 << 20);
        assert_eq!(read::<Body>(serde_json::json!("2KiB")).unwrap().get(), 2048);
        assert_eq!(read::<Body>(serde_json::json!(2048)).unwrap().get(), 2048);
        for bad in ["4 MB", "MiB", "4.5 MiB", "-1", "99999999999999999999 GiB", ""] {
            assert!(
                read::<Body>(serde_json::json!(bad))
                    .unwrap_err()
                    .contains("expected a size"),
                "{bad}"
            );
        }
        assert!(
            read::<Body>(serde_json::json!("1 GiB"))
                .unwrap_err()
                .contains("at most \"64 MiB\"")
        );
        assert!(
            read::<Body>(serde_json::json!(-5))
                .unwrap_err()
                .contains("is -5, at least \"1 KiB\"")
        );
    }

    #[test]
    fn count_stays_in_range_and_takes_no_text() {
        assert_eq!(read::<Many>(serde_json::json!(100)).unwrap().get(), 100);
        assert!(
            read::<Many>(serde_json::json!(0))
                .unwrap_err()
                .contains("is 0, at least 1")
        );
        assert!(
            read::<Many>(serde_json::json!(101))
                .unwrap_err()
                .contains("is 101, at most 100")
        );
        assert!(
            read::<Many>(serde_json::json!("ten"))
                .unwrap_err()
                .contains("is \"ten\", expected a whole number")
        );
    }

    #[test]
    fn keyword_names_every_word_and_the_nearest_and_takes_no_index() {
        assert_eq!(read::<Way>(serde_json::json!("stdio")).unwrap(), Way::Stdio);
        let error = read::<Way>(serde_json::json!("htp")).unwrap_err();
        assert_eq!(
            error,
            "is \"htp\", expected \"http\" or \"stdio\"; did you mean \"http\"?"
        );
        assert!(
            read::<Way>(serde_json::json!(1))
                .unwrap_err()
                .contains("is the number 1")
        );
    }

    #[test]
    fn values_are_written_back_in_the_largest_exact_unit() {
        for text in ["0s", "45s", "90s", "5m", "36h", "1d", "14d"] {
            assert_eq!(duration_text(parse_duration(text).unwrap()), text);
        }
        for text in ["0 B", "1500 B", "64 KiB", "4 MiB", "1 GiB"] {
            assert_eq!(size_text(parse_size(text).unwrap()), text);
        }
    }

    #[test]
    fn nearest_word_is_near_or_none() {
        assert_eq!(nearest("clock_skw", ["clock_skew", "issuer"]), Some("clock_skew"));
        assert_eq!(nearest("requird", ["required"]), Some("required"));
        assert_eq!(nearest("colour", ["clock_skew", "issuer"]), None);
    }
}
