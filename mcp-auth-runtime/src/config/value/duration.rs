//! Durations: strings with a unit, always.

use std::time::Duration;

use mcp_auth_core::duration::duration_text;

use super::ValueError;

/// Reads `"30s"`, `"5m"`, `"1h 30m"`: a number and its unit, always.
///
/// # Errors
/// [`ValueError::Malformed`] without a unit, for a negative number, and past what 64 bits of seconds hold.
pub(in crate::config) fn parse_duration(text: &str) -> Result<Duration, ValueError> {
    humantime::parse_duration(text)
        .map_err(|_| ValueError::malformed(text, "a duration with a unit, such as \"30s\""))
}

/// A range as descriptions end with it.
pub(in crate::config) fn duration_range(min: Duration, max: Duration) -> String {
    format!("\"{}\" to \"{}\".", duration_text(min), duration_text(max))
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

/// Declares a duration key's type: `Name: 0 s to 5 m, default 30 s`, or `Name within CLOCK_SKEW` for bounds that stand
/// where they are kept.
macro_rules! duration {
    ($(#[$doc:meta])* $name:ident: $min:literal $min_unit:ident to $max:literal $max_unit:ident,
     default $default:literal $default_unit:ident) => {
        $crate::config::value::duration! {
            @declare
            $(#[$doc])*
            #[doc = concat!(
                " `\"", $min, stringify!($min_unit), "\"` to `\"", $max, stringify!($max_unit),
                "\"`. **(default: `\"", $default, stringify!($default_unit), "\"`)**"
            )]
            $name:
            std::time::Duration::from_secs($min * $crate::config::value::seconds!($min_unit)),
            std::time::Duration::from_secs($max * $crate::config::value::seconds!($max_unit)),
            std::time::Duration::from_secs($default * $crate::config::value::seconds!($default_unit))
        }
    };
    ($(#[$doc:meta])* $name:ident within $bounds:ident) => {
        $crate::config::value::duration! {
            @declare
            $(#[$doc])*
            #[doc = concat!(" Range and default: [`bounds::", stringify!($bounds), "`].")]
            $name: bounds::$bounds.min, bounds::$bounds.max, bounds::$bounds.default
        }
    };
    (@declare $(#[$doc:meta])* $name:ident: $min:expr, $max:expr, $default:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(std::time::Duration);

        impl $name {
            const MIN: std::time::Duration = $min;
            const MAX: std::time::Duration = $max;

            /// The duration.
            pub fn get(self) -> std::time::Duration {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self($default)
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
            "$comment": $crate::config::value::duration_range(Self::MIN, Self::MAX),
        });
    };
}

pub(in crate::config) use {duration, seconds};

#[cfg(test)]
mod tests {
    #![allow(unreachable_pub, reason = "the declarations are public elsewhere")]
    use super::*;

    duration! {
        /// For the tests.
        Skew: 0 s to 5 m, default 30 s
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
            assert!(error.contains("expected a duration with a unit"), "{bad}: {error}");
        }
        let number = serde_json::from_value::<Skew>(serde_json::json!(30)).unwrap_err().to_string();
        assert!(number.contains("is the number 30, expected a duration with a unit"), "{number}");
    }

    #[test]
    fn duration_is_written_back_in_the_largest_exact_unit() {
        for text in ["0s", "45s", "90s", "5m", "36h", "1d", "14d"] {
            assert_eq!(duration_text(parse_duration(text).unwrap()), text);
        }
    }
}
