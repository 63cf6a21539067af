//! Names of upstreams as the configuration writes them.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::{ValueError, text_value};

/// The most characters of a name.
const MOST: usize = 64;
/// What `issuer.login` means otherwise.
const LOGINS: [&str; 3] = ["development", "accounts", "own"];

/// The name of one of `[upstreams]`: 1 to 64 of `A-Z a-z 0-9 _ -`, and none of `development`, `accounts` and `own`. It is a part of the path
/// that people come back to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct UpstreamName(String);

impl UpstreamName {
    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UpstreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for UpstreamName {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let is_spelled = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if !(1..=MOST).contains(&text.len()) || !is_spelled {
            return Err(ValueError::malformed(text, "1 to 64 of A-Z a-z 0-9 _ -"));
        }
        if LOGINS.contains(&text) {
            return Err(ValueError::refused(text, "issuer.login means another login by this word"));
        }
        Ok(Self(text.to_owned()))
    }
}

text_value!(UpstreamName, "a name such as \"google\"");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_has_a_name_that_a_path_can_hold_and_no_other_login_has() {
        for good in ["google", "our-idp", "IdP_2", &"x".repeat(64)] {
            assert!(good.parse::<UpstreamName>().is_ok(), "{good}");
        }
        for bad in
            ["", ".", "..", "a/b", "a b", "a.b", "ä", &"x".repeat(65), "development", "accounts", "own"]
        {
            assert!(bad.parse::<UpstreamName>().is_err(), "{bad}");
        }
    }
}
