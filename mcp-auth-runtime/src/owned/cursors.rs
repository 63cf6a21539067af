//! How far a client has read a list: a cursor holds the name of the last entry that was shown, so that a list that changes meanwhile
//! repeats nothing and leaves nothing out. It is sealed to the caller and the list, for an hour. What is wrong with one is not said.

use std::time::Duration;

use mcp_auth_core::ambient::Ambient;
use mcp_auth_store::Store;
use rmcp::ErrorData;

use super::owner::Owner;
use super::seals::Seals;
use crate::authn::Identity;

/// How long a client may take from one page to the next.
const PAGE: Duration = Duration::from_secs(3600);

/// What the store keeps the key for.
const PURPOSE: &str = "list-cursor";

/// Seals and opens the cursors of lists.
pub(crate) struct Cursors {
    seals: Seals,
    life: Duration,
}

impl Cursors {
    /// With the key that `store` keeps, or a new one that it keeps then.
    pub(crate) fn new(store: Store, ambient: &Ambient) -> Self {
        Self { seals: Seals::new(store, ambient, PURPOSE), life: PAGE }
    }

    /// The cursor of `who`, whom `last` was shown of the list that `method` answers.
    ///
    /// # Errors
    /// An internal error where the store cannot say the key.
    pub(crate) async fn after(&self, last: &str, method: &str, who: &Identity) -> Result<String, ErrorData> {
        self.seals.seal(last, &bound_to(method, who), self.life).await
    }

    /// The name of the last entry that was shown to who brings `cursor`.
    ///
    /// # Errors
    /// [`invalid_cursor`]; an internal error where the store cannot say the key.
    pub(crate) async fn open(&self, cursor: &str, method: &str, who: &Identity) -> Result<String, ErrorData> {
        self.seals.open(cursor, &bound_to(method, who)).await?.ok_or_else(invalid_cursor)
    }
}

/// The one error of a cursor that is forged, another caller's, of another list, or too old: -32602.
pub(crate) fn invalid_cursor() -> ErrorData {
    ErrorData::invalid_params("invalid cursor: begin the list again, without one", None)
}

fn bound_to(method: &str, who: &Identity) -> String {
    Owner::seal(Owner::of(who).as_ref(), &[method])
}

#[cfg(test)]
mod tests {
    use mcp_auth_store::Caps;

    use super::*;
    use crate::authn::principal_of;

    fn cursors() -> Cursors {
        Cursors::new(Store::memory(Caps::default()), &Ambient::system())
    }

    fn of(issuer: &str, subject: &str, client: Option<&str>, scopes: &str) -> Identity {
        principal_of(issuer, subject, client, scopes)
    }

    fn alice() -> Identity {
        of("https://a", "alice", Some("app"), "read")
    }

    const TOOLS: &str = "tools/list";

    #[tokio::test]
    async fn a_cursor_is_opened_for_its_caller_with_whatever_token() {
        let cursors = cursors();
        let cursor = cursors.after("read_note", TOOLS, &alice()).await.unwrap();
        for who in [alice(), of("https://a", "alice", Some("app"), "another token")] {
            assert_eq!(cursors.open(&cursor, TOOLS, &who).await.unwrap(), "read_note");
        }
        let anonymous = cursors.after("ping", TOOLS, &Identity::Anonymous).await.unwrap();
        assert_eq!(cursors.open(&anonymous, TOOLS, &Identity::Anonymous).await.unwrap(), "ping");
    }

    #[tokio::test]
    async fn j27_a_foreign_forged_or_old_cursor_is_one_error_that_says_nothing_of_whose_it_is() {
        let cursors = cursors();
        let cursor = cursors.after("read_note", TOOLS, &alice()).await.unwrap();
        let mut changed = cursor.clone().into_bytes();
        *changed.last_mut().unwrap() ^= 1;
        let changed = String::from_utf8(changed).unwrap();
        let other_key = self::cursors().after("read_note", TOOLS, &alice()).await.unwrap();
        let old = Cursors { life: Duration::ZERO, ..self::cursors() };
        let expired = old.after("read_note", TOOLS, &alice()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        let mut refused = vec![old.open(&expired, TOOLS, &alice()).await.unwrap_err()];
        for (cursor, method, who) in [
            (&*cursor, TOOLS, of("https://b", "alice", Some("app"), "read")),
            (&cursor, TOOLS, of("https://a", "bob", Some("app"), "read")),
            (&cursor, TOOLS, of("https://a", "alice", Some("other"), "read")),
            (&cursor, TOOLS, of("https://a", "alice", None, "read")),
            (&cursor, TOOLS, Identity::Anonymous),
            (&cursor, "prompts/list", alice()),
            (&changed, TOOLS, alice()),
            (&other_key, TOOLS, alice()),
            ("read_note", TOOLS, alice()),
            ("", TOOLS, alice()),
        ] {
            refused.push(cursors.open(cursor, method, &who).await.unwrap_err());
        }
        assert!(refused.iter().all(|error| *error == invalid_cursor()), "{refused:?}");
        assert!(!invalid_cursor().message.contains("alice"));
    }

    #[tokio::test]
    async fn a_cursor_is_never_taken_as_a_request_state_nor_read_from_another_purpose() {
        let store = Store::memory(Caps::default());
        let cursors = Cursors::new(store.clone(), &Ambient::system());
        let others = Seals::new(store, &Ambient::system(), "request-state");
        let cursor = cursors.after("x", TOOLS, &alice()).await.unwrap();
        assert_eq!(others.open(&cursor, &bound_to(TOOLS, &alice())).await.unwrap(), None);
        let state = others.seal("x", &bound_to(TOOLS, &alice()), PAGE).await.unwrap();
        assert_eq!(cursors.open(&state, TOOLS, &alice()).await.unwrap_err(), invalid_cursor());
    }
}
