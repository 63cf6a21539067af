//! What the issuer of a token knew to be revoked when it issued it, so that the token is not taken for one from before.

use serde::{Deserialize, Serialize};

/// The times of the newest revocations of whom a token is for that its issuer knew of, in Unix seconds, by what was revoked; all are absent where
/// it knew of none. Each is about one [name](crate::Revoked) alone: who knows that a person was revoked need not know it of their client.
///
/// # Example
/// ```
/// let known: mcp_auth_store::KnownRevocations = serde_json::from_str(r#"{"person":1800000000}"#).unwrap();
/// assert_eq!((known.person, known.client), (Some(1_800_000_000), None));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownRevocations {
    /// Of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<u64>,
    /// Of all people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<u64>,
    /// Of the client that it was issued to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<u64>,
    /// Of that client for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_of_person: Option<u64>,
    /// Of the client that the person allowed it, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_to: Option<u64>,
    /// Of that other client for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_to_of_person: Option<u64>,
}

/// How many names a token has by which revocations are about a time.
pub(crate) const HOLDERS: usize = 6;

impl KnownRevocations {
    /// Whether it knew of none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The times, in the order of the fields.
    pub(crate) fn times(self) -> [Option<u64>; HOLDERS] {
        let Self { person, people, client, client_of_person, granted_to, granted_to_of_person } = self;
        [person, people, client, client_of_person, granted_to, granted_to_of_person]
    }

    /// These times.
    pub(crate) fn of(times: [Option<u64>; HOLDERS]) -> Self {
        let [person, people, client, client_of_person, granted_to, granted_to_of_person] = times;
        Self { person, people, client, client_of_person, granted_to, granted_to_of_person }
    }
}
