//! Device codes (RFC 8628): what a device asked for that has no browser, and what a person answered elsewhere.

use mcp_auth_core::ScopeSet;
use serde::{Deserialize, Serialize};

use super::authentication::Authentication;
use super::grants::Grant;
use crate::{SecretHash, StoreFuture};

/// The most device codes that are remembered. Over it, the one that ends first is forgotten.
pub const MOST_DEVICE_CODES: usize = 10_000;

/// By how many seconds the interval grows each time that a device polls too soon (RFC 8628 §3.5).
const SLOWER_BY: u64 = 5;

/// How long a device code is remembered after it expired, in seconds: who polls late is told that it expired, and not that it is unknown.
pub(crate) const EXPIRED_MEMORY: u64 = 600;

/// What a device asked for (RFC 8628 §3.1), and what was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAuthorization {
    /// The client that asked.
    pub client_id: String,
    /// The resource that the token will be for.
    pub resource: String,
    /// The scopes that it asked for.
    pub scopes: ScopeSet,
    /// The network address that the request came from, if it is known: the person compares it with what they expect.
    #[serde(default)]
    pub from: Option<String>,
    /// When it asked, in Unix seconds.
    pub asked_at: u64,
    /// How many seconds the device waits between two polls at least.
    pub interval: u64,
    /// The time, in Unix seconds, from which nobody can answer it and no poll gets anything.
    pub expires_at: u64,
    /// What a person answered.
    #[serde(default)]
    pub answer: Option<DeviceAnswer>,
}

/// What a person answered to a device.
#[allow(
    clippy::large_enum_variant,
    reason = "one is read at a time, and nearly all of them are of the large kind"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceAnswer {
    /// They allowed it.
    Allowed {
        /// Who they are.
        subject: String,
        /// How they logged in.
        authentication: Authentication,
        /// The scopes that they allowed.
        scopes: ScopeSet,
        /// Whether the page said that the client may refresh.
        refresh: bool,
    },
    /// They denied it.
    Denied,
}

/// The outcome of [`DeviceCodes::poll`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polled {
    /// Nobody has answered yet.
    Pending,
    /// Nobody has answered yet, and the device polls too soon: from now on it waits [longer](DeviceAuthorization::interval).
    TooSoon,
    /// It was allowed, and can be [redeemed](DeviceCodes::redeem).
    Allowed,
    /// It was denied.
    Denied,
    /// It has expired.
    Expired,
    /// It is unknown, or was used before.
    Gone,
}

impl DeviceAuthorization {
    /// Whether it waits for an answer at `now`.
    pub fn is_waiting(&self, now: u64) -> bool {
        self.answer.is_none() && now < self.expires_at
    }

    /// The rule of [`DeviceCodes::poll`] that every backend uses, where the poll before this one came at `last_poll`.
    pub(crate) fn polled(&mut self, last_poll: Option<u64>, now: u64) -> Polled {
        if now >= self.expires_at {
            return Polled::Expired;
        }
        match self.answer {
            Some(DeviceAnswer::Allowed { .. }) => Polled::Allowed,
            Some(DeviceAnswer::Denied) => Polled::Denied,
            None if last_poll.is_some_and(|last| now < last.saturating_add(self.interval)) => {
                self.interval = self.interval.saturating_add(SLOWER_BY);
                Polled::TooSoon
            }
            None => Polled::Pending,
        }
    }

    /// Whether this person has allowed it.
    pub(crate) fn is_allowed_by(&self, person: &str) -> bool {
        matches!(&self.answer, Some(DeviceAnswer::Allowed { subject, .. }) if subject == person)
    }

    /// Whether [`DeviceCodes::redeem`] uses it up at `now`.
    pub(crate) fn is_redeemable(&self, now: u64) -> bool {
        matches!(self.answer, Some(DeviceAnswer::Allowed { .. })) && now < self.expires_at
    }
}

/// What devices asked for, by the hash of the device code, and by a message authentication code of the user code: a user code is short, so
/// a plain hash of it could be tried out by a person who reads the store.
///
/// Each is answered at most once, and redeemed at most once.
pub trait DeviceCodes: Send + Sync {
    /// Keeps what a device asks for. `false` where another one waits under the same user code: the caller makes a new one then.
    fn begin(
        &self,
        device_code: SecretHash,
        user_code: SecretHash,
        asked: DeviceAuthorization,
        now: u64,
    ) -> StoreFuture<'_, bool>;

    /// What a device code stands for, answered or not, expired or not.
    fn find(&self, device_code: SecretHash) -> StoreFuture<'_, Option<DeviceAuthorization>>;

    /// What waits for an answer under this user code.
    fn find_by_user_code(
        &self,
        user_code: SecretHash,
        now: u64,
    ) -> StoreFuture<'_, Option<DeviceAuthorization>>;

    /// Answers what waits under this user code: `true` for the first answer, `false` for each later one, and where nothing waits. If many
    /// answer at once, exactly one of them gets `true`. As [`Codes::issue`](crate::Codes::issue) does, the same step records that this
    /// person allowed these scopes to this client, and, of a client that registered itself, that it was used.
    fn answer(&self, user_code: SecretHash, answer: DeviceAnswer, now: u64) -> StoreFuture<'_, bool>;

    /// One poll of the device. The caller has verified that the client is the one that asked, so that a stranger slows nobody down.
    fn poll(&self, device_code: SecretHash, now: u64) -> StoreFuture<'_, Polled>;

    /// Uses up a code that a person allowed, and keeps `grant` (`None` for clients that do not refresh). If many callers use it at once,
    /// exactly one of them gets `true`; nobody does before it was allowed, after it was denied, or once it has expired.
    fn redeem(&self, device_code: SecretHash, grant: Option<Grant>, now: u64) -> StoreFuture<'_, bool>;

    /// Removes what a person has allowed and no device has redeemed yet.
    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()>;
}
