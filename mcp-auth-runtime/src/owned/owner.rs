//! The caller that something is bound to.

use std::sync::Arc;

use mcp_auth_store::person_key;

use crate::authn::{Identity, opaque_key};

/// The caller that something is bound to: issuer, subject and client, so that a fresh token of the same caller keeps
/// it and every other caller is refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    issuer: Arc<str>,
    subject: String,
    subject_claim: Option<Arc<str>>,
    client_id: Option<String>,
}

/// Who has one share of what there is: a subject of an issuer, with whatever clients and tokens; a client that has no subject.
/// What is bound to a caller is bound to its [`Owner`], which is narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Person<'a> {
    Subject(&'a str, &'a str),
    Client(&'a str, &'a str),
}

impl<'a> Person<'a> {
    pub(super) fn of(issuer: &'a str, subject: &'a str, client_id: Option<&'a str>) -> Self {
        match (subject, client_id) {
            ("", client) => Self::Client(issuer, client.unwrap_or_default()),
            (subject, _) => Self::Subject(issuer, subject),
        }
    }
}

impl Owner {
    /// The owner that `identity` is; `None` for anonymous callers, who cannot be told apart.
    pub(crate) fn of(identity: &Identity) -> Option<Self> {
        let principal = identity.principal()?;
        Some(Self {
            issuer: Arc::clone(principal.shared_issuer()),
            subject: principal.subject().to_owned(),
            subject_claim: principal.subject_claim().cloned(),
            client_id: principal.client_id().map(str::to_owned),
        })
    }

    /// Whose share it counts to; see [`Person`].
    pub(super) fn subject(&self) -> Person<'_> {
        Person::of(&self.issuer, &self.subject, self.client_id.as_deref())
    }

    /// The person, whichever client they use, as the store calls them. `None` for a client that has no subject, and for a person whom another
    /// claim than `sub` names: the built-in issuer names nobody so.
    pub(crate) fn person(&self) -> Option<String> {
        let is_named = !self.subject.is_empty() && self.subject_claim.is_none();
        is_named.then(|| person_key(&self.issuer, &self.subject))
    }

    /// The owner as one opaque string: the same in every process.
    pub(crate) fn key(&self) -> String {
        let mut parts = vec![
            self.issuer.as_bytes(),
            self.subject.as_bytes(),
            if self.client_id.is_some() { b"client" } else { b"" },
            self.client_id.as_deref().unwrap_or_default().as_bytes(),
        ];
        parts.extend(self.subject_claim.as_ref().map(|claim| claim.as_bytes()));
        opaque_key(&parts)
    }

    /// `owner` and what it is bound to, as one opaque string: the same in every process, and another one for every
    /// other owner or part.
    pub(crate) fn seal(owner: Option<&Self>, parts: &[&str]) -> String {
        let owner = owner.map(Self::key).unwrap_or_default();
        let parts = parts.iter().map(|part| part.as_bytes());
        opaque_key(&std::iter::once(owner.as_bytes()).chain(parts).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authn::{principal_by, principal_of};

    fn owner(issuer: &str, subject: &str, client: Option<&str>, scopes: &str) -> Owner {
        Owner::of(&principal_of(issuer, subject, client, scopes)).unwrap()
    }

    #[test]
    fn t64_an_owner_by_one_claim_is_not_the_one_that_another_claim_calls_alike() {
        let by = |claim: Option<&str>| Owner::of(&principal_by(claim, "alice")).unwrap();
        let all = [by(None), by(Some("email")), by(Some("uid"))];
        for (index, one) in all.iter().enumerate() {
            for (other_index, other) in all.iter().enumerate() {
                assert_eq!(one == other, index == other_index);
                assert_eq!(one.key() == other.key(), index == other_index);
            }
        }
    }

    #[test]
    fn j34_an_owner_is_issuer_subject_and_client_for_every_token() {
        let alice = owner("https://a", "alice", Some("app"), "read");
        assert_eq!(alice, owner("https://a", "alice", Some("app"), "other scopes"));
        for stranger in [
            owner("https://b", "alice", Some("app"), "read"),
            owner("https://a", "bob", Some("app"), "read"),
            owner("https://a", "alice", Some("other"), "read"),
            owner("https://a", "alice", None, "read"),
            owner("https://a", "alice", Some(""), "read"),
        ] {
            assert_ne!(alice, stranger);
            assert_ne!(alice.key(), stranger.key());
            assert_ne!(Owner::seal(Some(&alice), &["x"]), Owner::seal(Some(&stranger), &["x"]));
        }
        assert!(Owner::of(&Identity::Anonymous).is_none());
    }

    #[test]
    fn one_share_is_for_a_subject_with_whatever_clients_and_for_each_client_without_a_subject() {
        let alice = owner("https://a", "alice", Some("app"), "read");
        assert_eq!(alice.subject(), owner("https://a", "alice", Some("other"), "").subject());
        assert_ne!(alice.subject(), owner("https://b", "alice", Some("app"), "").subject());
        let robot = owner("https://a", "", Some("robot"), "");
        assert_eq!(robot.subject(), owner("https://a", "", Some("robot"), "read").subject());
        assert_ne!(robot.subject(), owner("https://a", "", Some("another"), "").subject());
        assert_ne!(robot.subject(), owner("https://a", "robot", None, "").subject());
    }

    #[test]
    fn a_person_is_the_same_with_each_client_and_another_one_at_each_issuer() {
        let alice = owner("https://a", "alice", Some("app"), "read").person();
        assert!(alice.is_some());
        assert_eq!(alice, owner("https://a", "alice", Some("other"), "").person());
        assert_ne!(alice, owner("https://b", "alice", Some("app"), "read").person());
        assert_ne!(alice, owner("https://a", "bob", Some("app"), "read").person());
        assert_eq!(owner("https://a", "", Some("robot"), "").person(), None);
        assert_eq!(Owner::of(&principal_by(Some("email"), "alice")).unwrap().person(), None);
    }

    #[test]
    fn a_seal_is_for_one_owner_and_its_parts() {
        let alice = owner("https://a", "alice", Some("app"), "read");
        let sealed = Owner::seal(Some(&alice), &["tool", "close", "{}"]);
        assert_eq!(sealed, Owner::seal(Some(&alice), &["tool", "close", "{}"]));
        assert_ne!(sealed, Owner::seal(None, &["tool", "close", "{}"]));
        for other in [&["tool", "open", "{}"][..], &["tool", "close{}", ""], &["tool", "close"]] {
            assert_ne!(sealed, Owner::seal(Some(&alice), other), "{other:?}");
        }
        assert_ne!(
            Owner::seal(None, &[&alice.key()]),
            Owner::seal(Some(&alice), &[]),
            "what is sealed for no owner is not sealed for alice"
        );
    }
}
