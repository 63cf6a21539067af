//! The keys of one issuer: read without waiting, fetched by one task at a time, kept while the issuer is away.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::super::discovery::{self, Whose};
use super::super::freshness::freshness_lifetime;
use super::super::issuer::{IssuerRules, KeySource};
use super::super::jwks::{KeySet, Outcome};
use super::super::jws::Jws;
use super::super::own_keys::{KnownKeys, OwnKeys};
use crate::authn::error::{KeysError, TokenError, chain};
use crate::authn::fetch::{Fetch, FetchRequest, Within};
use crate::authn::verifier::IssuerState;
use crate::authn::verifier::claims::Accepted;
use mcp_auth_core::ambient::Ambient;

/// How many fetches one attempt takes at most: discovery asks at up to three places, then the keys are fetched.
const FETCHES: u32 = 4;
/// The longest a request waits for an attempt.
const REQUEST_WAIT: Duration = Duration::from_secs(5);
/// The longest pause between attempts while they fail; the first is one second, each next twice as long.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// One issuer's rules and keys.
pub(in crate::authn::verifier::jwt) struct IssuerKeys {
    pub(in crate::authn::verifier::jwt) rules: IssuerRules,
    /// What it is called, shared by all that is said of it.
    pub(in crate::authn::verifier::jwt) issuer: Arc<str>,
    /// `None` with static keys, which are never fetched.
    pub(super) source: Option<Source>,
    pub(super) current: RwLock<Option<Arc<Loaded>>>,
    /// When it was set up, without keys.
    created: Instant,
    pub(super) generation: AtomicU64,
    attempts: Mutex<Attempts>,
    /// Counts attempts that ended.
    ended: watch::Sender<u64>,
    fetch: Arc<dyn Fetch>,
    ambient: Ambient,
}

pub(super) enum Source {
    Discovery,
    At(Url),
    /// The issuer is in this process.
    Own(Arc<dyn OwnKeys>),
}

/// One set of keys, as it came.
#[derive(Clone)]
pub(super) struct Loaded {
    pub(super) set: Arc<KeySet>,
    /// What the tokens that it verifies rest on.
    pub(super) standing: Standing,
    /// When it was read last.
    pub(super) at: Instant,
    pub(super) refresh_after: Duration,
    /// What it was made of, where the issuer is in this process.
    pub(super) from: Option<Arc<KnownKeys>>,
}

/// What a verdict of a set of keys rests on. It changes whenever a key went away: what older keys verified counts no more.
#[derive(Debug, Clone, Default)]
pub(in crate::authn::verifier::jwt) struct Standing {
    /// Rises with each change.
    pub(in crate::authn::verifier::jwt) generation: u64,
    /// Cancelled by the next change.
    pub(in crate::authn::verifier::jwt) withdrawn: CancellationToken,
}

/// What is known of the attempts so far.
#[derive(Default)]
struct Attempts {
    in_flight: bool,
    /// Failures since the last success.
    failures: u32,
    /// While attempts fail: not before this.
    retry_from: Option<Instant>,
    /// The next attempt a token may cause: not before this.
    demand_from: Option<Instant>,
    last_error: Option<Arc<KeysError>>,
    discovered: Option<(Url, Instant)>,
}

/// Why an attempt is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The keys are due to be fetched again.
    Due,
    /// A token needs a key that is not in the set.
    Demanded,
}

impl IssuerKeys {
    /// Sets up the keys of one issuer; fetches nothing yet.
    ///
    /// # Errors
    /// When the static keys are not a JWK Set with a usable key.
    pub(in crate::authn::verifier::jwt) fn new(
        rules: IssuerRules,
        fetch: Arc<dyn Fetch>,
        ambient: Ambient,
    ) -> Result<Self, KeysError> {
        let mut loaded = None;
        let source = match &rules.keys {
            KeySource::Discovery => Some(Source::Discovery),
            KeySource::JwksUri(uri) => Some(Source::At(uri.clone())),
            KeySource::Own(own) => Some(Source::Own(Arc::clone(own))),
            KeySource::Static(set) => {
                let set = KeySet::read(set, rules.algorithms.as_deref(), rules.refresh.max_keys)?;
                set.log_skipped(rules.issuer.as_str());
                let (at, refresh_after) = (Instant::now(), rules.refresh.max);
                let (set, standing) = (Arc::new(set), Standing::default());
                loaded = Some(Arc::new(Loaded { set, standing, at, refresh_after, from: None }));
                None
            }
        };
        let keys = Self {
            issuer: Arc::from(rules.issuer.as_str()),
            fetch: Arc::new(Within { fetch, longest: rules.refresh.fetch }),
            rules,
            source,
            current: RwLock::new(loaded),
            created: Instant::now(),
            generation: AtomicU64::new(0),
            attempts: Mutex::default(),
            ended: watch::Sender::new(0),
            ambient,
        };
        keys.catch_up();
        Ok(keys)
    }

