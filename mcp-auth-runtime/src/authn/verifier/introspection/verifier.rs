//! The way of an opaque token: its issuer chosen by what it looks like, asked, and the answer judged.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::Ambient;
use tokio_util::sync::CancellationToken;

use super::claimed::{Shape, shape};
use super::judge::Judged;
use super::rules::{IntrospectionRules, Reach, RulesError, both_could_be_asked};
use super::source::Source;
use crate::authn::error::TokenError;
use crate::authn::fetch::Fetch;
use crate::authn::principal::Via;
use crate::authn::verifier::{
    Asking, Basis, IssuerState, LoadFailure, Loading, Pace, Recheck, Verified, Verify, VerifyFuture,
};

/// When an issuer that did not answer about what is open is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// For how many `cache_ttl` what is open stays without an answer.
const UNANSWERED: u32 = 3;
/// The same where `cache_ttl` is short.
const LEAST_UNANSWERED: Duration = Duration::from_secs(30);

/// Verifies tokens by asking their issuers.
pub struct IntrospectionVerifier {
    sources: Vec<Arc<Source>>,
}

impl IntrospectionVerifier {
    /// A verifier that asks these issuers.
    ///
    /// # Errors
    /// [`IntrospectionVerifierError`] names the issuer whose rules are invalid, or two that could be asked about one token.
    pub fn new(
        rules: Vec<IntrospectionRules>,
        fetch: Arc<dyn Fetch>,
        ambient: Ambient,
    ) -> Result<Self, IntrospectionVerifierError> {
        for (index, one) in rules.iter().enumerate() {
            let issuer = || one.issuer.to_string();
            one.check().map_err(|cause| IntrospectionVerifierError::Rules { issuer: issuer(), cause })?;
            let both = |other: &&IntrospectionRules| both_could_be_asked(&other.prefixes, &one.prefixes);
            if let Some(other) = rules.iter().take(index).find(both) {
                let other = other.issuer.to_string();
                return Err(IntrospectionVerifierError::Both { issuer: issuer(), other });
            }
        }
        let source = |rules| Arc::new(Source::new(rules, Arc::clone(&fetch), ambient.clone()));
        Ok(Self { sources: rules.into_iter().map(source).collect() })
    }

    /// The one issuer that `presented` was made for, as far as it shows.
    fn source_of(&self, presented: &str) -> Option<(usize, &Arc<Source>)> {
        let mut sources = self.sources.iter().enumerate();
        match shape(presented) {
            Shape::ApiKey => None,
            Shape::Jwt { iss } => {
                let iss = iss?;
                sources.find(|(_, source)| {
                    source.rules.reach == Reach::All
                        && source.rules.accepted.iter().any(|named| *named.iss == *iss)
                })
            }
            Shape::Opaque => sources.find(|(_, source)| {
                let prefixes = &source.rules.prefixes;
                prefixes.is_empty() || prefixes.iter().any(|prefix| presented.starts_with(prefix.as_str()))
            }),
        }
    }

    async fn check(&self, presented: &str) -> Result<Verified, TokenError> {
        let (index, source) = self.source_of(presented).ok_or(TokenError::Unclaimed)?;
        let Judged { facts, believed_until } = source.verify(presented).await?;
        let basis = Basis { source: index, generation: 0 };
        Ok(Verified { facts, believed_until, basis, withdrawn: CancellationToken::new() })
    }
}

impl Verify for IntrospectionVerifier {
    fn via(&self) -> Via {
        Via::Introspected
    }

    fn claims_it(&self, presented: &str) -> bool {
        self.source_of(presented).is_some()
    }

    fn verify<'a>(&'a self, presented: &'a str) -> VerifyFuture<'a> {
        Box::pin(self.check(presented))
    }

    /// Revoking is what opaque tokens are for, so a stream does not outlive it.
    fn again(&self, presented: &str) -> Option<Arc<dyn Recheck>> {
        let (_, source) = self.source_of(presented)?;
        Some(Arc::new(Open { source: Arc::clone(source), token: SecretText::new(presented) }))
    }

    /// Those without keys; the verifier of signed tokens speaks for the others.
    fn issuers(&self) -> Vec<IssuerState> {
        let alone = self.sources.iter().filter(|source| !source.rules.beside_keys);
        alone.map(|source| source.state()).collect()
    }

    /// Looks up where to ask, all at once.
    fn load(&self) -> Loading<'_> {
        Box::pin(async {
            join_all(self.sources.iter().map(|source| source.load())).await;
        })
    }

    fn failures(&self) -> Vec<LoadFailure> {
        let failures = self.sources.iter().filter_map(|source| {
            let issuer = source.rules.issuer.to_string();
            source.failure().map(|cause| LoadFailure { issuer, cause })
        });
        failures.collect()
    }

    fn start(&self, cancel: CancellationToken) {
        for source in &self.sources {
            tokio::spawn(Arc::clone(source).keep_fresh(cancel.clone()));
        }
    }
}

/// A token with which something is open.
struct Open {
    source: Arc<Source>,
    token: SecretText,
}

impl Recheck for Open {
    fn ask(&self) -> Asking<'_> {
        Box::pin(async {
            let Judged { facts, .. } = self.source.verify_again(self.token.expose()).await?;
            Ok(facts)
        })
    }

    /// An issuer that does not answer is asked again soon. What is open stays meanwhile, but not for long: an
    /// attacker who keeps the issuer from answering would keep open what it revoked.
    fn pace(&self) -> Pace {
        let every = self.source.rules.tokens.token_cache_ttl;
        let patience = Some((every * UNANSWERED).max(LEAST_UNANSWERED));
        Pace { every, unanswered: every.min(ASK_AGAIN), patience }
    }
}

/// Names the issuers, never a token.
impl fmt::Debug for IntrospectionVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuers: Vec<_> = self.sources.iter().map(|source| source.rules.issuer.as_str()).collect();
        f.debug_struct("IntrospectionVerifier").field("issuers", &issuers).finish_non_exhaustive()
    }
}

/// Why an [`IntrospectionVerifier`] could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntrospectionVerifierError {
    /// The rules of one issuer are invalid.
    #[error("issuer {issuer}: {cause}")]
    Rules {
        /// The issuer, as configured.
        issuer: String,
        /// What is wrong with them.
        cause: RulesError,
    },
    /// Two issuers that could be asked about one token.
    #[error(
        "issuers {issuer} and {other} could be asked about one token; say in `prefixes` what theirs begin with"
    )]
    Both {
        /// One of them, as configured.
        issuer: String,
        /// The other one.
        other: String,
    },
}
