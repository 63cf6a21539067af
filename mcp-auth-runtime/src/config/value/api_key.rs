//! Names and digests of API keys.

use std::str::FromStr;

use mcp_auth_core::ApiKey;
use mcp_auth_core::seen::deceives;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{One, ValueError, one_or_many, read_text, schema};
use crate::authn::ApiKeyDigest;

/// The most digests that one key has: the one that is in use, and the next.
const MOST_DIGESTS: usize = 2;

/// The name of an API key: 1 to 100 characters, none of them invisible or changing the text around it, and no space at
/// either end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ApiKeyName(String);

impl ApiKeyName {
    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApiKeyName {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if ApiKey::found_in(text).is_some() {
            return Err(ValueError::refused(
                text,
                "a name is not secret, and this looks like the key itself",
            ));
        }
        let is_bad = text.is_empty() || text.trim() != text || text.chars().count() > 100 || deceives(text);
        match is_bad {
            true => {
                Err(ValueError::malformed(text, "1 to 100 visible characters, without space around them"))
            }
            false => Ok(Self(text.to_owned())),
        }
    }
}

impl<'de> Deserialize<'de> for ApiKeyName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read_text(from, "a name in quotes")?.parse().map_err(serde::de::Error::custom)
    }
}

schema!(ApiKeyName, { "type": "string", "minLength": 1, "maxLength": 100 });

/// What is wrong with it does not say what it was: it may be the key.
impl<'de> Deserialize<'de> for ApiKeyDigest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read_text(from, "a digest such as \"sha256:…\"")?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for ApiKeyDigest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// One digest, or two of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Digests(Vec<ApiKeyDigest>);

impl Digests {
    /// Each digest.
    pub fn iter(&self) -> impl Iterator<Item = &ApiKeyDigest> {
        self.0.iter()
    }
}

impl<'de> Deserialize<'de> for Digests {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let all: Vec<ApiKeyDigest> = one_or_many(from, One::Text, "one string or an array of strings")?;
        let wrong = match all.len() {
            1..=MOST_DIGESTS => return Ok(Self(all)),
            0 => {
                ValueError::Empty("without a digest no key could be accepted; `mcp-auth key new` prints one")
            }
            more => ValueError::TooMuch { given: format!("{more} digests"), limit: MOST_DIGESTS.to_string() },
        };
        Err(serde::de::Error::custom(wrong))
    }
}

schema!(Digests, {
    "type": ["string", "array"],
    "pattern": "^sha256:[0-9a-f]{64}$",
    "items": { "type": "string", "pattern": "^sha256:[0-9a-f]{64}$" },
    "minItems": 1,
    "maxItems": MOST_DIGESTS,
});
