//! The way of a signed token: taken apart, its issuer chosen, its signature and its claims checked.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use futures_util::future::join_all;
use mcp_auth_core::seen::Excerpt;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::examine::{examine, in_claims};
use super::issuer::{IssuerRules, KeySource, RulesError};
use super::jws::{self, Jws, Type};
use super::keys::{IssuerKeys, Standing};
use crate::authn::claims_set::ClaimsSet;
use crate::authn::error::{KeysError, TokenError};
use crate::authn::fetch::Fetch;
use crate::authn::principal::{Facts, Via};
use crate::authn::verifier::claims::{self, Accepted};
use crate::authn::verifier::{
    Basis, Foreseen, IssuerState, LoadFailure, Loading, Verified, Verify, VerifyFuture,
};
use mcp_auth_core::ambient::Ambient;

/// Verifies signed tokens of a fixed set of issuers.
pub struct JwtVerifier {
    issuers: Vec<Arc<IssuerKeys>>,
    /// `iss`, byte for byte, to its place in `issuers` and what it stands for.
    by_name: HashMap<Arc<str>, (usize, Accepted)>,
    ambient: Ambient,
}

impl JwtVerifier {
    /// A verifier for these issuers. Static keys are available at once, others after [`load`](Verify::load) or
    /// [`start`](Verify::start).
    ///
    /// # Errors
    /// [`JwtVerifierError`] names the issuer whose rules or static keys are invalid.
    pub fn new(
        rules: Vec<IssuerRules>,
        fetch: Arc<dyn Fetch>,
        ambient: Ambient,
    ) -> Result<Self, JwtVerifierError> {
        let mut issuers = Vec::with_capacity(rules.len());
        let mut by_name = HashMap::new();
        for rules in rules {
            let issuer = rules.issuer.to_string();
            rules.check().map_err(|cause| JwtVerifierError::Rules { issuer: issuer.clone(), cause })?;
            let keys = IssuerKeys::new(rules, Arc::clone(&fetch), ambient.clone())
                .map_err(|cause| JwtVerifierError::StaticKeys { issuer: issuer.clone(), cause })?;
            for accepted in &keys.rules.accepted {
                let named = (issuers.len(), accepted.clone());
                if by_name.insert(Arc::clone(&accepted.iss), named).is_some() {
                    return Err(JwtVerifierError::Twice { issuer: accepted.iss.to_string() });
                }
            }
            issuers.push(Arc::new(keys));
        }
        if issuers.is_empty() {
            return Err(JwtVerifierError::NoIssuer);
        }
        Ok(Self { issuers, by_name, ambient })
    }

    /// Verifies one signed token.
    ///
    /// Waits only where the issuer's keys have to be fetched.
    ///
    /// - Shape: compact JWS; see [`IssuerRules`] for what its claims must be.
    /// - Source: RFC 9068 §4, RFC 8725 §3, RFC 7519 §7.2.
    async fn check(&self, token: &str) -> Result<Verified, TokenError> {
        let jws = jws::parse(token)?;
        let claims = claims::read(&jws.payload)?;
        let (source, named) = self.claimed(&claims)?;
        let keys = &self.issuers[source];
        if !keys.rules.may_use(jws.header.alg) {
            return Err(TokenError::Algorithm);
        }
        let Standing { generation, withdrawn } = keys.verify(&jws, named).await?;
        let now = self.ambient.clock.unix_now();
        let mut facts = facts(&keys.rules, named, &jws, claims, now)?;
        // One piece of text for dozens of values.
        facts.claims = ClaimsSet::as_it_came(jws.payload);
        let believed_until = keys.rules.tokens.believed_until(facts.expires_at, now);
        Ok(Verified { facts, believed_until, basis: Basis { source, generation }, withdrawn })
    }

    /// The claims of an ID token of one of these issuers, where the audience is a client of ours there (OpenID Connect Core §3.1.3.7). Its
    /// `nonce` and what it says of the login are for the caller to compare.
    ///
    /// # Errors
    /// [`TokenError::KeysUnavailable`] where the issuer's keys cannot be had now; otherwise what is wrong with the token.
    pub async fn id_token(&self, token: &str) -> Result<Map<String, Value>, TokenError> {
        let jws = jws::parse(token)?;
        if jws.header.typ == Type::AtJwt {
            return Err(TokenError::Type(Excerpt::of("at+jwt")));
        }
        let claims = claims::read(&jws.payload)?;
        let (source, named) = self.claimed(&claims)?;
        let keys = &self.issuers[source];
        if !keys.rules.may_use(jws.header.alg) {
            return Err(TokenError::Algorithm);
        }
        keys.verify(&jws, named).await?;
        named.check_tenant(&claims)?;
        claims::check_id_token(&keys.rules.tokens, &claims, self.ambient.clock.unix_now())?;
        Ok(claims)
    }

    /// The issuer that the token names. It is only claimed so far, and that is enough to choose whose keys must have signed.
    fn claimed(&self, claims: &Map<String, Value>) -> Result<(usize, &Accepted), TokenError> {
        let issuer = claims::issuer(claims)?;
        let known = self.by_name.get(issuer);
        let (source, named) = known.ok_or_else(|| TokenError::UnknownIssuer(Excerpt::of(issuer)))?;
        Ok((*source, named))
    }