    /// Which keys are in force: rises whenever one went away.
    pub(in crate::authn::verifier::jwt) fn generation(&self) -> u64 {
        self.catch_up();
        self.generation.load(Ordering::Acquire)
    }

    /// Whether there are keys to verify with.
    pub(in crate::authn::verifier::jwt) fn ready(&self) -> bool {
        self.usable().is_some()
    }

    /// Whether there are keys to verify with, and if not, since when.
    pub(in crate::authn::verifier::jwt) fn state(&self) -> IssuerState {
        let missing_for = match (self.ready(), &*self.current.read().unwrap_or_else(PoisonError::into_inner))
        {
            (true, _) => None,
            (false, None) => Some(self.created.elapsed()),
            (false, Some(loaded)) => Some(loaded.at.elapsed().saturating_sub(self.rules.refresh.keep)),
        };
        let since = |span: Duration| self.ambient.clock.unix_now().saturating_sub(span.as_secs());
        IssuerState {
            issuer: Arc::clone(&self.issuer),
            is_fetched: matches!(self.source, Some(Source::Discovery | Source::At(_))),
            missing_since: missing_for.map(since),
        }
    }

    /// What went wrong last; `None` after a success, and before the first attempt.
    pub(in crate::authn::verifier::jwt) fn last_error(&self) -> Option<Arc<KeysError>> {
        self.attempts().last_error.clone()
    }

    /// Checks the signature of `jws`, a token that says `named`; returns what that rests on.
    ///
    /// A key we do not know, and a wrong signature too (an issuer may restart with a new key under the old
    /// `kid`), cause a fetch at most once per cooldown.
    pub(in crate::authn::verifier::jwt) async fn verify(
        self: &Arc<Self>,
        jws: &Jws<'_>,
        named: &Accepted,
    ) -> Result<Standing, TokenError> {
        let before = self.usable();
        let may_sign = |key_issuer: Option<&str>| named.may_be_signed_by(key_issuer);
        let outcome = before.as_ref().map(|loaded| loaded.set.verify(jws, may_sign));
        if let (Some(loaded), Some(Outcome::Good)) = (&before, outcome) {
            return Ok(loaded.standing.clone());
        }
        let is_answered = self.attempt(Why::Demanded).await;
        let after = self.usable();
        let outcome = match (&before, &after) {
            (_, None) => None,
            (Some(before), Some(after)) if Arc::ptr_eq(before, after) => outcome,
            (_, Some(after)) => match after.set.verify(jws, may_sign) {
                Outcome::Good => return Ok(after.standing.clone()),
                other => Some(other),
            },
        };
        let is_known = is_answered && self.last_error().is_none();
        match outcome {
            Some(Outcome::Bad | Outcome::Good) => Err(TokenError::Signature),
            Some(Outcome::UnknownKey) if is_known => Err(TokenError::UnknownKey),
            Some(Outcome::OtherAlgorithm) if is_known => Err(TokenError::Algorithm),
            // The issuer may have this key by now; that we cannot ask is not the client's fault.
            Some(Outcome::UnknownKey | Outcome::OtherAlgorithm) | None => Err(self.unavailable()),
        }
    }

    /// Attempts to fetch the keys now, and waits for the end of it.
    pub(in crate::authn::verifier::jwt) async fn load(self: &Arc<Self>) {
        self.attempt(Why::Due).await;
    }

    /// Keeps the keys fresh until `cancel`: fetches ahead of expiry, retries while attempts fail.
    pub(in crate::authn::verifier::jwt) async fn keep_fresh(self: Arc<Self>, cancel: CancellationToken) {
        if self.source.is_none() {
            return;
        }
        let mut ended = self.ended.subscribe();
        loop {
            let due = self.due();
            if due > Instant::now() {
                // A token may cause an attempt meanwhile, and that changes when the next one is due.
                tokio::select! {
                    () = cancel.cancelled() => return,
                    _ = ended.changed() => continue,
                    () = sleep_until(due) => continue,
                }
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = self.attempt(Why::Due) => {}
            }
        }
    }

