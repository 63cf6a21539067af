//! One issuer that is asked: about each token once at a time, about few at once, and about a token that it has just refused
//! not again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::Ambient;
use quick_cache::sync::Cache;
use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::answer::{self, MAX_ANSWER_BYTES, Said};
use super::endpoint::Endpoint;
use super::error::IntrospectionError;
use super::judge::{self, Judged};
use super::request;
use super::room::{Place, Room, Standing};
use super::rules::IntrospectionRules;
use crate::authn::cache::CredentialHash;
use crate::authn::error::{Fault, KeysError, TokenError};
use crate::authn::fetch::{Fetch, Within};
use crate::authn::verifier::IssuerState;
use crate::authn::verifier::claims::TokenRules;

/// How many refusals are remembered.
const REFUSALS: usize = 10_000;
/// How many tokens that were active lately are remembered as such.
const ACTIVE: usize = 10_000;
/// How long it is remembered of a token that no answer came: one that makes the endpoint fail does not reach it each time.
const NO_ANSWER: Duration = Duration::from_secs(1);
/// When a client may come back after an answer that did not come.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// The same where only too many others asked.
const RETRY_AFTER_CROWD: Duration = Duration::from_secs(1);

/// What the issuer says of a token.
type Answered = Result<Arc<Map<String, Value>>, TokenError>;

/// One issuer that is asked about tokens.
pub(super) struct Source {
    pub(super) rules: IntrospectionRules,
    tokens: TokenRules,
    endpoint: Endpoint,
    refused: Cache<CredentialHash, (TokenError, Instant)>,
    /// Those that were active when they were last asked about. No made-up token gets in.
    active: Cache<CredentialHash, ()>,
    /// The tokens that are being asked about.
    flights: Mutex<HashMap<CredentialHash, watch::Receiver<Option<Answered>>>>,
    room: Room,
    /// Whether the last one got no answer: the log says when that changes.
    is_failing: AtomicBool,
    fetch: Arc<dyn Fetch>,
    ambient: Ambient,
}

impl Source {
    pub(super) fn new(rules: IntrospectionRules, fetch: Arc<dyn Fetch>, ambient: Ambient) -> Self {
        let fetch = Arc::new(Within { fetch, longest: rules.timeout });
        Self {
            tokens: judge::rules_of(&rules),
            endpoint: Endpoint::of(&rules),
            refused: Cache::new(REFUSALS),
            active: Cache::new(ACTIVE),
            flights: Mutex::default(),
            room: Room::default(),
            is_failing: AtomicBool::new(false),
            rules,
            fetch,
            ambient,
        }
    }

    /// Asks about `token`, unless it was refused a moment ago, and judges the answer.
    pub(super) async fn verify(self: &Arc<Self>, token: &str) -> Result<Judged, TokenError> {
        let hash = CredentialHash::of(token);
        let who = match self.active.get(&hash) {
            Some(()) => Standing::Known,
            None => Standing::Stranger,
        };
        self.verify_as(who, token, hash).await
    }

    /// Asks once more about a token with which something is open.
    pub(super) async fn verify_again(self: &Arc<Self>, token: &str) -> Result<Judged, TokenError> {
        self.verify_as(Standing::Known, token, CredentialHash::of(token)).await
    }

    async fn verify_as(
        self: &Arc<Self>,
        who: Standing,
        token: &str,
        hash: CredentialHash,
    ) -> Result<Judged, TokenError> {
        if let Some((refusal, until)) = self.refused.get(&hash) {
            if Instant::now() < until {
                return Err(refusal);
            }
            self.refused.remove(&hash);
        }
        let verdict = match self.ask(token, hash, who).await {
            Ok(claims) => {
                let now = self.ambient.clock.unix_now();
                judge::judge(&self.tokens, &self.rules.accepted, Map::clone(&claims), now)
            }
            Err(error) => Err(error),
        };
        match &verdict {
            Ok(_) => self.active.insert(hash, ()),
            Err(refusal) => {
                if refusal.fault() == Fault::InvalidToken {
                    self.active.remove(&hash);
                }
                let span = self.remembered_for(refusal);
                if !span.is_zero() {
                    self.refused.insert(hash, (refusal.clone(), Instant::now() + span));
                }
            }
        }
        verdict
    }

    /// How long a refusal stands for the answer to the same token. Where there was no room, nothing was asked.
    fn remembered_for(&self, refusal: &TokenError) -> Duration {
        match refusal {
            TokenError::NotAnswered { cause, .. } if matches!(**cause, IntrospectionError::Crowded) => {
                Duration::ZERO
            }
            TokenError::NotAnswered { .. } => NO_ANSWER,
            _ if refusal.fault() == Fault::InvalidToken => self.rules.negative_ttl,
            _ => Duration::ZERO,
        }
    }

