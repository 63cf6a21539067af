//! The login behind a credential: how a caller must have logged in, and, once everything else is there, how long ago. Only here a
//! decision depends on the time.

use std::fmt;

use mcp_auth_core::duration::duration_text;
use mcp_auth_core::{Acr, LoginTerms};

use super::policy::Policy;
use super::verdict::{Denied, Verdict};
use crate::authn::Held;
use crate::declared::registry::OperationId;

/// A message that policy allows as far as the login behind its credential is recent.
#[derive(Debug)]
pub struct Recent {
    /// What comes of it then.
    then: Box<Verdict>,
    /// When the person logged in, in Unix seconds.
    auth_time: u64,
    /// How they must have.
    terms: LoginTerms,
    /// What is said once it is older.
    otherwise: Denied,
}

/// What is wrong with the login behind a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginFault {
    /// It is too old.
    Old,
    /// The credential does not say when it was.
    NoTime,
    /// It was by something else.
    Other,
    /// The credential does not say by what it was.
    NoAcr,
    /// There was none: no person logs in for such a credential.
    NoPerson,
}

impl Policy {
    /// `verdict` on a message that names `ids`, if the login of the caller who holds `held` is recent. Where one is needed and nothing
    /// says when it was, it is denied, whatever was found before.
    pub(super) fn while_recent(
        &self,
        verdict: Verdict,
        ids: impl IntoIterator<Item = OperationId>,
        held: Option<&Held>,
    ) -> Verdict {
        let needs = ids.into_iter().filter_map(|id| self.need_at(id));
        let terms: Vec<LoginTerms> =
            needs.map(|need| need.login().clone()).filter(|terms| terms.max_age().is_some()).collect();
        let Some(terms) = strictest(&terms) else { return verdict };
        let Some((held, login)) = held.and_then(|held| Some((held, held.login.as_ref()?))) else {
            return Verdict::Denied(Denied::NoPerson { terms });
        };
        let Some(auth_time) = login.auth_time else {
            return Verdict::Denied(self.needs_login(terms, LoginFault::NoTime, held));
        };
        let otherwise = self.needs_login(terms.clone(), LoginFault::Old, held);
        Verdict::Recent(Recent { then: Box::new(verdict), auth_time, terms, otherwise })
    }

    /// What a caller is told whose login is not of the kind that one of `ids` needs.
    pub(super) fn lacks_login(&self, ids: &[OperationId], held: &Held) -> Denied {
        let needs = ids.iter().filter_map(|id| self.need_behind(*id));
        let terms: Vec<LoginTerms> =
            needs.filter(|need| need.lacks_login(held)).map(|need| need.login().clone()).collect();
        let Some(terms) = strictest(&terms) else {
            return self.needs_login(LoginTerms::NONE, LoginFault::NoPerson, held);
        };
        let Some(login) = &held.login else { return Denied::NoPerson { terms } };
        let fault = match terms.is_by(login.acr.iter().map(String::as_str)) {
            false if login.acr.is_empty() => LoginFault::NoAcr,
            false => LoginFault::Other,
            true => LoginFault::NoTime,
        };
        self.needs_login(terms, fault, held)
    }

    fn needs_login(&self, terms: LoginTerms, fault: LoginFault, held: &Held) -> Denied {
        Denied::InsufficientLogin { terms, fault, scopes: self.kept_by_login(held) }
    }
}

impl Recent {
    /// What comes of it `now`, in Unix seconds; `None` where the time is not known.
    pub(crate) fn at(self, now: Option<u64>) -> Verdict {
        match now.is_some_and(|now| self.terms.is_recent(self.auth_time, now)) {
            true => *self.then,
            false => Verdict::Denied(self.otherwise),
        }
    }
}

/// The shortest of the ages, by what the first of them that says so is. Nothing says that two lists have a way in common: the other
/// one is said next.
fn strictest(terms: &[LoginTerms]) -> Option<LoginTerms> {
    let first = terms.iter().find(|terms| !terms.acr_values().is_empty()).or(terms.first())?;
    Some(terms.iter().filter_map(LoginTerms::max_age).fold(first.clone(), LoginTerms::within))
}

/// What is needed, and what is wrong with what there is, in one sentence.
pub(crate) fn login_needed(terms: &LoginTerms, fault: LoginFault) -> impl fmt::Display + use<> {
    let mut text = "this needs a login".to_owned();
    if let Some(max_age) = terms.max_age() {
        text += &format!(" that is not older than {}", duration_text(max_age));
    }
    if !terms.acr_values().is_empty() {
        let ways: Vec<&str> = terms.acr_values().iter().map(Acr::as_str).collect();
        text += &format!(" by {}", ways.join(" or "));
    }
    text += match fault {
        LoginFault::Old | LoginFault::Other => "",
        LoginFault::NoTime => ", and the token does not say when its person logged in",
        LoginFault::NoAcr => ", and the token does not say by what its person logged in",
        LoginFault::NoPerson => ", and no person logs in for such a credential",
    };
    text
}
