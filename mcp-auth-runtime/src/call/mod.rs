//! One call of one operation. In reading order: `uri_template` (which URI a resource answers), `from_call`
//! (what a method may take of a call) with `claims`, `answer` (what it may answer), `tool_error` (how it
//! fails).

pub mod answer;
pub mod claims;
pub mod from_call;
#[cfg(test)]
pub(crate) mod testing;
pub mod tool_error;
pub mod uri_template;

use std::collections::HashMap;

use rmcp::model::{InputResponses, JsonObject, ProtocolVersion};
use rmcp::service::{RequestContext, RoleServer, SubscriptionContext};

use crate::authn::Caller;

/// Everything one call carries. A permit was checked before one of these exists.
#[non_exhaustive]
pub struct Call {
    /// The operation's name on the wire.
    pub name: String,
    /// The caller; `None` only where the operation is public and no credentials came.
    pub caller: Option<Caller>,
    /// The arguments of a tool or prompt, or the params of a method.
    pub arguments: Option<JsonObject>,
    /// The URI that is read, for resources.
    pub uri: Option<String>,
    /// The variables of the resource's URI template, percent-decoded.
    pub variables: HashMap<String, String>,
    /// MRTR: the client's answers to the previous round's input requests.
    pub input_responses: Option<InputResponses>,
    /// MRTR: the state we gave out in the previous round.
    pub request_state: Option<String>,
    /// The established subscription, for `subscriptions/listen` only.
    pub subscription: Option<SubscriptionContext>,
    /// rmcp's own context of the request: id, meta, cancellation, peer.
    pub context: RequestContext<RoleServer>,
}

impl Call {
    /// A call of the operation `name` by nobody and with nothing; set the fields that the request has.
    pub fn new(name: impl Into<String>, context: RequestContext<RoleServer>) -> Self {
        Self {
            name: name.into(),
            caller: None,
            arguments: None,
            uri: None,
            variables: HashMap::new(),
            input_responses: None,
            request_state: None,
            subscription: None,
            context,
        }
    }

    /// Whether the peer speaks a revision before 2026-07-28, or does not say.
    pub fn is_legacy(&self) -> bool {
        self.context.protocol_version().is_none_or(|version| is_legacy(&version))
    }
}

/// Whether `version` is a revision before 2026-07-28. Revisions are dates, so they compare as text.
pub fn is_legacy(version: &ProtocolVersion) -> bool {
    version.as_str() < ProtocolVersion::V_2026_07_28.as_str()
}

/// Names the operation and the caller, never what was sent.
impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("name", &self.name)
            .field("caller", &self.caller)
            .field("uri", &self.uri)
            .finish_non_exhaustive()
    }
}
