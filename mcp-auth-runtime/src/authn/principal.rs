//! Who calls, as policy, audit and tools know it. Only this folder makes one.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::actor::Actor;
use super::claims_set::ClaimsSet;
use super::confirmation::Confirmation;
use super::deny::{Denied, Marks};
use super::login::Login;
use super::opaque_key::opaque_key;
use super::recheck::Watched;
use super::revoked::Revocations;
use super::verifier::api_key::ApiKeyDigest;
use mcp_auth_core::{RoleSet, ScopeSet};

/// A caller whose credential passed every check. Shows no part of the credential itself.
#[derive(Debug)]
pub struct Principal {
    via: Via,
    facts: Facts,
    /// Cancelled when its credential is not believed any more, before it expires.
    withdrawn: CancellationToken,
    /// What may deny its credential, which has these marks.
    denied: Option<(Marks, Denied)>,
    /// What may have revoked it.
    revoked: Option<Revocations>,
    again: Again,
}

/// Where the newest answer about the credential is, if it is asked about again.
struct Again(Option<Arc<Watched>>);

/// It holds the credential, so it shows nothing.
impl fmt::Debug for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "asked again" } else { "not asked again" })
    }
}

/// By which kind of credential a principal is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Via {
    /// A signed token of an issuer that is accepted.
    Jwt,
    /// An API key of the configuration.
    ApiKey,
    /// One of a kind of the program's own, by the name of its verifier.
    Program(Arc<str>),
    /// A token that its issuer was asked about (RFC 7662).
    Introspected,
    /// None: who started a stdio server without a credential.
    Local,
}

impl Via {
    /// Whether the program itself judges credentials of this kind.
    pub(crate) fn is_of_the_program(&self) -> bool {
        matches!(self, Self::Program(_))
    }

    /// The kind in a word, for the audit.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::ApiKey => "api-key",
            Self::Program(_) => "program",
            Self::Introspected => "introspected",
            Self::Local => "local",
        }
    }
}

/// What a verifier found out about a credential, all of it checked. The principal is made of it here.
pub struct Facts {
    /// Who vouches for the subject, exactly as configured.
    pub issuer: Arc<str>,
    /// Whom the credential is for: unique only within its issuer and its claim.
    pub subject: String,
    /// The claim that names the subject, unless it is `sub`: what one claim says is not what another one says.
    pub subject_claim: Option<Arc<str>>,
    /// The tenant of the issuer, where it serves several.
    pub tenant: Option<Arc<str>>,
    /// The OAuth client that acts for the subject, if the credential says.
    pub client_id: Option<String>,
    /// Whether the subject is that client, or another program that acts for no person (RFC 9068 §2.2).
    pub is_client: bool,
    /// Who acts for the subject, if the credential says.
    pub actor: Option<Actor>,
    /// What may be done with it.
    pub held: Held,
    /// When it expires, in Unix seconds; `None` where the credential has no end.
    pub expires_at: Option<u64>,
    /// What the request must prove besides, if the credential is bound to something.
    pub confirmation: Option<Confirmation>,
    /// The digest of the API key, if it is one.
    pub api_key: Option<ApiKeyDigest>,
    /// Every claim of the credential, by name.
    pub claims: ClaimsSet,
}

/// What a caller may do, read out of the claims by the issuer's settings when the credential is verified. Later, only `Claims<T>` reads
/// claims.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// The scopes that the credential names, without what they imply.
    pub scopes: ScopeSet,
    /// The roles that its claims give, with what they imply: names of the configuration, never a raw claim.
    pub roles: RoleSet,
    /// Whether no login brings more: the operator gave it its scopes, by name or by its roles.
    pub is_fixed: bool,
    /// How its person logged in; `None` where no person did, as with an API key or client credentials.
    pub login: Option<Login>,
}

impl Held {
    /// These scopes, and nothing else.
    pub fn of(scopes: ScopeSet) -> Self {
        Self { scopes, ..Self::default() }
    }
}

impl Facts {
    /// The same without its claims, which are the most of it.
    pub(in crate::authn) fn without_claims(&self) -> Self {
        Self {
            issuer: Arc::clone(&self.issuer),
            subject: self.subject.clone(),
            subject_claim: self.subject_claim.clone(),
            tenant: self.tenant.clone(),
            client_id: self.client_id.clone(),
            is_client: self.is_client,
            actor: self.actor.clone(),
            held: self.held.clone(),
            expires_at: self.expires_at,
            confirmation: self.confirmation.clone(),
            api_key: self.api_key,
            claims: ClaimsSet::default(),
        }
    }

