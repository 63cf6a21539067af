//! What a kind of credential brings: which credentials are its own, and how they are verified.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::authn::error::{KeysError, TokenError};
use crate::authn::principal::{Facts, Via};

/// One kind of credential. It finds out facts; the principal is made of them elsewhere, and what a request must prove
/// besides is checked elsewhere.
pub trait Verify: Send + Sync {
    /// What its principals are known by.
    fn via(&self) -> Via;

    /// Whether `presented` is its own to judge. Verifiers are asked in their order, the first that says yes is the only
    /// one that gets to see the credential: one that sends credentials anywhere claims nothing but what was made for
    /// the place that it asks.
    fn claims_it(&self, presented: &str) -> bool;

    /// Verifies a credential that it claimed and that is not remembered.
    ///
    /// # Errors
    /// [`TokenError`]; an issuer that cannot be asked is [`TokenError::KeysUnavailable`] or [`TokenError::NotAnswered`],
    /// never a bad credential.
    fn verify<'a>(&'a self, presented: &'a str) -> VerifyFuture<'a>;

    /// What it would find out about a credential that it claimed, as far as that can be said without asking anyone, by the
    /// same checks. Nothing is allowed by it.
    fn foresee(&self, _presented: &str) -> Foreseen {
        Foreseen::Asks
    }

    /// What it would find out about a signed token that says these claims, were its signature good. `None` where it verifies no
    /// signed tokens. Nothing is allowed by it.
    fn foresee_claims(&self, _claims: &[u8]) -> Option<Foreseen> {
        None
    }

    /// What asks again about a credential that it verified, while its bearer holds something open. `None` where time and
    /// [`Verified::withdrawn`] say all.
    fn again(&self, _presented: &str) -> Option<Arc<dyn Recheck>> {
        None
    }

    /// Whether what it verified on this basis may still be believed. Asked for each remembered credential.
    fn still_stands(&self, _basis: Basis) -> bool {
        true
    }

    /// The issuers whose keys it verifies with, in the order of the configuration.
    fn issuers(&self) -> Vec<IssuerState> {
        Vec::new()
    }

    /// Gets what it needs before anything is served, and waits for the end of the attempt.
    fn load(&self) -> Loading<'_> {
        Box::pin(async {})
    }

    /// What it still needs, and why it does not have it.
    fn failures(&self) -> Vec<LoadFailure> {
        Vec::new()
    }

    /// Keeps fresh what it needs, in the background, until `cancel`. Called once, within a Tokio runtime.
    fn start(&self, _cancel: CancellationToken) {}
}

/// Asks again about one credential: its issuer may have revoked it, or taken something from it.
pub trait Recheck: Send + Sync {
    /// Asks now.
    fn ask(&self) -> Asking<'_>;

    /// How often to ask, while something is open.
    fn pace(&self) -> Pace;
}

/// The future of [`Recheck::ask`].
pub(crate) type Asking<'a> = Pin<Box<dyn Future<Output = Result<Facts, TokenError>> + Send + 'a>>;

/// How often a credential is asked about again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long an answer counts.
    pub every: Duration,
    /// When to ask again where none came.
    pub unanswered: Duration,
    /// How long what is open stays without an answer. `None`: as long as none comes.
    pub patience: Option<Duration>,
}

/// The future of [`Verify::verify`].
pub(crate) type VerifyFuture<'a> = Pin<Box<dyn Future<Output = Result<Verified, TokenError>> + Send + 'a>>;

/// The future of [`Verify::load`].
pub(crate) type Loading<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What a verifier answers.
#[derive(Debug)]
pub struct Verified {
    /// What it found out.
    pub facts: Facts,
    /// Unix seconds; from then on the credential is verified anew. In the past: it is not remembered.
    pub believed_until: u64,
    /// What the verdict rests on.
    pub basis: Basis,
    /// Cancelled when the basis is gone, so that what the caller holds open ends with it.
    pub withdrawn: CancellationToken,
}

/// What a verifier can say of a credential before it asks anyone.
#[derive(Debug)]
pub enum Foreseen {
    /// Nothing: it asks an issuer, or the program.
    Asks,
    /// It would be refused: everything that is wrong.
    Refused(Vec<TokenError>),
    /// These are the facts, unless the signature is wrong, where that cannot be checked yet.
    Known {
        /// What it would find out.
        facts: Box<Facts>,
        /// Whether nothing is left to check.
        is_whole: bool,
    },
}

/// What a verdict rests on, so that it falls with it. Its meaning is the verifier's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Basis {
    /// Which of the verifier's sources.
    pub source: usize,
    /// Which state of that source.
    pub generation: u64,
}

/// Whether the tokens of an issuer can be verified now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerState {
    /// The issuer identifier.
    pub issuer: Arc<str>,
    /// Whether its keys come from elsewhere. Else they are at hand from the start.
    pub is_fetched: bool,
    /// Unix seconds: since when there are no keys that may be used. `None` while there are.
    pub missing_since: Option<u64>,
}

/// An issuer whose keys did not load.
#[derive(Debug, Clone, thiserror::Error)]
#[error("keys of issuer {issuer} are not loaded")]
pub struct LoadFailure {
    /// The issuer whose keys could not be loaded.
    pub issuer: String,
    /// What went wrong; `None` when no attempt ended in time.
    #[source]
    pub cause: Option<Arc<KeysError>>,
}

impl LoadFailure {
    /// Whether waiting cannot help, so that the server should not start (see [`KeysError::is_misconfiguration`]).
    pub fn is_misconfiguration(&self) -> bool {
        self.cause.as_ref().is_some_and(|cause| cause.is_misconfiguration())
    }
}
