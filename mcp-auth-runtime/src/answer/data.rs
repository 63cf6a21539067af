//! `data` of a JSON-RPC error: the same facts as the challenge, for clients that read bodies, with RFC 6750's and RFC 9470's
//! words as members.

use mcp_auth_core::ScopeSet;
use mcp_auth_core::challenge::{Challenge, acr_values};
use serde_json::Value;

use super::row::{Row, Says};

/// Each member where it says something.
#[derive(Debug, Default, PartialEq, serde::Serialize)]
pub(super) struct Facts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<AsText<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_metadata: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr_values: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<&'a ScopeSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<&'a ScopeSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    /// What another specification says stands here.
    #[serde(flatten)]
    other: Option<&'a Value>,
}

impl<'a> Facts<'a> {
    /// Those of `row`, whose own `challenge` is; `resource_metadata` is absent on stdio, and where there
    /// is no issuer to log in at.
    pub(super) fn of(
        row: &'a Row<'a>,
        challenge: Option<&'a Challenge>,
        resource_metadata: Option<&'a str>,
    ) -> Self {
        let mut facts = Self::default();
        if let Some(challenge) = challenge {
            facts.error = challenge.error.as_ref().map(|(error, _)| error.code());
            facts.scope = Some(&challenge.scopes).filter(|scopes| !scopes.is_empty()).map(AsText);
            facts.resource_metadata = resource_metadata;
        }
        match &row.says {
            Says::Scopes { required, held } | Says::Lacks { required, held } => {
                (facts.required, facts.held) = (Some(*required), Some(*held))
            }
            Says::Login { terms, .. } => {
                facts.max_age = terms.max_age().map(|most| most.as_secs());
                facts.acr_values = Some(acr_values(terms)).filter(|values| !values.is_empty());
            }
            Says::Uri(uri) => facts.uri = Some(uri),
            Says::Other(data) => facts.other = data.as_ref(),
            Says::Nothing | Says::Challenge { .. } => {}
        }
        facts
    }

    /// Whether there is nothing to say.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// As JSON, if there is something to say.
    pub(super) fn to_value(&self) -> Option<Value> {
        if self.is_empty() { None } else { serde_json::to_value(self).ok() }
    }
}

/// Scopes as one string, separated by spaces.
#[derive(Debug, PartialEq)]
struct AsText<'a>(&'a ScopeSet);

impl serde::Serialize for AsText<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}
