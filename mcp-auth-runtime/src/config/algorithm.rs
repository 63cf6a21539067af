//! Signature algorithms: asymmetric ones only.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::value::{ValueError, not_one_of, schema};

/// A signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1): asymmetric, so that who verifies cannot sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

impl Algorithm {
    /// Every algorithm there is.
    pub const ALL: [Self; 9] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDSA,
    ];

    /// Its name as `alg` says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }
}

impl FromStr for Algorithm {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if let Some(known) = Self::ALL.into_iter().find(|known| known.as_str() == text) {
            return Ok(known);
        }
        if text.eq_ignore_ascii_case("none") {
            return Err(ValueError::refused(
                text,
                "a token without a signature proves nothing (RFC 8725 section 3.2)",
            ));
        }
        if text.len() == 5 && text[..2].eq_ignore_ascii_case("HS") {
            let why = "with a shared secret whoever verifies tokens can also make them; use one of the issuer's \
                       asymmetric algorithms, such as \"RS256\" or \"ES256\"";
            return Err(ValueError::refused(text, why));
        }
        Err(not_one_of(text, &Self::ALL.map(Self::as_str)))
    }
}

impl Serialize for Algorithm {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = super::value::read_text(from, "an algorithm such as \"RS256\"")?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

schema!(Algorithm, { "type": "string", "enum": Self::ALL.map(Self::as_str) });
