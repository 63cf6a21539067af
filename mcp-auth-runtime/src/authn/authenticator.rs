//! The way of a credential: remembered, or given to the verifier that claims it; then its binding to this request.

use std::fmt;
use std::sync::Arc;

use futures_util::future::join_all;
use http::HeaderValue;
use tokio_util::sync::CancellationToken;

use super::binding;
use super::cache::{CacheBounds, CredentialCache, CredentialHash, Entry};
use super::credential::{Credential, MAX_CREDENTIAL_BYTES};
use super::deny::{Denied, DenyList, Marks};
use super::dpop::Dpop;
use super::error::{AuthnError, TokenError};
use super::foresight::Foresight;
use super::hint::Hints;
use super::identity::Identity;
use super::principal::{Facts, Principal, Via};
use super::recheck::Rechecks;
use super::revoked::Revocations;
use super::sender::Sender;
use super::verifier::api_key::{ApiKeyDigest, ApiKeyError};
use super::verifier::{Foreseen, IssuerState, LoadFailure, Verified, Verify};
use mcp_auth_core::ambient::Clock;
use mcp_auth_core::{ApiKey, InvalidApiKey};

/// Says who is behind a credential.
pub struct Authenticator {
    verifiers: Vec<Arc<dyn Verify>>,
    cache: CredentialCache,
    denied: Denied,
    rechecks: Arc<Rechecks>,
    hints: Hints,
    /// What checks proofs; `None` where none is read, so that no bound token passes.
    dpop: Option<Dpop>,
    /// What the built-in issuer revoked.
    revoked: Option<Revocations>,
    clock: Arc<dyn Clock>,
}

impl Authenticator {
    /// One that asks `verifiers` in this order: those that claim few credentials first.
    pub fn new(verifiers: Vec<Arc<dyn Verify>>, clock: Arc<dyn Clock>, cache: CacheBounds) -> Self {
        let denied = Denied::fixed(DenyList::default());
        let (cache, rechecks) = (CredentialCache::new(cache), Arc::default());
        Self { verifiers, cache, denied, rechecks, hints: Hints::default(), dpop: None, revoked: None, clock }
    }

    /// The same, which refuses what is denied.
    #[must_use]
    pub(crate) fn unless(self, denied: Denied) -> Self {
        Self { denied, ..self }
    }

    /// The same, which can say of refusals what they most often mean.
    #[must_use]
    pub(crate) fn hinting(self, hints: Hints) -> Self {
        Self { hints, ..self }
    }

    /// The same, which accepts tokens that are bound to a key, with their proof.
    #[must_use]
    pub fn proving(self, dpop: Option<Dpop>) -> Self {
        Self { dpop, ..self }
    }

    /// The same, which refuses what the built-in issuer revoked.
    #[must_use]
    pub(crate) fn revoking(self, revoked: Option<Revocations>) -> Self {
        Self { revoked, ..self }
    }

    /// Whether proofs are read, and so the scheme that they come with.
    pub(crate) fn reads_proofs(&self) -> bool {
        self.dpop.is_some()
    }

    /// The nonce for the next proof, where proofs are read.
    pub async fn nonce(&self) -> Option<HeaderValue> {
        self.dpop.as_ref()?.nonce().await
    }

