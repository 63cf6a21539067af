//! Audiences: whom a token must be for.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{One, ValueError, one_or_many, schema, text_value};

/// One audience: any text but the empty one and `*`, compared byte for byte with `aud`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Audience(String);

impl Audience {
    /// The audience's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Audience {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "" => Err(ValueError::Empty("an empty audience would match tokens that name no server")),
            "*" => Err(ValueError::refused(
                text,
                "an audience is one exact value; \"*\" would match tokens for every server",
            )),
            _ if text.trim() != text || text.chars().any(char::is_control) => {
                Err(ValueError::refused(text, "an audience has no space around it and no control characters"))
            }
            _ => Ok(Self(text.to_owned())),
        }
    }
}

text_value!(Audience, "an audience such as \"https://todos.example.com/mcp\"");

/// One audience or a list of them, never an empty list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Audiences(Vec<Audience>);

impl Audiences {
    /// Each audience.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Audience::as_str)
    }
}

impl<'de> Deserialize<'de> for Audiences {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let all: Vec<Audience> = one_or_many(from, One::Text, "one string or an array of strings")?;
        if all.is_empty() {
            let error = ValueError::Empty("name an audience, or leave the key out for public_url");
            return Err(serde::de::Error::custom(error));
        }
        Ok(Self(all))
    }
}

schema!(Audiences, {
    "type": ["string", "array"],
    "minLength": 1,
    "items": { "type": "string", "minLength": 1 },
    "minItems": 1,
});