    /// What a token says, where only its signature may be wrong. The second is whether that was checked: keys that are at
    /// hand do.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn said(&self, token: &str) -> Result<(Facts, bool), Vec<TokenError>> {
        let at_hand = |rules: &IssuerRules| match &rules.keys {
            KeySource::Static(keys) => Some(keys.clone()),
            KeySource::Own(keys) => Some(keys.known().jwks.clone()),
            KeySource::Discovery | KeySource::JwksUri(_) => None,
        };
        let issuers: Vec<_> =
            self.issuers.iter().map(|keys| (keys.rules.clone(), at_hand(&keys.rules))).collect();
        let now = self.ambient.clock.unix_now();
        let faults = examine(token, &issuers, now).faults;
        if !faults.is_empty() {
            return Err(faults);
        }
        let read = || {
            let jws = jws::parse(token)?;
            let claims = claims::read(&jws.payload)?;
            let (source, named) = self.claimed(&claims)?;
            let (rules, keys) = &issuers[source];
            Ok((facts(rules, named, &jws, claims, now)?, keys.is_some()))
        };
        read().map_err(|fault| vec![fault])
    }
}

/// What a token whose signature is good says.
fn facts(
    rules: &IssuerRules,
    named: &Accepted,
    jws: &Jws<'_>,
    claims: Map<String, Value>,
    now: u64,
) -> Result<Facts, TokenError> {
    jws.header.typ.check(rules.require_at_jwt)?;
    named.check(&rules.tokens, claims, now)
}

impl Verify for JwtVerifier {
    fn via(&self) -> Via {
        Via::Jwt
    }

    /// Always: it reads the token itself and sends it nowhere, so it can say best what is wrong with it. It is
    /// asked last.
    fn claims_it(&self, _presented: &str) -> bool {
        true
    }

    fn verify<'a>(&'a self, presented: &'a str) -> VerifyFuture<'a> {
        Box::pin(self.check(presented))
    }

    fn foresee(&self, presented: &str) -> Foreseen {
        match self.said(presented) {
            Ok((facts, is_whole)) => Foreseen::Known { facts: Box::new(facts), is_whole },
            Err(faults) => Foreseen::Refused(faults),
        }
    }

    fn foresee_claims(&self, claims: &[u8]) -> Option<Foreseen> {
        let now = self.ambient.clock.unix_now();
        let read = || {
            let claims = claims::read(claims)?;
            let (source, named) = self.claimed(&claims)?;
            let rules = &self.issuers[source].rules;
            let faults = in_claims(rules, Some(named), &claims, now);
            match faults.is_empty() {
                true => Ok(Ok(named.check(&rules.tokens, claims, now)?)),
                false => Ok(Err(faults)),
            }
        };
        Some(match read().unwrap_or_else(|fault| Err(vec![fault])) {
            Ok(facts) => Foreseen::Known { facts: Box::new(facts), is_whole: false },
            Err(faults) => Foreseen::Refused(faults),
        })
    }

    /// A key that went away takes along what it verified.
    fn still_stands(&self, basis: Basis) -> bool {
        self.issuers.get(basis.source).is_some_and(|keys| keys.generation() == basis.generation)
    }

    fn issuers(&self) -> Vec<IssuerState> {
        self.issuers.iter().map(|keys| keys.state()).collect()
    }

    /// Attempts to load every issuer's keys, all at once.
    fn load(&self) -> Loading<'_> {
        Box::pin(async {
            join_all(self.issuers.iter().filter(|keys| !keys.ready()).map(|keys| keys.load())).await;
        })
    }

    /// Every issuer that has no keys now.
    fn failures(&self) -> Vec<LoadFailure> {
        self.issuers
            .iter()
            .filter(|keys| !keys.ready())
            .map(|keys| LoadFailure { issuer: keys.rules.issuer.to_string(), cause: keys.last_error() })
            .collect()
    }

    /// One background task for each issuer.
    fn start(&self, cancel: CancellationToken) {
        for keys in &self.issuers {
            tokio::spawn(Arc::clone(keys).keep_fresh(cancel.clone()));
        }
    }
}

/// Names the issuers, never a token.
impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier").field("issuers", &self.by_name.keys()).finish_non_exhaustive()
    }
}

/// Why a [`JwtVerifier`] could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwtVerifierError {
    /// No issuer to trust.
    #[error("no issuer is configured")]
    NoIssuer,
    /// One issuer twice: which rules would count?
    #[error("issuer {issuer} is configured twice")]
    Twice {
        /// The issuer, as configured.
        issuer: String,
    },
    /// The rules of one issuer are invalid.
    #[error("issuer {issuer}: {cause}")]
    Rules {
        /// The issuer, as configured.
        issuer: String,
        /// What is wrong with them.
        cause: RulesError,
    },
    /// Static keys without a usable one.
    #[error("issuer {issuer}: {cause}")]
    StaticKeys {
        /// The issuer, as configured.
        issuer: String,
        /// What is wrong with them.
        cause: KeysError,
    },
}
