//! What can be seen of a refused credential from outside. Nothing of it is verified, so it only chooses between sentences
//! that are fixed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_auth_core::strict_json;
use serde_json::{Map, Value};

use super::aud::Aud;
use crate::authn::credential::MAX_CREDENTIAL_BYTES;
use crate::authn::verifier::introspection::{Shape, shape};

/// What can be seen of a credential.
pub(super) struct Glimpse<'a> {
    pub(super) kind: Kind,
    presented: &'a str,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A JWT, or what looks like one.
    Jwt,
    /// A JWE.
    Encrypted,
    /// No JWT.
    Opaque,
}

impl<'a> Glimpse<'a> {
    /// `None` of what no provider made: API keys, and what is too long to be looked at.
    pub(super) fn of(presented: &'a str) -> Option<Self> {
        if presented.len() > MAX_CREDENTIAL_BYTES {
            return None;
        }
        let (header, claims) = (Map::new(), Map::new());
        let opaque = Self { kind: Kind::Opaque, presented, header, claims };
        match shape(presented) {
            Shape::ApiKey => None,
            Shape::Opaque => Some(opaque),
            Shape::Jwt { .. } => {
                let parts: Vec<&str> = presented.splitn(6, '.').collect();
                let object = |index: usize| {
                    let bytes = URL_SAFE_NO_PAD.decode(parts.get(index)?).ok()?;
                    strict_json::object(&bytes).ok()
                };
                let header = object(0).unwrap_or_default();
                let is_encrypted = parts.len() == 5 && header.contains_key("enc");
                let (kind, claims) = match is_encrypted {
                    true => (Kind::Encrypted, Map::new()),
                    false => (Kind::Jwt, object(1).unwrap_or_default()),
                };
                Some(Self { kind, header, claims, ..opaque })
            }
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    pub(super) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    pub(super) fn begins(&self, start: &str) -> bool {
        self.presented.starts_with(start)
    }

    /// Whether one of its audiences is meant. Of an opaque token none can be seen.
    pub(super) fn audience_is(&self, aud: Aud) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(one)) => aud.means(Some(one)),
            Some(Value::Array(none)) if none.is_empty() => aud.means(None),
            Some(Value::Array(several)) => {
                several.iter().filter_map(Value::as_str).any(|one| aud.means(Some(one)))
            }
            _ => false,
        }
    }
}