    /// The keys in force, unless they are older than the issuer's `keep`.
    fn usable(&self) -> Option<Arc<Loaded>> {
        self.catch_up();
        let loaded = self.current.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let fresh_enough = self.source.is_none() || loaded.at.elapsed() < self.rules.refresh.keep;
        fresh_enough.then_some(loaded)
    }

    /// When the next attempt is due, even if no token asks for a key.
    fn due(&self) -> Instant {
        let retry_from = self.attempts().retry_from;
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        match (retry_from, &*current) {
            (Some(retry), _) => retry,
            (None, Some(loaded)) => loaded.at + loaded.refresh_after,
            (None, None) => Instant::now(),
        }
    }

    /// Joins the attempt in flight, or starts one if `why` allows it, and waits for its end. False where its end is still
    /// to come.
    async fn attempt(self: &Arc<Self>, why: Why) -> bool {
        let Some(mut ended) = self.begin(why) else {
            return true;
        };
        let patience = if why == Why::Demanded { REQUEST_WAIT } else { self.longest_attempt() };
        timeout(patience, ended.changed()).await.is_ok()
    }

    /// The attempt runs in a separate task: a request that is dropped does not cancel it.
    fn begin(self: &Arc<Self>, why: Why) -> Option<watch::Receiver<u64>> {
        self.source.as_ref()?;
        let has_keys = self.usable().is_some();
        let mut attempts = self.attempts();
        let ended = self.ended.subscribe();
        if attempts.in_flight {
            return Some(ended);
        }
        if why == Why::Demanded {
            let now = Instant::now();
            let from = if has_keys { attempts.demand_from } else { attempts.retry_from };
            if from.is_some_and(|from| now < from) {
                return None;
            }
            attempts.demand_from = Some(now + self.rules.refresh.cooldown);
        }
        attempts.in_flight = true;
        let flight = Flight(Arc::clone(self));
        tokio::spawn(async move {
            let keys = &flight.0;
            let longest = keys.longest_attempt();
            let renewed = timeout(longest, keys.renew()).await;
            if let Err(error) = renewed.unwrap_or(Err(KeysError::Timeout(longest))) {
                keys.note_failure(error);
            }
        });
        Some(ended)
    }

    /// The longest one attempt may take: discovery and keys together.
    fn longest_attempt(&self) -> Duration {
        self.rules.refresh.fetch * FETCHES
    }

    async fn renew(&self) -> Result<(), KeysError> {
        match &self.source {
            Some(Source::Own(own)) => self.read_own(&**own).await,
            _ => {
                let (set, lifetime) = self.fetch_keys().await?;
                self.install(set, lifetime);
                Ok(())
            }
        }
    }

    async fn fetch_keys(&self) -> Result<(KeySet, Option<Duration>), KeysError> {
        let limits = &self.rules.refresh;
        let uri = match &self.source {
            Some(Source::At(uri)) => uri.clone(),
            Some(Source::Discovery | Source::Own(_)) | None => match self.discover().await {
                Err(KeysError::NotPublished { .. }) if self.rules.keys_optional => {
                    return Ok((KeySet::none(), None));
                }
                found => found?,
            },
        };
        let answer = self
            .fetch
            .fetch(FetchRequest::get(uri.clone()), limits.max_bytes)
            .await
            .map_err(|source| KeysError::Fetch { url: uri.to_string(), source })?;
        if answer.status != http::StatusCode::OK {
            return Err(KeysError::Status { url: uri.into(), status: answer.status.as_u16() });
        }
        // Of a member that occurs twice the last counts, as RFC 7517 §4 allows: all other keys of the set stay
        // usable.
        let set: serde_json::Value = serde_json::from_slice(&answer.body)
            .map_err(|_| KeysError::Document { url: uri.into(), expected: "JWK Set (RFC 7517 section 5)" })?;
        let set = KeySet::read(&set, self.rules.algorithms.as_deref(), limits.max_keys)?;
        Ok((set, freshness_lifetime(&answer.headers, self.ambient.clock.unix_now())))
    }

