//! What an application answers: a short JWT, and where it sends the browser with it.

use std::fmt;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::Serialize;
use url::form_urlencoded::Serializer;

use super::key::SharedKey;
use super::verify::{LONGEST_LIFETIME, TYPE};
use crate::endpoint::RETURN;

/// Who logged in at the application, as it tells the issuer: a JWT with `typ` `mcp-auth-login+jwt`.
///
/// # Example
/// ```
/// use mcp_auth_issuer::SecretText;
/// use mcp_auth_issuer::own_login::{Answer, Request, SharedKey};
///
/// // What stands behind `?` at the application's page.
/// let query = "transaction=0123456789abcdefghijABCDEFGHIJ0123456789-_A&client_name=Editor";
/// let request = Request::read(query).unwrap();
/// // The user is logged in here; the application has its own way for that.
/// let answer = Answer {
///     issuer: "https://mcp.example.com",
///     application: "https://app.example.com",
///     transaction: &request.transaction,
///     subject: "user-17",
///     auth_time: 1_800_000_000,
///     name: Some("Ann"),
///     acr: None,
///     amr: &["pwd"],
/// };
/// let key = SharedKey::new(&SecretText::new("a secret of at least 32 bytes, from a random source")).unwrap();
/// let location = answer.location(&key, 1_800_000_005);
/// assert!(location.starts_with("https://mcp.example.com/authorize/login?transaction=0123456789abcdef"));
/// ```
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// Which issuer it is for (`aud`): its issuer identifier, from the application's configuration, never from a request.
    pub issuer: &'a str,
    /// Which application answers (`iss`): the origin of its page, unless `issuer.own_login.issuer` says another text.
    pub application: &'a str,
    /// Which login it answers (`txn`): the `transaction` of the request.
    pub transaction: &'a str,
    /// The user (`sub`): 1 to 255 characters; stable, and never given to another person.
    pub subject: &'a str,
    /// When they proved who they are (`auth_time`), in Unix seconds; not when this answer is made.
    pub auth_time: u64,
    /// What pages call them (`name`): at most 200 characters.
    pub name: Option<&'a str>,
    /// How strong the login was (`acr`): at most 255 characters.
    pub acr: Option<&'a str>,
    /// By which means they logged in (`amr`, RFC 8176): at most 16.
    pub amr: &'a [&'a str],
}

/// Without the secret name.
impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("issuer", &self.issuer)
            .field("application", &self.application)
            .field("subject", &self.subject)
            .field("auth_time", &self.auth_time)
            .field("name", &self.name)
            .field("acr", &self.acr)
            .field("amr", &self.amr)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    txn: &'a str,
    iat: u64,
    exp: u64,
    auth_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    amr: &'a [&'a str],
}

impl Answer<'_> {
    /// The answer as a JWT, signed with HS256, good for 60 seconds from `now`, in Unix seconds.
    pub fn sign(&self, key: &SharedKey, now: u64) -> String {
        let claims = Claims {
            iss: self.application,
            aud: self.issuer,
            sub: self.subject,
            txn: self.transaction,
            iat: now,
            exp: now.saturating_add(LONGEST_LIFETIME),
            auth_time: self.auth_time,
            name: self.name,
            acr: self.acr,
            amr: self.amr,
        };
        let header = format!(r#"{{"alg":"HS256","typ":"{TYPE}"}}"#);
        // Texts and numbers alone, which cannot fail; an empty one would be refused.
        let claims = serde_json::to_string(&claims).unwrap_or_default();
        let message =
            format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(claims));
        let tag = key.sign(message.as_bytes());
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    }

    /// Where the application sends the browser with the answer (`Location`, status 303).
    pub fn location(&self, key: &SharedKey, now: u64) -> String {
        back(self.issuer, &[("transaction", self.transaction), ("answer", &self.sign(key, now))])
    }
}

/// Where the application sends the browser when its user does not log in.
///
/// # Example
/// ```
/// use mcp_auth_issuer::own_login::cancelled;
/// let location = cancelled("https://mcp.example.com", "abc");
/// assert_eq!(location, "https://mcp.example.com/authorize/login?transaction=abc&error=access_denied");
/// ```
pub fn cancelled(issuer: &str, transaction: &str) -> String {
    back(issuer, &[("transaction", transaction), ("error", "access_denied")])
}

fn back(issuer: &str, query: &[(&str, &str)]) -> String {
    format!("{issuer}{RETURN}?{}", Serializer::new(String::new()).extend_pairs(query).finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c19_debug_of_an_answer_shows_no_transaction() {
        let answer = Answer {
            issuer: "https://mcp.example",
            application: "https://app.example",
            transaction: "t-secret",
            subject: "user-17",
            auth_time: 5,
            name: None,
            acr: None,
            amr: &[],
        };
        let shown = format!("{answer:?}");
        assert!(shown.contains("user-17") && !shown.contains("t-secret"), "{shown}");
    }
}
