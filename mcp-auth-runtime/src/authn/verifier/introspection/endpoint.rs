//! Where an issuer is asked: stated, or found in its metadata and looked up again from time to time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::error::IntrospectionError;
use super::rules::IntrospectionRules;
use crate::authn::error::KeysError;
use crate::authn::fetch::Fetch;
use crate::authn::verifier::jwt::discovery::{self, Whose};

/// How long an endpoint that was found counts as known before it is looked up again.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// The longest pause between attempts while they fail; the first is one second, each next twice as long.
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// The largest metadata document, in bytes.
const MAX_METADATA_BYTES: usize = 512 * 1024;

/// Where one issuer is asked.
pub(super) enum Endpoint {
    /// At this URL.
    At(Url),
    /// Where its metadata says.
    Published {
        known: Mutex<Known>,
        /// Held while the metadata is read: one attempt at a time.
        attempt: tokio::sync::Mutex<()>,
        /// When it was set up, without a place to ask.
        created: Instant,
    },
}

/// What is known so far.
#[derive(Default)]
pub(super) struct Known {
    found: Option<(Url, Instant)>,
    failed: Option<Arc<KeysError>>,
    /// Failures since the last success.
    failures: u32,
    /// While attempts fail: not before this.
    retry_from: Option<Instant>,
}

impl Endpoint {
    pub(super) fn of(rules: &IntrospectionRules) -> Self {
        match rules.stated_endpoint() {
            Some(url) => Self::At(url),
            None => Self::Published {
                known: Mutex::default(),
                attempt: tokio::sync::Mutex::default(),
                created: Instant::now(),
            },
        }
    }

    /// Where to ask. Reads the metadata where that is not known yet, unless an attempt has just failed.
    pub(super) async fn url(
        &self,
        rules: &IntrospectionRules,
        fetch: &dyn Fetch,
    ) -> Result<Url, IntrospectionError> {
        if let Some(url) = self.known_url() {
            return Ok(url);
        }
        self.look_up(rules, fetch, false).await;
        self.known_url().ok_or_else(|| {
            let cause = self.failure().unwrap_or_else(|| Arc::new(KeysError::Timeout(rules.timeout)));
            IntrospectionError::Endpoint(cause)
        })
    }

    /// Since when it is not known where to ask; `None` once it is.
    pub(super) fn missing_for(&self) -> Option<Duration> {
        match self {
            Self::At(_) => None,
            Self::Published { created, .. } => self.known_url().is_none().then(|| created.elapsed()),
        }
    }

    /// Why it is not known, as far as the last attempt could say.
    pub(super) fn failure(&self) -> Option<Arc<KeysError>> {
        match self {
            Self::At(_) => None,
            Self::Published { known, .. } => lock(known).failed.clone(),
        }
    }

    /// Reads the metadata now, or waits for who does.
    pub(super) async fn load(&self, rules: &IntrospectionRules, fetch: &dyn Fetch) {
        self.look_up(rules, fetch, true).await;
    }

    /// Keeps it known until `cancel`.
    pub(super) async fn keep_fresh(
        &self,
        rules: &IntrospectionRules,
        fetch: &dyn Fetch,
        cancel: CancellationToken,
    ) {
        let Self::Published { known, .. } = self else { return };
        loop {
            let pause = {
                let known = lock(known);
                let now = Instant::now();
                match (known.retry_from, &known.found) {
                    (Some(retry), _) => retry.saturating_duration_since(now),
                    (None, Some((_, at))) => (*at + FRESH).saturating_duration_since(now),
                    (None, None) => Duration::ZERO,
                }
            };
            tokio::select! {
                () = cancel.cancelled() => return,
                () = sleep(pause) => {}
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                () = self.look_up(rules, fetch, true) => {}
            }
        }
    }

    fn known_url(&self) -> Option<Url> {
        match self {
            Self::At(url) => Some(url.clone()),
            Self::Published { known, .. } => lock(known).found.as_ref().map(|(url, _)| url.clone()),
        }
    }

    /// `is_due`: even where it is known, or an attempt has just failed.
    async fn look_up(&self, rules: &IntrospectionRules, fetch: &dyn Fetch, is_due: bool) {
        let Self::Published { known, attempt, .. } = self else { return };
        let before = Instant::now();
        let _turn = attempt.lock().await;
        {
            let known = lock(known);
            let is_done = known.found.as_ref().is_some_and(|(_, at)| *at >= before || !is_due);
            let is_early = known.retry_from.is_some_and(|from| Instant::now() < from);
            if is_done || is_early {
                return;
            }
        }
        let plain = rules.allow_http.as_ref();
        let found = discovery::published_url(
            fetch,
            Whose { issuer: &rules.issuer, also_called: &rules.also_called },
            plain,
            MAX_METADATA_BYTES,
            "introspection_endpoint",
        )
        .await;
        let mut known = lock(known);
        match found {
            Ok(url) => *known = Known { found: Some((url, Instant::now())), ..Known::default() },
            Err(error) => {
                let pause = Duration::from_secs(1 << known.failures.min(5)).min(MAX_BACKOFF);
                let issuer = rules.issuer.as_str();
                tracing::warn!(issuer, %error, retry_in_secs = pause.as_secs(), "where to ask about tokens is not known");
                known.failures = known.failures.saturating_add(1);
                known.retry_from = Some(Instant::now() + pause);
                known.failed = Some(Arc::new(error));
            }
        }
    }
}

fn lock(known: &Mutex<Known>) -> std::sync::MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
