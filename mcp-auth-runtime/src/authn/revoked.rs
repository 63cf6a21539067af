//! Access tokens that the built-in issuer revoked, in this process or another one on its store: a token that verifies may be one of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::ambient::Clock;
use mcp_auth_core::own_claims::{AUTH_TIME_CLAIM, GRANT_CLAIM, GRANTED_TO_CLAIM, KNOWN_REVOCATIONS_CLAIM};
use mcp_auth_store::{KnownRevocations, Revocable, Store};
use serde::Deserialize as _;
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::error::TokenError;
use super::principal::{Principal, Via};

/// The tokens that the built-in issuer revoked, in this process or another one on its store.
#[derive(Clone)]
pub(crate) struct Revocations {
    issuer: Arc<str>,
    store: Store,
    clock: Arc<dyn Clock>,
    pace: RevocationPace,
}

/// How current a server is about what was revoked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RevocationPace {
    /// How often it is read. What this process revoked itself is known at once.
    pub(crate) lag: Duration,
    /// How old it may be before no token of the issuer is accepted.
    pub(crate) stale: Duration,
}

impl Revocations {
    pub(crate) fn of(issuer: &str, store: Store, clock: Arc<dyn Clock>, pace: RevocationPace) -> Self {
        Self { issuer: issuer.into(), store, clock, pace }
    }

    /// The issuer that revokes.
    pub(super) fn issuer(&self) -> &Arc<str> {
        &self.issuer
    }

    /// Whether a verified token is still good. Waits for nothing.
    ///
    /// # Errors
    /// [`TokenError::Revoked`]; [`TokenError::RevocationsUnavailable`].
    pub(super) fn check(&self, principal: &Principal) -> Result<(), TokenError> {
        if !self.is_about(principal) {
            return Ok(());
        }
        if self.holds(principal) {
            return Err(TokenError::Revoked);
        }
        match self.unread_since() {
            None => Ok(()),
            Some(_) => Err(TokenError::RevocationsUnavailable { retry_after: self.pace.lag }),
        }
    }

    /// Waits until the token of this principal is revoked, or it cannot be told for too long.
    pub(super) async fn until(&self, principal: &Principal) {
        if !self.is_about(principal) {
            return std::future::pending().await;
        }
        while self.check(principal).is_ok() {
            sleep(self.pace.lag).await;
        }
    }

    /// Since when too little is known of what was revoked, in Unix seconds; `None` where it is known. What one process alone remembers is
    /// always known.
    pub(super) fn unread_since(&self) -> Option<u64> {
        if !self.store.lasts() {
            return None;
        }
        let read_at = self.store.revocations().board().read_at();
        let now = self.clock.unix_now();
        match read_at {
            None => Some(now),
            // A clock that was set back makes it as old as one that went on.
            Some(at) => (now.abs_diff(at) > self.pace.stale.as_secs()).then_some(at.min(now)),
        }
    }

    /// Reads what was revoked.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn read(&self) -> Result<(), String> {
        let read = self.store.revocations().refresh(self.clock.unix_now()).await;
        read.map_err(|error| format!("what was revoked cannot be read from the store: {}", error.cause()))
    }

    /// Reads what was revoked, again and again until `cancel`.
    pub(crate) async fn follow(self, cancel: CancellationToken) {
        let mut ticks = interval(self.pace.lag);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_read = true;
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = ticks.tick() => {}
            }
            match self.store.revocations().refresh(self.clock.unix_now()).await {
                Ok(()) if !is_read => tracing::info!("revocations are read from the store again"),
                Ok(()) => {}
                Err(error) if is_read => {
                    tracing::error!(
                        cause = %error.cause(), stale = ?self.pace.stale,
                        "revocations cannot be read from the store: after that time tokens of the built-in issuer are answered 503"
                    );
                    is_read = false;
                    continue;
                }
                Err(_) => continue,
            }
            is_read = true;
        }
    }

    fn is_about(&self, principal: &Principal) -> bool {
        *principal.via() == Via::Jwt && *principal.issuer() == *self.issuer
    }

    fn holds(&self, principal: &Principal) -> bool {
        let board = self.store.revocations().board();
        if board.is_empty() {
            return false;
        }
        let claims = principal.claims();
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
        let number = |claim: &str| claims.get(claim).and_then(Value::as_u64);
        // One that cannot be read says of no revocation that its issuer knew it.
        let known = claims.get(KNOWN_REVOCATIONS_CLAIM).map(KnownRevocations::deserialize);
        let known = known.and_then(Result::ok).unwrap_or_default();
        board.holds(Revocable {
            grant_id: text(GRANT_CLAIM),
            jti: text("jti"),
            subject: principal.subject(),
            client_id: principal.client_id(),
            // One that does not say when it was issued is as old as any.
            iat: number("iat").unwrap_or(0),
            granted_to: text(GRANTED_TO_CLAIM),
            known,
            has_login: claims.contains_key(AUTH_TIME_CLAIM),
        })
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations")
            .field("issuer", &self.issuer)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}