    /// Nothing but whom the credential is for, and who vouches for that.
    pub(crate) fn of(issuer: Arc<str>, subject: impl Into<String>) -> Self {
        Self {
            issuer,
            subject: subject.into(),
            subject_claim: None,
            tenant: None,
            client_id: None,
            is_client: false,
            actor: None,
            held: Held::default(),
            expires_at: None,
            confirmation: None,
            api_key: None,
            claims: ClaimsSet::default(),
        }
    }
}

impl Principal {
    /// The principal that `facts` are about.
    pub(in crate::authn) fn new(via: Via, facts: Facts) -> Self {
        Self {
            via,
            facts,
            withdrawn: CancellationToken::new(),
            denied: None,
            revoked: None,
            again: Again(None),
        }
    }

    /// The same, whose credential is believed until `withdrawn` is cancelled.
    pub(in crate::authn) fn unless(self, withdrawn: CancellationToken) -> Self {
        Self { withdrawn, ..self }
    }

    /// The same, whose credential has these marks and may be denied.
    pub(in crate::authn) fn unless_denied(self, marks: Marks, denied: Denied) -> Self {
        Self { denied: Some((marks, denied)), ..self }
    }

    /// The same, whose token may be revoked by the built-in issuer.
    pub(in crate::authn) fn unless_revoked(self, revoked: Option<Revocations>) -> Self {
        Self { revoked, ..self }
    }

    /// Whether an operator denied its credential. The marks of that were taken when it was verified.
    pub(in crate::authn) fn is_denied(&self) -> bool {
        self.denied.as_ref().is_some_and(|(marks, denied)| denied.list().refuses(marks, self))
    }

    /// The same, whose credential is asked about again.
    pub(in crate::authn) fn asked_again(self, again: Option<Arc<Watched>>) -> Self {
        Self { again: Again(again), ..self }
    }

