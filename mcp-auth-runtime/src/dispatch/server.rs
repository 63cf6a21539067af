//! The server rmcp sees: built once, shared by every request.

use std::sync::Arc;

use rmcp::model::ServerConfig;
use tokio_util::sync::CancellationToken;

use super::about;
use super::direct::Listed;
use super::request_state::RequestStates;
use crate::authn::Identity;
use crate::authz::Policy;
use crate::declared::handler::{Handler, Routes};
use mcp_auth_core::ambient::{Ambient, Clock};

/// The server rmcp sees. Built once, shared by every request.
pub struct Dispatch<H> {
    pub(super) handler: H,
    pub(super) routes: Routes<H>,
    pub(super) policy: Arc<Policy>,
    pub(super) config: ServerConfig,
    pub(super) states: RequestStates,
    pub(super) listed: Listed,
    clock: Arc<dyn Clock>,
    closing: CancellationToken,
}

impl<H: Handler> Dispatch<H> {
    /// Serves `handler` by `routes`; `closing` ends open `subscriptions/listen` streams with their result.
    pub fn new(
        handler: H,
        routes: Routes<H>,
        policy: Arc<Policy>,
        ambient: &Ambient,
        closing: CancellationToken,
    ) -> Self {
        Self {
            handler,
            routes,
            config: about::server_config(H::about(), policy.registry()),
            states: RequestStates::new(ambient.random.as_ref()),
            listed: Listed::new(policy.registry()),
            policy,
            clock: Arc::clone(&ambient.clock),
            closing,
        }
    }

    /// Ends when a stream bound to this caller has to: the server closes, or the token expires.
    pub(super) async fn stream_end(&self, identity: &Identity) {
        let expiry = async {
            match identity.expires_at() {
                Some(at) => {
                    let left = at.saturating_sub(self.clock.unix_now());
                    tokio::time::sleep(std::time::Duration::from_secs(left)).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.closing.cancelled() => {}
            () = expiry => {}
        }
    }
}
