//! Keys that take one of a few words.

use super::{ValueError, nearest};

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

        $crate::config::value::words! { $name { $first = $first_word, $($variant = $word,)* } }
    };
}

/// How the configuration writes a type that is declared elsewhere: one of a few words.
macro_rules! words {
    ($name:ident { $first:ident = $first_word:literal, $($variant:ident = $word:literal,)* }) => {
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

pub(in crate::config) use {keyword, words};

/// What a keyword's type says of any other word.
pub(in crate::config) fn not_one_of(given: &str, words: &[&str]) -> ValueError {
    let list = words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(" or ");
    let nearest = nearest(given, words.iter().copied());
    let hint = nearest.map(|word| format!("; did you mean {word:?}?")).unwrap_or_default();
    ValueError::malformed(given, format!("{list}{hint}"))
}

#[cfg(test)]
mod tests {
    #![allow(unreachable_pub, reason = "the declarations are public elsewhere")]

    keyword! {
        /// For the tests.
        Way { Http = "http", Stdio = "stdio", }
    }

    fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, String> {
        serde_json::from_value(value).map_err(|e| e.to_string())
    }

    #[test]
    fn keyword_names_every_word_and_the_nearest_and_takes_no_index() {
        assert_eq!(read::<Way>(serde_json::json!("stdio")).unwrap(), Way::Stdio);
        let error = read::<Way>(serde_json::json!("htp")).unwrap_err();
        assert_eq!(error, "is \"htp\", expected \"http\" or \"stdio\"; did you mean \"http\"?");
        assert!(read::<Way>(serde_json::json!(1)).unwrap_err().contains("is the number 1"));
    }
}
