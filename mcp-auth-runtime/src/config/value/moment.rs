//! Moments: a date, or a date and a time.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use super::{ValueError, schema};

const EXPECTED: &str = "a date and a time such as \"2027-01-31T18:00:00Z\", or a date";

/// The last second of the year 9999.
const LAST: u64 = 253_402_300_799;

/// The name under which TOML's own dates come out of its parser.
const TOML_DATE: &str = "$__toml_private_datetime";

/// A moment: `2027-01-31T18:00:00Z` with any offset (RFC 3339), or `2027-01-31` for the first moment of that day in UTC; in
/// quotes, or as TOML writes dates. Fractions of a second do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// The moment in Unix seconds.
    pub fn unix(self) -> u64 {
        self.0
    }

    /// The moment that is so many seconds after 1970.
    pub fn from_unix(seconds: u64) -> Self {
        Self(seconds)
    }
}

impl FromStr for Moment {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        read(text).map(Self).ok_or_else(|| ValueError::malformed(text, EXPECTED))
    }
}

/// Reads it in UTC, where it is of a year with four digits too: nothing writes another one.
fn read(text: &str) -> Option<u64> {
    any(text).filter(|unix| *unix <= LAST)
}

fn any(text: &str) -> Option<u64> {
    if !text.is_ascii() {
        return None;
    }
    if text.len() == "2027-01-31".len() {
        return in_utc(&format!("{text}T00:00:00"));
    }
    if let Some(local) = text.strip_suffix(['Z', 'z']) {
        return in_utc(local);
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub("+02:00".len())?)?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let digits = |text: &str, below: u64| {
        let is_two = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number: &u64| is_two && *number < below)
    };
    let ahead = digits(hours, 24)? * 3600 + digits(minutes, 60)? * 60;
    match offset.as_bytes()[0] {
        b'+' => in_utc(local)?.checked_sub(ahead),
        b'-' => in_utc(local)?.checked_add(ahead),
        _ => None,
    }
}

/// `2027-01-31T18:00:00`, in Unix seconds.
fn in_utc(text: &str) -> Option<u64> {
    // RFC 3339 §5.6: the letters may be small.
    let time = humantime::parse_rfc3339(&format!("{}Z", text.to_ascii_uppercase())).ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNIX_EPOCH.checked_add(Duration::from_secs(self.0)) {
            Some(time) => write!(f, "{}", humantime::format_rfc3339_seconds(time)),
            None => write!(f, "{} s after 1970", self.0),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Moment;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Moment, A::Error> {
                match map.next_entry::<String, String>()? {
                    Some((key, text)) if key == TOML_DATE => text.parse().map_err(de::Error::custom),
                    _ => Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
                }
            }
        }
        from.deserialize_any(Read)
    }
}

schema!(Moment, { "type": "string" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_or_a_date_and_a_time_with_its_offset() {
        for (text, written) in [
            ("2027-01-31", "2027-01-31T00:00:00Z"),
            ("2027-01-31T18:00:00Z", "2027-01-31T18:00:00Z"),
            ("2027-01-31t18:00:00z", "2027-01-31T18:00:00Z"),
            ("2027-01-31T18:00:00.75Z", "2027-01-31T18:00:00Z"),
            ("2027-01-31T18:00:00+02:00", "2027-01-31T16:00:00Z"),
            ("2027-01-31T18:00:00-02:30", "2027-01-31T20:30:00Z"),
            ("2028-02-29", "2028-02-29T00:00:00Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), written, "{text}");
        }
    }

    #[test]
    fn anything_else_is_not_one() {
        for text in [
            "",
            "2027",
            "2027-1-31",
            "2027-02-29",
            "2027-13-01",
            "2027-01-32",
            "31-01-2027",
            "2027-01-31 ",
            "2027-01-31T",
            "2027-01-31T18:00:00",
            "2027-01-31T18:00Z",
            "2027-01-31T25:00:00Z",
            "2027-01-31T18:00:00+2:00",
            "2027-01-31T18:00:00+0200",
            "2027-01-31T18:00:00+24:00",
            "2027-01-31T18:00:00 02:00",
            "2027-01-31T18:00:00+-1:00",
            "9999-12-31T23:59:59-00:01",
            "1969-12-31",
            "1970-01-01T00:00:00+01:00",
            "90d",
            "2027-01-31T18:00:00Zé",
            "é2027-01-31",
        ] {
            assert!(text.parse::<Moment>().is_err(), "{text:?}");
        }
    }
}
