//! The keys as the runtime sees them, which verifies what they signed.

use std::sync::Arc;

use mcp_auth_core::ambient::Ambient;
use mcp_auth_runtime::facade::{KnownKeys, OwnKeys, ReadingKeys};

use super::KeyRing;

/// The public half of a ring, by this clock.
#[derive(Debug)]
pub(crate) struct PublishedKeys {
    pub(crate) ring: KeyRing,
    pub(crate) ambient: Ambient,
}

impl OwnKeys for PublishedKeys {
    fn known(&self) -> Arc<KnownKeys> {
        self.ring.public(self.ambient.clock.unix_now())
    }

    fn read(&self) -> ReadingKeys<'_> {
        Box::pin(async { Ok(self.ring.read(self.ambient.clock.unix_now()).await?) })
    }
}