    /// What it most often means at its identity provider that this credential was refused, if only one provider can be meant:
    /// for the log. A fixed sentence, with nothing of the credential.
    pub(crate) fn hint(&self, refused: Credential<'_>, error: &AuthnError) -> Option<&'static str> {
        match (refused, error) {
            (Credential::Bearer(presented), AuthnError::Token(error)) => self.hints.of(presented, error),
            (Credential::Dpop(presented), AuthnError::Token(error)) => self.hints.of(presented.token, error),
            _ => None,
        }
    }

    /// The time by which credentials are judged, in Unix seconds.
    pub(crate) fn unix_now(&self) -> u64 {
        self.clock.unix_now()
    }

    /// Says who presents this credential, where nothing is known of its sender.
    ///
    /// # Errors
    /// As [`authenticate_from`](Self::authenticate_from); a credential for certain addresses or a certificate is refused.
    pub async fn authenticate(&self, credential: Credential<'_>) -> Result<Identity, AuthnError> {
        self.authenticate_from(credential, &Sender::default()).await
    }

    /// Says who presents this credential, sent by this `sender`.
    ///
    /// Answers at once for a credential that was verified a moment ago.
    ///
    /// # Errors
    /// [`AuthnError`]; [`AuthnError::fault`] says whose fault it is.
    pub(crate) async fn authenticate_from(
        &self,
        credential: Credential<'_>,
        sender: &Sender,
    ) -> Result<Identity, AuthnError> {
        let presented = match credential {
            Credential::None => return Ok(Identity::Anonymous),
            Credential::Bearer(token) => token,
            Credential::Dpop(presented) => presented.token,
            // The verifier of keys claims what bears their prefix, so this is judged by no other one.
            Credential::ApiKey(key) if ApiKey::bears_prefix(key) => key,
            Credential::ApiKey(_) => {
                return Err(TokenError::from(ApiKeyError::Malformed(InvalidApiKey::Prefix)).into());
            }
        };
        let principal = self.holder(presented).await?;
        if let Some(owed) = binding::check(&principal, credential, sender)? {
            let dpop = self.dpop.as_ref().ok_or(TokenError::SenderConstrained)?;
            dpop.check(owed.proof, owed.jkt).await?;
        }
        Ok(Identity::Known(principal))
    }

    /// The holder of this credential. What it is bound to is not checked here.
    async fn holder(&self, presented: &str) -> Result<Arc<Principal>, AuthnError> {
        let hash = Self::hash_of(presented)?;
        let principal = match self.remembered(&hash) {
            Some(principal) => principal,
            None => self.verify(presented, hash, self.unread(presented, hash)?).await?,
        };
        if principal.is_denied() {
            self.cache.remove(&hash);
            return Err(self.denial(presented).into());
        }
        if let Some(revoked) = &self.revoked {
            revoked.check(&principal)?;
        }
        Ok(principal)
    }

    /// Says who presents this credential, and whether a proof (DPoP) is still to be checked beside it. For those who explain, and have
    /// no proof: nothing is allowed by it.
    ///
    /// # Errors
    /// As [`authenticate_from`](Self::authenticate_from), but for proofs.
    pub(crate) async fn examine(
        &self,
        presented: &str,
        sender: &Sender,
    ) -> Result<(Identity, bool), AuthnError> {
        let principal = self.holder(presented).await?;
        let owes_proof = binding::check_but_proof(&principal, sender)?;
        Ok((Identity::Known(principal), owes_proof))
    }

    /// What a client with this credential would be told, sent by this `sender`, as far as that can be said without
    /// asking anyone. Nothing is allowed by it, and nothing remembered.
    pub(crate) fn foresee(&self, presented: &str, sender: &Sender) -> Foresight {
        let (marks, judge) = match Self::hash_of(presented)
            .and_then(|hash| self.unread(presented, hash))
            .and_then(|marks| Ok((marks, self.judge(presented)?.1)))
        {
            Ok(known) => known,
            Err(fault) => return Foresight::Refused(vec![fault]),
        };
        self.foretell(judge.via(), judge.foresee(presented), &marks, presented, sender)
    }

    /// The same of a signed token that says these claims, were its signature good.
    pub(crate) fn foresee_claims(&self, claims: &[u8], sender: &Sender) -> Foresight {
        let said = self.verifiers.iter().find_map(|judge| Some((judge.via(), judge.foresee_claims(claims)?)));
        let Some((via, foreseen)) = said else { return Foresight::Refused(vec![TokenError::Unclaimed]) };
        // No text: what is denied by its hash is another one.
        self.foretell(via, foreseen, &Marks::of("", CredentialHash::of("")), "", sender)
    }

    /// The same of a caller who was known a while ago as this: what was believed then is believed, and nothing else is known.
    pub(crate) fn recall(&self, via: Via, facts: Facts) -> Foresight {
        let facts = Box::new(facts);
        let no_text = Marks::of("", CredentialHash::of(""));
        self.foretell(via, Foreseen::Known { facts, is_whole: true }, &no_text, "", &Sender::default())
    }

    fn foretell(
        &self,
        via: Via,
        foreseen: Foreseen,
        marks: &Marks,
        presented: &str,
        sender: &Sender,
    ) -> Foresight {
        let (facts, is_whole) = match foreseen {
            Foreseen::Asks => return Foresight::Asks(via),
            Foreseen::Refused(faults) => return Foresight::Refused(faults),
            Foreseen::Known { facts, is_whole } => (facts, is_whole),
        };
        let principal = Principal::new(via, *facts);
        if self.denied.list().refuses(marks, &principal) {
            return Foresight::Refused(vec![self.denial(presented)]);
        }
        match binding::check_but_proof(&principal, sender) {
            Ok(owes_proof) => {
                Foresight::Accepted { who: Identity::Known(Arc::new(principal)), is_whole, owes_proof }
            }
            Err(fault) => Foresight::Refused(vec![fault]),
        }
    }

    /// What a credential is remembered by, unless it is longer than any that is read.
    fn hash_of(presented: &str) -> Result<CredentialHash, TokenError> {
        if presented.len() > MAX_CREDENTIAL_BYTES {
            let (bytes, max) = (presented.len(), MAX_CREDENTIAL_BYTES);
            return Err(TokenError::TooLong { bytes, max });
        }
        Ok(CredentialHash::of(presented))
    }

    /// What a credential is known by, unless it is refused before it is read.
    fn unread(&self, presented: &str, hash: CredentialHash) -> Result<Marks, TokenError> {
        let marks = Marks::of(presented, hash);
        match self.denied.list().refuses_unread(&marks) {
            true => Err(self.denial(presented)),
            false => Ok(marks),
        }
    }

    /// Why a denied credential is refused: of an API key its name, for the log.
    fn denial(&self, presented: &str) -> TokenError {
        let key = self.judge(presented).ok().filter(|(_, judge)| judge.via() == Via::ApiKey);
        match key.map(|(_, judge)| judge.foresee(presented)) {
            Some(Foreseen::Known { facts, .. }) => {
                let begins = facts.api_key.as_ref().map(ApiKeyDigest::begins).unwrap_or_default();
                let for_addresses = facts.confirmation.is_some();
                ApiKeyError::Denied { name: facts.subject, begins, for_addresses }.into()
            }
            _ => TokenError::Denied,
        }
    }

    /// The first verifier that claims the credential is the only one that sees it: a credential that none claims goes
    /// nowhere.
    fn judge(&self, presented: &str) -> Result<(usize, &Arc<dyn Verify>), TokenError> {
        let mut all = self.verifiers.iter().enumerate();
        all.find(|(_, verifier)| verifier.claims_it(presented)).ok_or(TokenError::Unclaimed)
    }

    /// Every issuer, and whether its credentials can be verified now.
    pub fn issuers(&self) -> Vec<IssuerState> {
        let mut issuers: Vec<_> = self.verifiers.iter().flat_map(|verifier| verifier.issuers()).collect();
        if let Some(revoked) = &self.revoked {
            for issuer in issuers.iter_mut().filter(|issuer| issuer.issuer == *revoked.issuer()) {
                issuer.missing_since = issuer.missing_since.or_else(|| revoked.unread_since());
            }
        }
        issuers
    }

    /// Gets what the verifiers need, all at once, and waits for the end of it.
    ///
    /// # Errors
    /// One [`LoadFailure`] for each issuer that has no keys now.
    pub async fn load(&self) -> Result<(), Vec<LoadFailure>> {
        join_all(self.verifiers.iter().map(|verifier| verifier.load())).await;
        let failures = self.failures();
        if failures.is_empty() { Ok(()) } else { Err(failures) }
    }

    /// Reads what the built-in issuer revoked, before anything is served.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn read_revocations(&self) -> Result<(), String> {
        match &self.revoked {
            Some(revoked) => revoked.read().await,
            None => Ok(()),
        }
    }

