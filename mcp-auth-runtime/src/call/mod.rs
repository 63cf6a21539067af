//! One call of one operation: what it carries, what a method may take of it, what it may answer.

pub mod uri_template;

use std::collections::HashMap;

use rmcp::model::{InputResponses, JsonObject};
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
