//! The caller a session or a task is bound to.

use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::identity::Identity;

impl Identity {
    /// Who sessions and tasks belong to: issuer, subject and client, so that a fresh token of the same caller
    /// keeps them and every other caller is refused. `None` for anonymous callers.
    pub(crate) fn owner(&self) -> Option<Owner> {
        match self {
            Self::Known(principal) => Some(Owner {
                issuer: Arc::clone(principal.shared_issuer()),
                subject: principal.subject().to_owned(),
                client_id: principal.client_id().map(str::to_owned),
            }),
            Self::Anonymous => None,
        }
    }
}

/// The caller something is bound to. Equal for every token of one subject, issuer and client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    issuer: Arc<str>,
    subject: String,
    client_id: Option<String>,
}

impl Owner {
    /// The owner as one opaque string: the same in every process, 43 characters of base64url.
    pub(crate) fn key(&self) -> String {
        opaque_key(&[
            self.issuer.as_bytes(),
            self.subject.as_bytes(),
            if self.client_id.is_some() { b"client" } else { b"" },
            self.client_id.as_deref().unwrap_or_default().as_bytes(),
        ])
    }
}

/// SHA-256 over the parts, each preceded by its length, so that no two lists of parts share a key.
pub(super) fn opaque_key(parts: &[&[u8]]) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in parts {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finish())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::authn::principal_of;

    #[test]
    fn j34_an_owner_is_issuer_subject_and_client_whatever_the_token() {
        let owner = |issuer, subject, client| principal_of(issuer, subject, client, "read").owner().unwrap();
        let alice = owner("https://a", "alice", Some("app"));
        assert_eq!(alice, principal_of("https://a", "alice", Some("app"), "other scopes").owner().unwrap());
        for stranger in [
            owner("https://b", "alice", Some("app")),
            owner("https://a", "bob", Some("app")),
            owner("https://a", "alice", Some("other")),
            owner("https://a", "alice", None),
            owner("https://a", "alice", Some("")),
        ] {
            assert_ne!(alice, stranger);
            assert_ne!(alice.key(), stranger.key());
        }
        assert!(Identity::Anonymous.owner().is_none());
    }

    #[test]
    fn a_key_does_not_depend_on_where_one_part_ends_and_the_next_begins() {
        assert_ne!(opaque_key(&[b"ab", b"c"]), opaque_key(&[b"a", b"bc"]));
        assert_eq!(opaque_key(&[b"ab", b"c"]).len(), 43);
    }
}
