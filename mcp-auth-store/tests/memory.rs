//! The memory backend keeps every promise of a store.

use mcp_auth_store::{Caps, Store};

mcp_auth_store::suite!(Store::memory(Caps::default()));