    /// Every issuer that has no keys now, and why: for a caller that stopped waiting for [`load`](Self::load).
    pub fn failures(&self) -> Vec<LoadFailure> {
        self.verifiers.iter().flat_map(|verifier| verifier.failures()).collect()
    }

    /// Keeps fresh what the verifiers need until `cancel`. Call it once, within a Tokio runtime.
    pub fn start(&self, cancel: CancellationToken) {
        for verifier in &self.verifiers {
            verifier.start(cancel.clone());
        }
        if let Some(revoked) = &self.revoked {
            tokio::spawn(revoked.clone().follow(cancel));
        }
    }

    async fn verify(
        &self,
        presented: &str,
        hash: CredentialHash,
        marks: Marks,
    ) -> Result<Arc<Principal>, TokenError> {
        let (verifier, judge) = self.judge(presented)?;
        let verdict = judge.verify(presented).await;
        let verdict = verdict.inspect_err(|refusal| self.rechecks.refused(&hash, refusal));
        let Verified { facts, believed_until, basis, withdrawn } = verdict?;
        let again = judge.again(presented).map(|asks| self.rechecks.watch(hash, asks, &facts));
        let principal = Principal::new(judge.via(), facts).unless(withdrawn);
        let principal =
            principal.unless_denied(marks, self.denied.clone()).unless_revoked(self.revoked.clone());
        let principal = Arc::new(principal.asked_again(again));
        let entry = Entry {
            principal: Arc::clone(&principal),
            verifier,
            basis,
            until: self.cache.until(self.clock.unix_now(), believed_until),
            bytes: presented.len().max(principal.weight()),
        };
        self.cache.insert(hash, entry);
        Ok(principal)
    }

    fn remembered(&self, hash: &CredentialHash) -> Option<Arc<Principal>> {
        let entry = self.cache.get(hash)?;
        if self.verifiers[entry.verifier].still_stands(entry.basis) && self.clock.unix_now() < entry.until {
            return Some(entry.principal);
        }
        self.cache.remove(hash);
        None
    }

    /// Whether the credential was verified a moment ago.
    #[cfg(test)]
    pub(super) fn remembers(&self, presented: &str) -> Option<Arc<Principal>> {
        self.remembered(&CredentialHash::of(presented))
    }
}

/// Says how many kinds of credentials there are, never a credential.
impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<_> = self.verifiers.iter().map(|verifier| verifier.via()).collect();
        f.debug_struct("Authenticator").field("kinds", &kinds).finish_non_exhaustive()
    }
}
