//! A backend that always fails, for tests of those who use a store: what cannot be asked must not be taken for
//! granted.

use mcp_auth_core::ScopeSet;

use crate::{
    Arrival, Backend, Browser, BrowserSessions, Client, Clients, Code, Codes, Consents, Counters, Grant,
    Grants, Rate, Redemption, Rotate, Rotation, SealingKey, SealingKeys, SecretHash, Sessions, StoreError,
    StoreFuture, Task, Tasks,
};

/// A backend that always fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unavailable;

/// The cause, as the log has it.
const CAUSE: &str = "connection refused, as a test wants it";

fn failed<T: Send + 'static>() -> StoreFuture<'static, T> {
    Box::pin(async { Err(StoreError::new(CAUSE)) })
}

impl Backend for Unavailable {
    fn lasts(&self) -> bool {
        true
    }
}

impl Clients for Unavailable {
    fn register(&self, _: Client) -> StoreFuture<'_, ()> {
        failed()
    }

    fn find<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Option<Client>> {
        failed()
    }
}

impl Codes for Unavailable {
    fn issue(&self, _: SecretHash, _: Code, _: u64) -> StoreFuture<'_, ()> {
        failed()
    }

    fn find(&self, _: SecretHash) -> StoreFuture<'_, Option<Code>> {
        failed()
    }

    fn redeem(&self, _: SecretHash, _: Option<Grant>, _: u64) -> StoreFuture<'_, Redemption> {
        failed()
    }
}

impl Grants for Unavailable {
    fn find<'a>(&'a self, _: &'a str, _: u64) -> StoreFuture<'a, Option<Grant>> {
        failed()
    }

    fn rotate<'a>(&'a self, _: &'a str, _: Rotate, _: u64) -> StoreFuture<'a, Rotation> {
        failed()
    }

    fn revoke<'a>(&'a self, _: &'a str) -> StoreFuture<'a, ()> {
        failed()
    }
}

impl Consents for Unavailable {
    fn allowed<'a>(&'a self, _: &'a str, _: &'a str) -> StoreFuture<'a, ScopeSet> {
        failed()
    }
}

impl BrowserSessions for Unavailable {
    fn begin(&self, _: Option<SecretHash>, _: SecretHash, _: Browser, _: u64) -> StoreFuture<'_, ()> {
        failed()
    }

    fn find(&self, _: SecretHash, _: u64) -> StoreFuture<'_, Option<Browser>> {
        failed()
    }

    fn end(&self, _: SecretHash) -> StoreFuture<'_, ()> {
        failed()
    }
}

impl Sessions for Unavailable {
    fn keep<'a>(&'a self, _: &'a str, _: String, _: u64, _: u64) -> StoreFuture<'a, ()> {
        failed()
    }

    fn bind<'a>(&'a self, _: &'a str, _: &'a str, _: u64) -> StoreFuture<'a, bool> {
        failed()
    }

    fn enter<'a>(&'a self, _: &'a str, _: &'a str, _: u64, _: u64) -> StoreFuture<'a, bool> {
        failed()
    }

    fn state<'a>(&'a self, _: &'a str, _: u64) -> StoreFuture<'a, Option<String>> {
        failed()
    }

    fn end<'a>(&'a self, _: &'a str) -> StoreFuture<'a, ()> {
        failed()
    }
}

impl Tasks for Unavailable {
    fn record<'a>(&'a self, _: &'a str, _: Task, _: u64, _: u64) -> StoreFuture<'a, bool> {
        failed()
    }

    fn operation<'a>(&'a self, _: &'a str, _: Option<&'a str>, _: u64) -> StoreFuture<'a, Option<String>> {
        failed()
    }
}

impl Counters for Unavailable {
    fn arrive<'a>(&'a self, _: &'a str, _: Rate, _: u64) -> StoreFuture<'a, Arrival> {
        failed()
    }
}

impl SealingKeys for Unavailable {
    fn key<'a>(&'a self, _: &'a str, _: SealingKey) -> StoreFuture<'a, SealingKey> {
        failed()
    }
}
