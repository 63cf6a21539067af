//! Everything one call of an operation carries.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use mcp_auth_core::Era;
use rmcp::ErrorData;
use rmcp::model::{Extensions, InputResponses, JsonObject, ProtocolVersion, RequestId, RequestMetaObject};
use rmcp::service::{Peer, RequestContext, RoleServer, SubscriptionContext};
use tokio_util::sync::CancellationToken;

use super::upstream::Upstream;
use crate::authn::Caller;
use crate::observe::placed::Placed;
use crate::observe::undecided::Undecided;

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
    /// The id of the request.
    pub id: RequestId,
    /// `params._meta` of the request.
    pub meta: RequestMetaObject,
    /// The provider that the operation names, for the person who calls.
    pub(crate) upstream: Option<Upstream>,
    era: Era,
    pub(super) transport: Option<Transport>,
    /// The audit of this call, which the method may still turn into a refusal.
    pub(crate) undecided: Option<Arc<Undecided>>,
    /// As which request it came, where it runs in another task than that came by.
    pub(crate) placed: Option<Placed>,
    /// What is given back when the method has ended.
    pub(crate) kept: Option<KeptByCall>,
}

/// What a request holds of the server (its place among those of its caller): kept until its method has ended, also where the
/// client has gone and reads no answer.
#[derive(Clone)]
pub(crate) struct KeptByCall(
    #[expect(dead_code, reason = "it is counted")] pub(crate) Arc<dyn Any + Send + Sync>,
);

/// What rmcp's transport knows of a request, and a call that does without it does not have.
pub(super) struct Transport {
    peer: Peer<RoleServer>,
    cancelled: CancellationToken,
    pub(super) extensions: Extensions,
}

impl Call {
    /// A call of the operation `name` by an anonymous caller, without arguments; set the fields that the request has.
    pub fn new(name: impl Into<String>, context: RequestContext<RoleServer>) -> Self {
        let era = Era::of(context.protocol_version().as_ref().map(ProtocolVersion::as_str));
        let RequestContext { ct: cancelled, id, meta, extensions, peer, .. } = context;
        let transport = Transport { peer, cancelled, extensions };
        Self { transport: Some(transport), ..Self::direct(name.into(), id, meta, era) }
    }

    /// A call of a peer of `era` without rmcp's transport around it, for an operation that does without
    /// (see [`Declaration::needs_transport`](crate::declared::registry::Declaration::needs_transport)).
    pub(crate) fn direct(name: String, id: RequestId, meta: RequestMetaObject, era: Era) -> Self {
        Self {
            name,
            caller: None,
            arguments: None,
            uri: None,
            variables: HashMap::new(),
            input_responses: None,
            request_state: None,
            subscription: None,
            id,
            meta,
            upstream: None,
            era,
            transport: None,
            undecided: None,
            placed: None,
            kept: None,
        }
    }

    /// The era of the revision that the peer speaks.
    pub fn era(&self) -> Era {
        self.era
    }

    /// The client, to be asked or told something while the call runs.
    ///
    /// # Errors
    /// -32603 where no argument said that it [needs the transport](crate::call::from_call::FromCall::NEEDS_TRANSPORT).
    pub fn peer(&self) -> Result<&Peer<RoleServer>, ErrorData> {
        self.transport().map(|transport| &transport.peer)
    }

    /// Cancelled when the client no longer wants the answer.
    ///
    /// # Errors
    /// As for [`Call::peer`].
    pub fn cancelled(&self) -> Result<&CancellationToken, ErrorData> {
        self.transport().map(|transport| &transport.cancelled)
    }

    /// The same, for who runs the call; `None` where the code that waits for it drops it.
    pub(crate) fn cancellation(&self) -> Option<CancellationToken> {
        self.transport.as_ref().map(|transport| transport.cancelled.clone())
    }

    /// What layers in front put into the request.
    ///
    /// # Errors
    /// As for [`Call::peer`].
    pub fn extensions(&self) -> Result<&Extensions, ErrorData> {
        self.transport().map(|transport| &transport.extensions)
    }

    /// rmcp's own context of the request.
    ///
    /// # Errors
    /// As for [`Call::peer`].
    pub fn context(&self) -> Result<RequestContext<RoleServer>, ErrorData> {
        let transport = self.transport()?;
        let mut context = RequestContext::new(self.id.clone(), transport.peer.clone());
        context.ct = transport.cancelled.clone();
        context.meta = self.meta.clone();
        context.extensions = transport.extensions.clone();
        Ok(context)
    }

    fn transport(&self) -> Result<&Transport, ErrorData> {
        self.transport.as_ref().ok_or_else(|| {
            tracing::error!(operation = %self.name, "an argument took what it said it does not need");
            ErrorData::internal_error("internal error", None)
        })
    }
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
