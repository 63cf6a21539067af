//! Secrets: the configuration says where one is (`env:NAME`, `file:/path`), never what it is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::schema;

/// Where a secret is: `"env:NAME"` or `"file:/path"` (relative to the configuration file). Read when it is
/// needed. Prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Place);

/// Where a secret is.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::config) enum Place {
    /// In an environment variable.
    Variable(String),
    /// In a file.
    File(PathBuf),
}

/// Text that is not a reference to a secret. Never shows the text: it may be the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must say where the secret is, \"env:NAME\" or \"file:/path\", never the secret itself")]
pub struct NotASecret;

impl Secret {
    pub(in crate::config) fn place(&self) -> &Place {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = NotASecret;
    fn from_str(text: &str) -> Result<Self, NotASecret> {
        let is_name = |name: &str| {
            !name.starts_with(|c: char| c.is_ascii_digit())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() && is_name(name) => {
                Ok(Self(Place::Variable(name.to_owned())))
            }
            Some(("file", path)) if !path.trim().is_empty() => Ok(Self(Place::File(path.into()))),
            _ => Err(NotASecret),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        // Every kind of value is taken, so that no error of the deserializer's shows one.
        impl serde::de::Visitor<'_> for Read {
            type Value = Option<Secret>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"env:NAME\" or \"file:/path\"")
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(text.parse().ok())
            }
            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(None)
            }
        }
        from.deserialize_any(Read)?.ok_or_else(|| serde::de::Error::custom(NotASecret))
    }
}

impl serde::Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("***")
    }
}

schema!(Secret, {
    "type": "string",
    "pattern": "^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$",
    "$comment": "\"env:NAME\" or \"file:/path\", never the secret itself."
});

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c07_literal_in_place_of_a_reference_is_refused_and_not_shown() {
        for bad in ["hunter2", "${TOKEN}", "env:", "env:A B", "env:1A", "file:", "ENV:A", ""] {
            assert_eq!(bad.parse::<Secret>().unwrap_err(), NotASecret, "{bad}");
        }
        let error = serde_json::from_str::<Secret>("123456").unwrap_err().to_string();
        assert!(!error.contains("123456"), "{error}");
    }

    #[test]
    fn secret_prints_as_stars() {
        let secret: Secret = "env:KEY".parse().unwrap();
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
    }
}
