//! Byte sizes: strings with a binary unit, or a number of bytes.

use super::ValueError;

/// Reads `"64 KiB"`, `"4MiB"`, `"512 B"`, `"512"`: binary units only.
///
/// # Errors
/// [`ValueError::Malformed`] for any other unit; `KB` could mean two numbers.
pub(in crate::config) fn parse_size(text: &str) -> Result<u64, ValueError> {
    let malformed =
        || ValueError::malformed(text, "a size such as \"64 KiB\" (B, KiB, MiB, GiB) or a number of bytes");
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
pub(in crate::config) fn size_text(bytes: u64) -> String {
    for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if bytes != 0 && bytes.is_multiple_of(unit) {
            return format!("{} {name}", bytes / unit);
        }
    }
    format!("{bytes} B")
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

pub(in crate::config) use {bytes, size};

#[cfg(test)]
mod tests {
    #![allow(unreachable_pub, reason = "the declarations are public elsewhere")]
    use super::*;

    size! {
        /// For the tests.
        Body: 1 KiB to 64 MiB, default 4 MiB
    }

    fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, String> {
        serde_json::from_value(value).map_err(|e| e.to_string())
    }

    #[test]
    fn size_takes_binary_units_or_bytes_and_refuses_ambiguous_ones() {
        assert_eq!(read::<Body>(serde_json::json!("4 MiB")).unwrap().get(), 4 << 20);
        assert_eq!(read::<Body>(serde_json::json!("2KiB")).unwrap().get(), 2048);
        assert_eq!(read::<Body>(serde_json::json!(2048)).unwrap().get(), 2048);
        for bad in ["4 MB", "MiB", "4.5 MiB", "-1", "99999999999999999999 GiB", ""] {
            assert!(read::<Body>(serde_json::json!(bad)).unwrap_err().contains("expected a size"), "{bad}");
        }
        assert!(read::<Body>(serde_json::json!("1 GiB")).unwrap_err().contains("at most \"64 MiB\""));
        assert!(read::<Body>(serde_json::json!(-5)).unwrap_err().contains("is -5, at least \"1 KiB\""));
    }

    #[test]
    fn size_is_written_back_in_the_largest_exact_unit() {
        for text in ["0 B", "1500 B", "64 KiB", "4 MiB", "1 GiB"] {
            assert_eq!(size_text(parse_size(text).unwrap()), text);
        }
    }
}
