//! CSRF tokens: a form counts only if one of our own pages showed it to this browser, for this request. Each page has
//! its own, so that an answer can be counted once.
//!
//! The key is the store's, so that a page which one process showed may be answered in another.

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_core::ambient::Random;
use mcp_auth_store::{Store, StoreError};

use crate::mac::StoreMac;
use crate::secret::identifier;

/// What the store keeps the key for.
const PURPOSE: &str = "issuer-csrf";

/// Makes and verifies CSRF tokens: a random number, and a MAC over it, the session and the exact authorization request,
/// so a token is valid for one browser, client, scope and redirect URI only. No token is stored, so pages opened from outside use no
/// memory.
pub(crate) struct Csrf(StoreMac);

impl Csrf {
    /// With the key that `store` keeps, or a new one of `random` that it keeps then.
    pub(crate) fn new(store: Store, random: &dyn Random) -> Self {
        Self(StoreMac::new(store, PURPOSE, random))
    }

    /// A new token for a form shown to `session` about `request`, the canonical query.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot tell the key now, so no form is shown.
    pub(crate) async fn token(
        &self,
        session: &str,
        request: &str,
        random: &dyn Random,
    ) -> Result<String, StoreError> {
        let number = identifier(random);
        let tag = hmac::sign(self.0.key().await?, &message(session, &number, request));
        Ok(format!("{number}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag)))
    }

    /// Whether `token` is the one for this session and request, in constant time.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot tell the key now, so no form counts.
    pub(crate) async fn verify(&self, session: &str, request: &str, token: &str) -> Result<bool, StoreError> {
        let Some((number, tag)) = token.split_once('.') else {
            return Ok(false);
        };
        let (Ok(_), Ok(tag)) = (BASE64_URL_SAFE_NO_PAD.decode(number), BASE64_URL_SAFE_NO_PAD.decode(tag))
        else {
            return Ok(false);
        };
        Ok(hmac::verify(self.0.key().await?, &message(session, number, request), &tag).is_ok())
    }
}

/// The text to authenticate. A session identifier and the number are base64url and have no line feed, so it can be read
/// in one way only.
fn message(session: &str, number: &str, request: &str) -> Vec<u8> {
    [session, number, request].join("\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ambient::SystemRandom;
    use mcp_auth_store::{Caps, Outage};

    use super::*;

    fn process_on(store: &Store) -> Csrf {
        Csrf::new(store.clone(), &SystemRandom)
    }

    #[tokio::test]
    async fn csrf_token_fits_one_session_one_request_and_one_store() {
        let store = Store::memory(Caps::default());
        let csrf = process_on(&store);
        let token = csrf.token("a", "scope=x", &SystemRandom).await.unwrap();
        for process in [&csrf, &process_on(&store)] {
            assert!(process.verify("a", "scope=x", &token).await.unwrap());
            assert!(!process.verify("b", "scope=x", &token).await.unwrap());
            assert!(!process.verify("a", "scope=y", &token).await.unwrap());
            assert!(!process.verify("a", "scope=x", "").await.unwrap());
            assert!(!process.verify("a", "scope=x", &token[1..]).await.unwrap());
            assert!(!process.verify("a", "scope=x", &token.replace('.', "")).await.unwrap());
        }
        let elsewhere = process_on(&Store::memory(Caps::default()));
        assert!(!elsewhere.verify("a", "scope=x", &token).await.unwrap());
    }

    #[tokio::test]
    async fn each_page_has_a_token_of_its_own_whose_number_is_bound_too() {
        let csrf = process_on(&Store::memory(Caps::default()));
        let (one, two) = (
            csrf.token("a", "scope=x", &SystemRandom).await.unwrap(),
            csrf.token("a", "scope=x", &SystemRandom).await.unwrap(),
        );
        assert_ne!(one, two);
        let mixed = format!("{}.{}", one.split_once('.').unwrap().0, two.split_once('.').unwrap().1);
        assert!(!csrf.verify("a", "scope=x", &mixed).await.unwrap());
    }

    #[tokio::test]
    async fn no_form_is_shown_and_none_counts_while_the_store_cannot_tell_the_key() {
        let outage = Outage::new();
        let token = process_on(&outage.store()).token("a", "scope=x", &SystemRandom).await.unwrap();
        let csrf = process_on(&outage.store());
        outage.begin();
        assert!(csrf.token("a", "scope=x", &SystemRandom).await.is_err());
        assert!(csrf.verify("a", "scope=x", &token).await.is_err());
        outage.end();
        assert!(csrf.verify("a", "scope=x", &token).await.unwrap());
    }
}
