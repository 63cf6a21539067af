//! Whole numbers within a range.

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
                    Ok(count) if ($min..=$max).contains(&count) => Ok(Self(count)),
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

pub(in crate::config) use count;

#[cfg(test)]
mod tests {
    #![allow(unreachable_pub, reason = "the declarations are public elsewhere")]

    count! {
        /// For the tests.
        Many: 1 to 100, default 10
    }

    fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, String> {
        serde_json::from_value(value).map_err(|e| e.to_string())
    }

    #[test]
    fn count_stays_in_range_and_takes_no_text() {
        assert_eq!(read::<Many>(serde_json::json!(100)).unwrap().get(), 100);
        assert!(read::<Many>(serde_json::json!(0)).unwrap_err().contains("is 0, at least 1"));
        assert!(read::<Many>(serde_json::json!(101)).unwrap_err().contains("is 101, at most 100"));
        assert!(
            read::<Many>(serde_json::json!("ten"))
                .unwrap_err()
                .contains("is \"ten\", expected a whole number")
        );
    }
}
