//! Whether what the bearer of a credential holds open may stay: credentials that can be revoked are asked about again from time
//! to time, each once for all that is open with it, and every other verdict about it counts as an answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::cache::CredentialHash;
use super::error::{Fault, TokenError};
use super::principal::{Facts, Principal};
use super::verifier::{Pace, Recheck};

/// The credentials that are asked about again, as long as somebody may hold something open with one.
#[derive(Default)]
pub(super) struct Rechecks(Mutex<HashMap<CredentialHash, Weak<Watched>>>);

impl Rechecks {
    /// The credential with this hash, of which `facts` were just found out.
    pub(super) fn watch(
        self: &Arc<Self>,
        hash: CredentialHash,
        asks: Arc<dyn Recheck>,
        facts: &Facts,
    ) -> Arc<Watched> {
        let mut all = self.lock();
        if let Some(watched) = all.get(&hash).and_then(Weak::upgrade) {
            watched.learn(Ok(facts));
            return watched;
        }
        let newest = Newest::first(facts, asks.pace());
        let watched = Arc::new(Watched {
            asks,
            newest: watch::Sender::new(newest),
            turn: tokio::sync::Mutex::default(),
            hash,
            among: Arc::clone(self),
        });
        all.insert(hash, Arc::downgrade(&watched));
        watched
    }

    /// The credential with this hash was refused just now.
    pub(super) fn refused(&self, hash: &CredentialHash, refusal: &TokenError) {
        let watched = self.lock().get(hash).and_then(Weak::upgrade);
        if let Some(watched) = watched {
            watched.learn(Err(refusal));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CredentialHash, Weak<Watched>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A credential that is asked about again while its bearer holds something open.
pub(super) struct Watched {
    asks: Arc<dyn Recheck>,
    newest: watch::Sender<Newest>,
    /// Held by who asks.
    turn: tokio::sync::Mutex<()>,
    hash: CredentialHash,
    among: Arc<Rechecks>,
}

/// The newest that is known of a credential.
#[derive(Clone)]
struct Newest {
    /// What it is, without its claims; `None` once it was refused.
    facts: Option<Arc<Facts>>,
    /// When that was said.
    answered: Instant,
    /// Whether the newest question had no answer.
    is_silent: bool,
    /// When to ask again.
    next: Instant,
    /// How often it was asked about, or verified.
    round: u64,
}

impl Newest {
    fn first(facts: &Facts, pace: Pace) -> Self {
        let now = Instant::now();
        Self {
            facts: Some(Arc::new(facts.without_claims())),
            answered: now,
            next: now + pace.every,
            is_silent: false,
            round: 0,
        }
    }
}

impl Watched {
    /// Waits until the credential is refused, is not what `principal` was made of, or was not answered about for too long.
    pub(super) async fn ended(&self, principal: &Principal) {
        let (mut newest, patience) = (self.newest.subscribe(), self.asks.pace().patience);
        loop {
            let known = newest.borrow_and_update().clone();
            let stays = known.facts.is_some_and(|facts| principal.still_is(&facts));
            let is_given_up =
                known.is_silent && patience.is_some_and(|longest| known.answered.elapsed() >= longest);
            if !stays || is_given_up {
                return;
            }
            tokio::select! {
                // `self` keeps the sender.
                _ = newest.changed() => {}
                () = sleep_until(known.next) => self.ask_after(known.round).await,
            }
        }
    }

    /// Asks, unless somebody else did meanwhile.
    async fn ask_after(&self, round: u64) {
        let _turn = self.turn.lock().await;
        if self.newest.borrow().round == round {
            let said = self.asks.ask().await;
            self.learn(said.as_ref());
        }
    }

    fn learn(&self, said: Result<&Facts, &TokenError>) {
        let (now, pace) = (Instant::now(), self.asks.pace());
        self.newest.send_modify(|newest| {
            newest.round += 1;
            newest.is_silent = false;
            match said {
                Ok(facts) => {
                    newest.facts = Some(Arc::new(facts.without_claims()));
                    (newest.answered, newest.next) = (now, now + pace.every);
                }
                Err(refusal) if refusal.fault() == Fault::InvalidToken => newest.facts = None,
                Err(_) => (newest.is_silent, newest.next) = (true, now + pace.unanswered),
            }
        });
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut all = self.among.lock();
        if all.get(&self.hash).is_some_and(|known| known.strong_count() == 0) {
            all.remove(&self.hash);
        }
    }
}
