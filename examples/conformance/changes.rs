//! Open `subscriptions/listen` streams (2026-07-28), and what they are told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use mcp_auth::extract::SubscriptionContext;
use mcp_auth::rmcp::service::SubscriptionSink;

/// The open streams; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Arc<Mutex<Streams>>);

#[derive(Default)]
struct Streams {
    next: u64,
    open: HashMap<u64, SubscriptionSink>,
}

impl Listeners {
    /// Keeps a stream until its client leaves or the server closes it.
    pub(crate) async fn listen(&self, subscription: &SubscriptionContext) {
        let _open = self.open(subscription.sink().clone());
        subscription.cancelled().await;
    }

    pub(crate) async fn tools_changed(&self) {
        for sink in self.sinks() {
            let _ = sink.notify_tool_list_changed().await; // one that did not ask for it, or has just left
        }
    }

    pub(crate) async fn prompts_changed(&self) {
        for sink in self.sinks() {
            let _ = sink.notify_prompt_list_changed().await; // as above
        }
    }

    fn sinks(&self) -> Vec<SubscriptionSink> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).open.values().cloned().collect()
    }

    fn open(&self, sink: SubscriptionSink) -> Open {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = streams.next;
        streams.next += 1;
        streams.open.insert(key, sink);
        Open { key, listeners: self.clone() }
    }
}

/// One open stream; forgotten when this is dropped, however that comes.
struct Open {
    key: u64,
    listeners: Listeners,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.listeners.0.lock().unwrap_or_else(PoisonError::into_inner).open.remove(&self.key);
    }
}
