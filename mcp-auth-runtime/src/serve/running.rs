//! A server that runs.

use std::net::SocketAddr;

use crate::transport::shutdown::Shutdown;
use mcp_auth_core::Resource;

/// A server that was started in the background.
#[derive(Debug)]
pub struct Running {
    pub(super) address: SocketAddr,
    pub(super) resource: Resource,
    pub(super) shutdown: Shutdown,
    pub(super) task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// The address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The resource identifier: the URL of the MCP endpoint.
    pub fn resource(&self) -> &str {
        self.resource.as_str()
    }

    /// Waits until it ends by itself: its shutdown was triggered elsewhere.
    pub async fn ended(self) {
        let _ = self.task.await;
    }

    /// Stops in order and waits for the end: nothing new is accepted, calls in flight finish.
    pub async fn stop(self) {
        self.shutdown.trigger();
        self.ended().await;
    }
}
