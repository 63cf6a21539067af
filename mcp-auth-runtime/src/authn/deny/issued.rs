//! What an operator denies, as the built-in issuer asks it: the same list as before every call, so that what is denied is not renewed either.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{CredentialHash, Denied, DenyList, Marks};
use crate::authn::actor::Actor;
use crate::authn::principal::{Facts, Principal, Via};

/// What the operator denies (`[[auth.deny]]`) of what one issuer gives out. It follows the configuration while the server runs.
#[derive(Clone)]
pub struct DeniedIssued {
    denied: Denied,
    issuer: Arc<str>,
}

impl DeniedIssued {
    /// What is denied of what `issuer` gives out.
    pub(crate) fn of(issuer: &str, denied: Denied) -> Self {
        Self { denied, issuer: Arc::from(issuer) }
    }

    /// Nothing, for those who only look.
    pub fn nothing() -> Self {
        Self::of("", Denied::fixed(DenyList::default()))
    }

    /// Whether nothing at all is denied now.
    pub fn is_empty(&self) -> bool {
        self.denied.list().len() == 0
    }

    /// Whether a credential of this text is denied now, of which the issuer knows these claims: those of an access token, or what they
    /// would be (`sub`, `client_id`, and as `iat` the moment from which on it counts). It is refused too if nobody can say who acts in it.
    pub fn refuses(&self, presented: &str, claims: Map<String, Value>) -> bool {
        let list = self.denied.list();
        if list.len() == 0 {
            return false;
        }
        let marks = Marks::of(presented, CredentialHash::of(presented));
        let Ok(actor) = Actor::of(&claims) else { return true };
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let (client_id, subject) = (text("client_id"), text("sub").unwrap_or_default());
        let facts =
            Facts { client_id, actor, claims: claims.into(), ..Facts::of(Arc::clone(&self.issuer), subject) };
        list.refuses(&marks, &Principal::new(Via::Jwt, facts))
    }
}

/// As the list itself shows: never whom it is about.
impl fmt::Debug for DeniedIssued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeniedIssued").field("issuer", &self.issuer).field("denied", &self.denied).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::sync::watch;

    use super::super::DenyRule;
    use super::*;

    const ISSUER: &str = "https://as.example";

    fn rule(change: impl FnOnce(&mut DenyRule)) -> DenyList {
        let mut rule = DenyRule { issuer: Some(ISSUER.to_owned()), ..DenyRule::default() };
        change(&mut rule);
        DenyList::new(vec![rule])
    }

    fn refuses(list: DenyList, claims: &Value) -> bool {
        let denied = DeniedIssued::of(ISSUER, Denied::fixed(list));
        denied.refuses("a.secret", claims.as_object().unwrap().clone())
    }

    #[test]
    fn what_the_issuer_gives_out_is_denied_by_the_rules_that_a_call_is() {
        let claims = json!({ "sub": "ann", "client_id": "app", "iat": 100, "act": { "sub": "agent" } });
        for about in [
            rule(|_| {}),
            rule(|rule| rule.subject = Some("ann".into())),
            rule(|rule| rule.subject = Some("agent".into())),
            rule(|rule| rule.client = Some("app".into())),
            rule(|rule| rule.issued_before = Some(101)),
            rule(|rule| rule.credential = Some(CredentialHash::of("a.secret"))),
        ] {
            assert!(refuses(about, &claims));
        }
        for other in [
            DenyList::default(),
            rule(|rule| rule.issuer = Some("https://other.example".into())),
            rule(|rule| rule.subject = Some("app".into())),
            rule(|rule| rule.client = Some("ann".into())),
            rule(|rule| rule.jti = Some("j".into())),
            rule(|rule| rule.issued_before = Some(100)),
            rule(|rule| rule.credential = Some(CredentialHash::of("a.other"))),
            rule(|rule| rule.api_key = Some("ann".into())),
        ] {
            assert!(!refuses(other, &claims));
        }
    }

    #[test]
    fn the_list_is_the_newest_one_and_an_empty_one_refuses_nothing() {
        let source = watch::Sender::new(Arc::new(DenyList::default()));
        let denied = DeniedIssued::of(ISSUER, Denied::by(&source));
        let claims = || json!({ "sub": "ann" }).as_object().unwrap().clone();
        assert!(denied.is_empty() && !denied.refuses("x", claims()));
        source.send_replace(Arc::new(rule(|rule| rule.subject = Some("ann".into()))));
        assert!(!denied.is_empty() && denied.refuses("x", claims()));
        source.send_replace(Arc::new(DenyList::default()));
        assert!(!denied.refuses("x", claims()));
        assert!(DeniedIssued::nothing().is_empty());
    }
}