    /// Waits until the credential is not believed any more although it has not expired: the key that signed it is gone, its
    /// issuer revoked it or took something from it, or an operator denied it.
    pub(crate) async fn withdrawn(&self) {
        let denied = async {
            match &self.denied {
                Some((marks, denied)) => denied.until(marks, self).await,
                None => std::future::pending().await,
            }
        };
        let revoked = async {
            match &self.revoked {
                Some(revoked) => revoked.until(self).await,
                None => std::future::pending().await,
            }
        };
        let refused = async {
            match &self.again.0 {
                Some(again) => again.ended(self).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.withdrawn.cancelled() => {}
            () = denied => {}
            () = revoked => {}
            () = refused => {}
        }
    }

    /// Whether a credential of which this is known now is still this principal's, with all that it held. More is no reason to
    /// end anything: what was allowed was allowed by less.
    pub(in crate::authn) fn still_is(&self, now: &Facts) -> bool {
        let Facts {
            issuer,
            subject,
            subject_claim,
            tenant,
            client_id,
            is_client,
            actor,
            held: Held { scopes, roles, is_fixed: _, login },
            // When it ends, what its claims say besides, and which key of one name it is, opens nothing.
            expires_at: _,
            confirmation,
            api_key: _,
            claims: _,
        } = &self.facts;
        *issuer == now.issuer
            && *subject == now.subject
            && *subject_claim == now.subject_claim
            && *tenant == now.tenant
            && *client_id == now.client_id
            && *is_client == now.is_client
            && *actor == now.actor
            && *confirmation == now.confirmation
            && login
                .as_ref()
                .is_none_or(|login| now.held.login.as_ref().is_some_and(|now| login.is_kept_by(now)))
            && scopes.iter().all(|scope| now.held.scopes.contains(scope.as_str()))
            && roles.iter().all(|role| now.held.roles.contains(role))
    }

    /// By which kind of credential it is known.
    pub fn via(&self) -> &Via {
        &self.via
    }

    /// Who vouches for the subject (`iss`), exactly as configured.
    pub fn issuer(&self) -> &str {
        &self.facts.issuer
    }

    /// The issuer, to be kept without a copy.
    pub(crate) fn shared_issuer(&self) -> &Arc<str> {
        &self.facts.issuer
    }

    /// Whom the credential is for (`sub`): unique only within its issuer and [`subject_claim`](Self::subject_claim).
    pub fn subject(&self) -> &str {
        &self.facts.subject
    }

    /// The claim that names the subject, unless it is `sub`. Part of who it is: one may choose in one claim what another
    /// is called in the other.
    pub(crate) fn subject_claim(&self) -> Option<&Arc<str>> {
        self.facts.subject_claim.as_ref()
    }

    /// What [`Caller::id`](super::Caller::id) is.
    pub(crate) fn id(&self) -> String {
        // RFC 9068 §2.2: with client credentials there is no resource owner, and `sub` names the client.
        let kind: &[u8] = if self.is_client() { b"client" } else { b"user" };
        let mut parts = vec![self.issuer().as_bytes(), self.subject().as_bytes(), kind];
        parts.extend(self.subject_claim().map(|claim| claim.as_bytes()));
        opaque_key(&parts)
    }

    /// The tenant of the issuer that the caller is of, where the issuer serves several.
    pub fn tenant(&self) -> Option<&str> {
        self.facts.tenant.as_deref()
    }

    /// The OAuth client that acts for the subject, if the credential says.
    pub fn client_id(&self) -> Option<&str> {
        self.facts.client_id.as_deref()
    }

    /// Whether the subject is a program that acts for no person: with client credentials `sub` names the client.
    pub fn is_client(&self) -> bool {
        self.facts.is_client
    }

    /// Who acts for the subject, if the credential says.
    pub fn actor(&self) -> Option<&Actor> {
        self.facts.actor.as_ref()
    }

    /// What the caller may do.
    pub fn held(&self) -> &Held {
        &self.facts.held
    }

    /// The scopes that the caller holds, without what they imply.
    pub fn scopes(&self) -> &ScopeSet {
        &self.facts.held.scopes
    }

    /// The roles that the caller holds, with what they imply.
    pub fn roles(&self) -> &RoleSet {
        &self.facts.held.roles
    }

    /// When the credential expires, in Unix seconds; `None` where it has no end.
    pub fn expires_at(&self) -> Option<u64> {
        self.facts.expires_at
    }

    /// What a request must prove besides the credential.
    pub(in crate::authn) fn confirmation(&self) -> Option<&Confirmation> {
        self.facts.confirmation.as_ref()
    }

    /// The digest of the API key, if it is one.
    pub(crate) fn api_key(&self) -> Option<&ApiKeyDigest> {
        self.facts.api_key.as_ref()
    }

    /// About how many bytes its claims take.
    pub(in crate::authn) fn weight(&self) -> usize {
        self.facts.claims.weight()
    }

    /// Whether it is a person, and one who logs in at this issuer.
    pub fn is_person_at(&self, issuer: &str) -> bool {
        self.issuer() == issuer && !self.is_client() && !self.is_local()
    }

    /// Every claim of the credential, by name.
    pub fn claims(&self) -> &Map<String, Value> {
        self.facts.claims.get()
    }

    /// Whether this is the caller of a stdio server without a credential.
    pub fn is_local(&self) -> bool {
        self.via == Via::Local
    }
}

/// Names who, never the claims: they may hold what their issuer thinks private.
impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts")
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .field("client_id", &self.client_id)
            .field("scopes", &self.held.scopes.to_string())
            .field("roles", &self.held.roles.to_string())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(expires_at: Option<u64>) -> Facts {
        Facts {
            expires_at,
            claims: Map::from_iter([("email".to_owned(), Value::from("alice@home.example"))]).into(),
            ..Facts::of(Arc::from("https://as.example"), "alice")
        }
    }

    #[test]
    fn a_credential_without_an_end_does_not_make_its_holder_the_local_caller() {
        assert!(!Principal::new(Via::Jwt, facts(None)).is_local());
        assert!(!Principal::new(Via::Jwt, facts(Some(1))).is_local());
        assert!(Principal::new(Via::Local, facts(None)).is_local());
    }

    #[test]
    fn debug_of_a_principal_shows_no_claim() {
        let shown = format!("{:?}", Principal::new(Via::Jwt, facts(None)));
        assert!(shown.contains("alice") && !shown.contains("home.example"), "{shown}");
    }
}
