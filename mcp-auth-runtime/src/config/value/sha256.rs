//! SHA-256 hashes.

use std::fmt;
use std::str::FromStr;

use mcp_auth_core::hex;
use serde::{Serialize, Serializer};

use super::{ValueError, text_value};

/// A SHA-256 hash: 64 hexadecimal digits, with or without `sha256:` before them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// Its bytes.
    pub fn bytes(self) -> [u8; 32] {
        self.0
    }
}

impl FromStr for Sha256 {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        // What stands here may be the credential itself, so it is not shown.
        hex::read(digits).map(Self).ok_or(ValueError::NotSha256)
    }
}

text_value!(Sha256, "64 hexadecimal digits");

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&hex::written(&self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_64_digits_and_another_text_is_not_shown() {
        let digits = "00ff".repeat(16);
        for written in [digits.clone(), format!("sha256:{digits}"), digits.to_uppercase()] {
            let hash: Sha256 = written.parse().unwrap();
            assert_eq!(serde_json::to_value(hash).unwrap(), digits.as_str());
        }
        for bad in
            ["", "sha256:", "hunter2", &digits[1..], &format!("{digits}0"), &"zz".repeat(32), &"é".repeat(32)]
        {
            let error = bad.parse::<Sha256>().unwrap_err().to_string();
            assert!(
                !error.contains("hunter2") && error.starts_with("is not a SHA-256: write the 64"),
                "{error}"
            );
        }
    }
}
