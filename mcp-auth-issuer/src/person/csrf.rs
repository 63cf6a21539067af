//! CSRF tokens: a form counts only if one of our own pages showed it to this browser, for this request. Each page has
//! its own, so that an answer can be counted once. Where a request has several pages, a token also says which of them it is of, and whom that
//! page named.
//!
//! The key is the store's, so that a page which one process showed may be answered in another.

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_core::ambient::Random;
use mcp_auth_store::{SecretHash, Store, StoreError};

use crate::mac::StoreMac;
use crate::secret::identifier;

/// What the store keeps the key for.
const PURPOSE: &str = "issuer-csrf";

/// Makes and verifies CSRF tokens: a random number, and a MAC over it, the session and the exact authorization request,
/// so a token is valid for one browser, client, scope and redirect URI only. Behind the number may be the mark of the [page](ConsentPage). No token
/// is stored, so pages opened from outside use no memory.
pub(crate) struct Csrf(StoreMac);

/// A page that asks for consent, and whom it names: what is answered on one is no answer to another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ConsentPage<'a> {
    /// The page before people log in at a provider: for the person of this subject, if somebody is known at the browser.
    BeforeLogin(Option<&'a str>),
    /// The page for the person of this subject, who is logged in.
    LoggedIn(&'a str),
}

impl ConsentPage<'_> {
    /// Whether `token`, which was [verified](Csrf::verify), is of this page.
    pub(crate) fn is_of(self, token: &str) -> bool {
        let marked = token.rsplit_once('.').and_then(|(number, _)| number.split_once('.'));
        marked.is_some_and(|(_, mark)| mark == self.mark())
    }

    /// A hash, as a subject may be any text.
    fn mark(self) -> String {
        let page = match self {
            Self::BeforeLogin(None) => "before the login".to_owned(),
            Self::BeforeLogin(Some(subject)) => format!("before the login of {subject}"),
            Self::LoggedIn(subject) => format!("logged in {subject}"),
        };
        BASE64_URL_SAFE_NO_PAD.encode(SecretHash::of(&page).as_bytes())
    }
}

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
        self.signed(session, &identifier(random), request).await
    }

    /// The same for a form on this page.
    ///
    /// # Errors
    /// As [`token`](Self::token).
    pub(crate) async fn token_on(
        &self,
        page: ConsentPage<'_>,
        (session, request): (&str, &str),
        random: &dyn Random,
    ) -> Result<String, StoreError> {
        let number = format!("{}.{}", identifier(random), page.mark());
        self.signed(session, &number, request).await
    }

    async fn signed(&self, session: &str, number: &str, request: &str) -> Result<String, StoreError> {
        let tag = hmac::sign(self.0.key().await?, &message(session, number, request));
        Ok(format!("{number}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag)))
    }

    /// Whether `token` is one for this session and request, on whichever page, in constant time.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot tell the key now, so no form counts.
    pub(crate) async fn verify(&self, session: &str, request: &str, token: &str) -> Result<bool, StoreError> {
        let Some((number, tag)) = token.rsplit_once('.') else {
            return Ok(false);
        };
        let is_spelled = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).is_ok();
        let Some(tag) = BASE64_URL_SAFE_NO_PAD.decode(tag).ok().filter(|_| number.split('.').all(is_spelled))
        else {
            return Ok(false);
        };
        Ok(hmac::verify(self.0.key().await?, &message(session, number, request), &tag).is_ok())
    }
}

/// The text to authenticate. A session identifier and the number, with its mark, are base64url and dots and have no line feed, so it can be read
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
    async fn a_token_is_of_one_page_and_of_the_person_whom_that_page_named() {
        let csrf = process_on(&Store::memory(Caps::default()));
        let pages = [
            ConsentPage::BeforeLogin(None),
            ConsentPage::BeforeLogin(Some("ann")),
            ConsentPage::BeforeLogin(Some("bob")),
            ConsentPage::LoggedIn("ann"),
            ConsentPage::LoggedIn("bob"),
        ];
        for (n, page) in pages.into_iter().enumerate() {
            let token = csrf.token_on(page, ("a", "scope=x"), &SystemRandom).await.unwrap();
            assert!(csrf.verify("a", "scope=x", &token).await.unwrap());
            assert!(!csrf.verify("b", "scope=x", &token).await.unwrap());
            for (m, other) in pages.into_iter().enumerate() {
                assert_eq!(other.is_of(&token), n == m, "{page:?} {other:?}");
                let moved = token.replace(&page.mark(), &other.mark());
                assert_eq!(csrf.verify("a", "scope=x", &moved).await.unwrap(), n == m, "{page:?} {other:?}");
            }
            let without = token.replace(&format!(".{}", page.mark()), "");
            assert!(!csrf.verify("a", "scope=x", &without).await.unwrap());
        }
        let plain = csrf.token("a", "scope=x", &SystemRandom).await.unwrap();
        assert!(!pages.iter().any(|page| page.is_of(&plain)));
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
