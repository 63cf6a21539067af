//! Whom an ID token names, and what it says of the login.

use aws_lc_rs::digest;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_core::seen::{deceives, plain};
use mcp_auth_store::Linked;
use serde_json::{Map, Value};

use super::options::{Admitted, UpstreamOptions};
use crate::observe::Event as _;
use crate::observe::login::PersonNotAdmitted;
use crate::person::User;
use crate::person::login::CLOCK_SKEW;

/// What our names of such people begin with; no other login gives it.
pub(in crate::person) const PREFIX: &str = "oidc_";
/// The most characters of a name that are kept.
const MOST_OF_NAME: usize = 200;
/// The most characters of `acr`, and of each of `amr`, of which 16 are kept.
const MOST_OF_WORD: usize = 255;
const MOST_METHODS: usize = 16;

/// Why an ID token lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotIn {
    #[error("its nonce is missing or of another login")]
    Nonce,
    #[error("its {0} is not what it should be")]
    Claim(&'static str),
    #[error("the person is not among those who are let in")]
    NotAdmitted,
}

/// Our stable name of the person who is `sub` at `issuer`: of both, so that two providers never share one, and of no email address,
/// which may come to belong to another person.
pub(super) fn subject(issuer: &str, sub: &str) -> String {
    // No issuer identifier holds a line feed.
    let hash = digest::digest(&digest::SHA256, format!("{issuer}\n{sub}").as_bytes());
    format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(hash))
}

impl UpstreamOptions {
    /// Our names of the people who are let in, where they are listed.
    pub(crate) fn listed(&self) -> Option<Vec<String>> {
        match &self.admitted {
            Admitted::Anyone => None,
            Admitted::Subjects(all) => {
                Some(all.iter().map(|sub| subject(self.issuer.as_str(), sub)).collect())
            }
        }
    }
}

impl Admitted {
    /// Whether the person of our name `subject` is let in still.
    pub(super) fn lets_in(&self, issuer: &str, subject: &str) -> bool {
        match self {
            Self::Anyone => subject.starts_with(PREFIX),
            Self::Subjects(all) => all.iter().any(|sub| self::subject(issuer, sub) == subject),
        }
    }
}

/// The person of these claims, whose signature, issuer, audience and times were verified.
///
/// # Errors
/// [`NotIn`].
pub(super) fn person(
    claims: &Map<String, Value>,
    (issuer, nonce): (&str, &str),
    admitted: &Admitted,
    now: u64,
) -> Result<User, NotIn> {
    if claims.get("nonce").and_then(Value::as_str) != Some(nonce) {
        return Err(NotIn::Nonce);
    }
    let sub = claims.get("sub").and_then(Value::as_str).ok_or(NotIn::Claim("sub"))?;
    let subject = subject(issuer, sub);
    if !admitted.lets_in(issuer, &subject) {
        // The operator finds here what to write into allow_subjects.
        PersonNotAdmitted { assertion_issuer: issuer, assertion_subject: sub }.happened();
        return Err(NotIn::NotAdmitted);
    }
    let name = ["name", "preferred_username"].iter().find_map(|claim| claims.get(*claim)?.as_str());
    Ok(User {
        name: name.map(|name| plain(name, MOST_OF_NAME)).filter(|name| !name.is_empty()),
        linked: Some(Linked { issuer: issuer.to_owned(), subject: sub.to_owned() }),
        acr: claims.get("acr").and_then(word),
        amr: methods(claims),
        auth_time: Some(auth_time(claims, now)?),
        ..User::new(subject)
    })
}

/// When they logged in. One who is not said when did long ago: a rule that asks how old the login is must not take it.
fn auth_time(claims: &Map<String, Value>, now: u64) -> Result<u64, NotIn> {
    match claims.get("auth_time") {
        None => Ok(0),
        Some(at) => {
            at.as_u64().filter(|at| *at <= now.saturating_add(CLOCK_SKEW)).ok_or(NotIn::Claim("auth_time"))
        }
    }
}

/// What a token of ours may repeat.
fn word(value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| !text.is_empty() && !deceives(text))?;
    (text.chars().count() <= MOST_OF_WORD).then(|| text.to_owned())
}

fn methods(claims: &Map<String, Value>) -> Vec<String> {
    let all = claims.get("amr").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(word).take(MOST_METHODS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_one_name_by_issuer_and_subject() {
        let names = [
            subject("https://a.example", "17"),
            subject("https://b.example", "17"),
            subject("https://a.example", "18"),
            subject("https://a.example/1", "7"),
        ];
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), 4);
        assert_eq!(names[0], subject("https://a.example", "17"));
        assert!(names.iter().all(|name| name.starts_with("oidc_") && name.len() == 48));
    }

    #[test]
    fn who_is_taken_out_of_the_list_is_let_in_no_more() {
        let issuer = "https://a.example";
        let listed = Admitted::Subjects(["17".to_owned()].into());
        assert!(listed.lets_in(issuer, &subject(issuer, "17")));
        assert!(!listed.lets_in(issuer, &subject(issuer, "18")));
        assert!(!listed.lets_in(issuer, "17"), "its name there is not its name here");
        assert!(Admitted::Anyone.lets_in(issuer, &subject(issuer, "18")));
        assert!(!Admitted::Anyone.lets_in(issuer, "developer"));
    }
}
