//! Credentials that are refused although they verify: what an operator denies on the day that a token leaks.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use super::cache::CredentialHash;
use super::principal::{Principal, Via};

/// What is denied. A credential is refused that one of the rules is about.
#[derive(Debug, Default)]
pub(crate) struct DenyList(Vec<DenyRule>);

/// Which credentials one rule is about: all that it says must hold. One that says nothing is about none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DenyRule {
    /// The issuer.
    pub(crate) issuer: Option<String>,
    /// The issuer that stands for `issuer` in principals, where that is another name.
    pub(crate) stands_for: Option<String>,
    /// The subject, as the issuer's settings say who it is, or the claim `sub`; or who acts for it.
    pub(crate) subject: Option<String>,
    /// The client, or that of who acts for the subject.
    pub(crate) client: Option<String>,
    /// The identifier of one token (`jti`, RFC 7519 §4.1.7).
    pub(crate) jti: Option<String>,
    /// Unix seconds. A token that was issued before is meant, and one that does not say when. API keys are not tokens.
    pub(crate) issued_before: Option<u64>,
    /// One credential, by the hash of its text; or, of a signed token, of the text before its last dot.
    pub(crate) credential: Option<CredentialHash>,
    /// An API key, by name.
    pub(crate) api_key: Option<String>,
}

impl DenyList {
    /// A list of these rules.
    pub(crate) fn new(rules: Vec<DenyRule>) -> Self {
        Self(rules)
    }

    /// How many rules there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether this credential is denied, whoever presents it and whatever it says: it is not even looked at.
    pub(super) fn refuses_unread(&self, marks: &Marks) -> bool {
        let alone = |rule: &DenyRule| DenyRule { credential: None, ..rule.clone() } == DenyRule::default();
        self.0
            .iter()
            .any(|rule| rule.credential.as_ref().is_some_and(|named| marks.have(named)) && alone(rule))
    }

    /// Whether a verified credential with these marks is denied.
    pub(super) fn refuses(&self, marks: &Marks, principal: &Principal) -> bool {
        self.0.iter().any(|rule| rule.is_about(marks, principal))
    }
}

/// What a credential is known by, whoever presents it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks {
    /// The hash of all of it.
    whole: CredentialHash,
    /// Of a signed token the hash of what is signed: one signature can be written in two ways (the high-s twin of ES256).
    signed: Option<CredentialHash>,
}

impl Marks {
    /// Those of `presented`, which has this hash.
    pub(super) fn of(presented: &str, whole: CredentialHash) -> Self {
        let signed = presented.rsplit_once('.').map(|(signed, _)| signed);
        let signed = signed.filter(|signed| signed.matches('.').count() == 1);
        Self { whole, signed: signed.map(CredentialHash::of) }
    }

    fn have(&self, hash: &CredentialHash) -> bool {
        self.whole == *hash || self.signed.as_ref() == Some(hash)
    }
}

impl DenyRule {
    fn is_about(&self, marks: &Marks, principal: &Principal) -> bool {
        let Self { issuer, stands_for, subject, client, jti, issued_before, credential, api_key } = self;
        let claim = |name: &str| principal.claims().get(name).and_then(|value| value.as_str());
        // Where several issuers share their subjects, one of them stands for all: both names are meant.
        // An answer about an opaque token may say none of them: then this one may be meant.
        let may_be =
            || stands_for.as_deref() == Some(principal.issuer()) && !principal.claims().contains_key("iss");
        let is_issuer = |named: &str| principal.issuer() == named || claim("iss") == Some(named) || may_be();
        let actors = || principal.actor().into_iter().flat_map(|actor| actor.chain());
        let is_subject = |named: &str| {
            principal.subject() == named
                || claim("sub") == Some(named)
                || actors().any(|actor| actor.subject.as_deref() == Some(named))
        };
        let is_client = |named: &str| {
            principal.client_id() == Some(named)
                || actors().any(|actor| actor.client_id.as_deref() == Some(named))
        };
        let is_key = *principal.via() == Via::ApiKey;
        let before = |moment: u64| !is_key && issued_at(principal).is_none_or(|iat| iat < moment);
        let holds = [
            issuer.as_deref().map(is_issuer),
            subject.as_deref().map(is_subject),
            client.as_deref().map(is_client),
            jti.as_deref().map(|named| claim("jti") == Some(named)),
            issued_before.map(before),
            credential.as_ref().map(|named| marks.have(named)),
            api_key.as_deref().map(|named| is_key && principal.subject() == named),
        ];
        let mut stated = holds.into_iter().flatten().peekable();
        stated.peek().is_some() && stated.all(|holds| holds)
    }
}

/// When the token was issued, in Unix seconds; a part of a second does not count.
#[expect(
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    reason = "a float to an integer saturates"
)]
fn issued_at(principal: &Principal) -> Option<u64> {
    let iat = principal.claims().get("iat")?;
    iat.as_u64().or_else(|| iat.as_f64().filter(|iat| *iat >= 0.0).map(|iat| iat as u64))
}

/// The list in force. It may change at any time; who asks gets the newest.
#[derive(Clone)]
pub(crate) struct Denied(watch::Receiver<Arc<DenyList>>);

impl Denied {
    /// A list that never changes.
    pub(crate) fn fixed(list: DenyList) -> Self {
        Self(watch::channel(Arc::new(list)).1)
    }

    /// The list that `source` sends.
    pub(crate) fn by(source: &watch::Sender<Arc<DenyList>>) -> Self {
        Self(source.subscribe())
    }

    /// The list in force.
    pub(super) fn list(&self) -> Arc<DenyList> {
        Arc::clone(&self.0.borrow())
    }

    /// Waits until the credential with these marks is denied.
    pub(super) async fn until(&self, marks: &Marks, principal: &Principal) {
        let mut changes = self.0.clone();
        loop {
            if changes.borrow_and_update().refuses(marks, principal) {
                return;
            }
            if changes.changed().await.is_err() {
                return std::future::pending().await; // it never changes any more
            }
        }
    }
}

/// Says how many rules there are, never whom they are about.
impl fmt::Debug for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Denied").field(&self.list().len()).finish()
    }
}

mod issued;
#[cfg(test)]
mod tests;

pub use issued::DeniedIssued;
