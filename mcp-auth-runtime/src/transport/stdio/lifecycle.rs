//! What rmcp may be given before its connection is open.
//!
//! rmcp waits for an `initialize`, or for a first request that carries the whole metadata of 2026-07-28, answers
//! other requests meanwhile, and ends the connection with an error when a notification or a response comes
//! first. A client can send those at any time, so they are kept back until then.

use rmcp::ServerHandler;
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, GetMeta, ProtocolVersion};

/// Whether rmcp has opened the connection.
pub(crate) struct Lifecycle {
    open: bool,
    supported: Vec<ProtocolVersion>,
}

impl Lifecycle {
    /// A connection on which nothing was received yet.
    pub(crate) fn new(service: &impl ServerHandler) -> Self {
        Self { open: false, supported: service.supported_protocol_versions().into_owned() }
    }

    /// Whether rmcp may have this message now.
    pub(crate) fn admits(&mut self, message: &ClientJsonRpcMessage) -> bool {
        match message {
            ClientJsonRpcMessage::Request(request) => {
                self.open = self.open || self.is_opened_by(&request.request);
                true
            }
            _ => self.open,
        }
    }

    fn is_opened_by(&self, request: &ClientRequest) -> bool {
        match request {
            ClientRequest::InitializeRequest(_) => true,
            ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_) => false,
            other => {
                let meta = other.get_meta();
                meta.missing_required_keys(&ProtocolVersion::V_2026_07_28).is_empty()
                    && meta.protocol_version().is_some_and(|version| self.supported.contains(&version))
            }
        }
    }
}