    /// Whether there is a place to ask, in the words of keys.
    pub(super) fn state(&self) -> IssuerState {
        let since = |span: Duration| self.ambient.clock.unix_now().saturating_sub(span.as_secs());
        IssuerState {
            issuer: Arc::from(self.rules.issuer.as_str()),
            is_fetched: true,
            missing_since: self.endpoint.missing_for().map(since),
        }
    }

    /// Whether it is known where to ask, and if not, why.
    pub(super) fn failure(&self) -> Option<Option<Arc<KeysError>>> {
        self.endpoint.missing_for().map(|_| self.endpoint.failure())
    }

    pub(super) async fn load(&self) {
        self.endpoint.load(&self.rules, &*self.fetch).await;
    }

    pub(super) async fn keep_fresh(self: Arc<Self>, cancel: CancellationToken) {
        self.endpoint.keep_fresh(&self.rules, &*self.fetch, cancel).await;
    }

    /// Joins who asks about this token already, or asks. The request runs in a task of its own: a caller that goes away does
    /// not take along what others wait for.
    async fn ask(self: &Arc<Self>, token: &str, hash: CredentialHash, who: Standing) -> Answered {
        let mut landing = {
            let mut flights = self.flights();
            match flights.get(&hash) {
                Some(landing) => landing.clone(),
                None => {
                    let place = self.room.enter(who);
                    let place = place.ok_or_else(|| self.unavailable(IntrospectionError::Crowded))?;
                    let (answered, landing) = watch::channel(None);
                    flights.insert(hash, landing.clone());
                    let flight = Flight { source: Arc::clone(self), hash, _place: place };
                    let token = SecretText::new(token);
                    tokio::spawn(async move {
                        let answer = flight.source.answer(token.expose(), who).await;
                        answered.send_replace(Some(answer));
                        drop(flight);
                    });
                    landing
                }
            }
        };
        match landing.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone()) {
            Some(answer) => answer,
            None => Err(self.unavailable(IntrospectionError::Timeout(self.rules.timeout))),
        }
    }

    async fn answer(&self, token: &str, who: Standing) -> Answered {
        let said = match timeout(self.rules.timeout, self.said(token, who)).await {
            Ok(said) => said,
            Err(_) => Err(IntrospectionError::Timeout(self.rules.timeout)),
        };
        match said {
            Ok(said) => {
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!(issuer = self.rules.issuer.as_str(), "tokens can be asked about again");
                }
                match said {
                    Said::Active(claims) => Ok(Arc::new(claims)),
                    Said::Inactive => Err(TokenError::Inactive),
                }
            }
            Err(error) => Err(self.unavailable(error)),
        }
    }

    async fn said(&self, token: &str, who: Standing) -> Result<Said, IntrospectionError> {
        let _turn = self.room.turn(who).await.map_err(|_| IntrospectionError::Crowded)?;
        let endpoint = self.endpoint.url(&self.rules, &*self.fetch).await?;
        let url = endpoint.to_string();
        let request = request::about(token, &self.rules, endpoint, &self.ambient)?;
        match self.fetch.fetch(request, MAX_ANSWER_BYTES).await {
            Ok(answer) => answer::read(self.rules.kind, &url, &answer).map(|said| said.without(token)),
            Err(source) => Err(IntrospectionError::Fetch { url, source }),
        }
    }

    /// No answer: our trouble, not the client's. The log has the first of a row.
    fn unavailable(&self, error: IntrospectionError) -> TokenError {
        let is_crowd = matches!(error, IntrospectionError::Crowded);
        if !is_crowd && !self.is_failing.swap(true, Ordering::Relaxed) {
            let issuer = self.rules.issuer.as_str();
            let error = crate::authn::error::chain(&error);
            tracing::warn!(issuer, error, "tokens cannot be asked about, so they are answered 503");
        }
        let retry_after = if is_crowd { RETRY_AFTER_CROWD } else { RETRY_AFTER };
        TokenError::NotAnswered { retry_after, cause: Arc::new(error) }
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<CredentialHash, watch::Receiver<Option<Answered>>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token that is being asked about. Its end is seen however it ends, a panic included.
struct Flight {
    source: Arc<Source>,
    hash: CredentialHash,
    _place: Place,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.source.flights().remove(&self.hash);
    }
}