    /// The `jwks_uri`: found anew at least every `refresh.max`, and after each failure.
    async fn discover(&self) -> Result<Url, KeysError> {
        {
            let attempts = self.attempts();
            if let Some((uri, at)) = &attempts.discovered
                && attempts.failures == 0
                && at.elapsed() < self.rules.refresh.max
            {
                return Ok(uri.clone());
            }
        }
        let IssuerRules { issuer, also_called, allow_http, refresh, .. } = &self.rules;
        let whose = Whose { issuer, also_called };
        let (plain, max_bytes) = (allow_http.as_ref(), refresh.max_bytes);
        let uri = discovery::published_url(&*self.fetch, whose, plain, max_bytes, "jwks_uri").await?;
        self.attempts().discovered = Some((uri.clone(), Instant::now()));
        Ok(uri)
    }

    fn install(&self, set: KeySet, lifetime: Option<Duration>) {
        set.log_skipped(&self.issuer);
        {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            let (standing, gone) = match &*current {
                Some(before) if before.set.is_within(&set) => (before.standing.clone(), None),
                Some(before) => {
                    let generation = before.standing.generation + 1;
                    (Standing { generation, ..Standing::default() }, Some(before.standing.withdrawn.clone()))
                }
                None => (Standing::default(), None),
            };
            let generation = standing.generation;
            tracing::info!(issuer = &*self.issuer, keys = set.len(), generation, "issuer keys loaded");
            self.generation.store(generation, Ordering::Release);
            let refresh_after = self.refresh_after(lifetime);
            let (set, at) = (Arc::new(set), Instant::now());
            *current = Some(Arc::new(Loaded { set, standing, at, refresh_after, from: None }));
            if let Some(gone) = gone {
                gone.cancel();
            }
        }
        self.attempts_succeeded();
    }

    /// Notes that an attempt did not fail, and returns how many before it did.
    pub(super) fn attempts_succeeded(&self) -> u32 {
        let mut attempts = self.attempts();
        attempts.retry_from = None;
        attempts.last_error = None;
        std::mem::take(&mut attempts.failures)
    }

    fn note_failure(&self, error: KeysError) {
        let were_loaded = self.current.read().unwrap_or_else(PoisonError::into_inner).is_some();
        let state = match (were_loaded, self.ready()) {
            (false, _) => "no key was ever loaded, so its tokens are answered 503",
            (true, false) => "the known keys are too old, so its tokens are answered 503",
            (true, true) => "known keys stay in use",
        };
        let mut attempts = self.attempts();
        let is_own = matches!(self.source, Some(Source::Own(_)));
        let pause = match is_own {
            // Other processes have the same store or directory, and say there which key leaked: it is asked at its pace.
            true => self.rules.refresh.max,
            false => Duration::from_secs(1 << attempts.failures.min(5)).min(MAX_BACKOFF),
        };
        // At that pace the log would be full of it.
        if !is_own || attempts.failures == 0 {
            tracing::warn!(
                issuer = &*self.issuer,
                error = chain(&error),
                retry_in_secs = pause.as_secs(),
                "issuer keys not fetched; {state}"
            );
        }
        attempts.failures = attempts.failures.saturating_add(1);
        attempts.retry_from = Some(Instant::now() + pause);
        attempts.last_error = Some(Arc::new(error));
    }

    /// Ahead of expiry by a tenth to a fifth, so that many servers do not ask at once; never below the minimum.
    fn refresh_after(&self, lifetime: Option<Duration>) -> Duration {
        let limits = &self.rules.refresh;
        let lifetime = lifetime.unwrap_or(limits.unstated).clamp(limits.min, limits.max);
        let mut jitter = [0];
        self.ambient.random.fill(&mut jitter);
        lifetime.mul_f64(0.9 - 0.1 * f64::from(jitter[0]) / 255.0).max(limits.min)
    }

    fn unavailable(&self) -> TokenError {
        let attempts = self.attempts();
        let now = Instant::now();
        let wait = attempts.retry_from.map_or(Duration::ZERO, |from| from.saturating_duration_since(now));
        // Whole seconds, as Retry-After has them, rounded up.
        let retry_after = Duration::from_secs(wait.as_secs() + 1);
        TokenError::KeysUnavailable { retry_after, cause: attempts.last_error.clone() }
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt in flight. Its end is announced however it ends, a panic included.
struct Flight(Arc<IssuerKeys>);

impl Drop for Flight {
    fn drop(&mut self) {
        let mut attempts = self.0.attempts();
        attempts.in_flight = false;
        if std::thread::panicking() {
            attempts.retry_from = Some(Instant::now() + MAX_BACKOFF);
        }
        drop(attempts);
        self.0.ended.send_modify(|count| *count = count.wrapping_add(1));
    }
}
