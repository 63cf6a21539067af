//! Challenges (§13.4.3): an answer counts for the page that it was made on, once, and for a while.
//!
//! The login page is shown to everybody who opens a link, so nothing is kept of its challenges until one was answered: each says when it was
//! made, and a MAC binds it to the browser and the request. Challenges of later pages are kept with what else those pages leave behind.

use std::fmt;

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_core::ambient::Random;
use mcp_auth_core::bounds::MINUTE;
use mcp_auth_store::{SecretHash, Store, StoreError};

use crate::mac::StoreMac;
use crate::person::login::CLOCK_SKEW;
use crate::secret::secret;

/// What the store keeps the key for.
const PURPOSE: &str = "issuer-passkeys";
/// How long a challenge of the login page is good, in seconds: as long as that page may be open.
const LIFETIME: u64 = 30 * MINUTE;
/// The bytes of the time.
const TIME: usize = 8;
/// Those of the time and of a random number after it.
const PLAIN: usize = TIME + 16;

/// A challenge that is kept elsewhere.
pub(in crate::person) fn new_challenge(random: &dyn Random) -> String {
    secret(random)
}

/// The challenges of the login page.
pub(in crate::person) struct Challenges {
    store: Store,
    mac: StoreMac,
}

/// Without the key.
impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenges")
    }
}

impl Challenges {
    /// With the key that `store` keeps, or a new one of `random` that it keeps then.
    pub(in crate::person) fn new(store: Store, random: &dyn Random) -> Self {
        Self { mac: StoreMac::new(store.clone(), PURPOSE, random), store }
    }

    /// A new challenge for the page that is `bound_to` a browser and a request.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot tell the key now.
    pub(in crate::person) async fn issue(
        &self,
        bound_to: SecretHash,
        now: u64,
        random: &dyn Random,
    ) -> Result<String, StoreError> {
        let mut challenge = [0; PLAIN];
        random.fill(&mut challenge);
        challenge[..TIME].copy_from_slice(&now.to_be_bytes());
        let tag = hmac::sign(self.mac.key().await?, &message(bound_to, &challenge));
        Ok(BASE64_URL_SAFE_NO_PAD.encode([&challenge, tag.as_ref()].concat()))
    }

    /// Whether this is a challenge for that page, which is not too old.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot tell the key now.
    pub(in crate::person) async fn is_for(
        &self,
        bound_to: SecretHash,
        challenge: &str,
        now: u64,
    ) -> Result<bool, StoreError> {
        let Some((plain, tag, made_at)) = read(challenge) else { return Ok(false) };
        let is_ours = hmac::verify(self.mac.key().await?, &message(bound_to, &plain), &tag).is_ok();
        // Another process, whose clock may be ahead, may have shown the page.
        let is_now = made_at <= now.saturating_add(CLOCK_SKEW) && now.saturating_sub(made_at) < LIFETIME;
        Ok(is_ours && is_now)
    }

    /// Uses it up: `true` the first time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(in crate::person) async fn use_up(&self, challenge: &str, now: u64) -> Result<bool, StoreError> {
        let Some((.., made_at)) = read(challenge) else { return Ok(false) };
        let hash = SecretHash::of(&format!("passkey challenge {challenge}"));
        self.store.spent().spend(hash, made_at.saturating_add(LIFETIME), now).await
    }
}

/// What is authenticated, its tag, and when it was made.
fn read(challenge: &str) -> Option<(Vec<u8>, Vec<u8>, u64)> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(challenge).ok()?;
    let (plain, tag) = bytes.split_at_checked(PLAIN)?;
    let made_at = plain.first_chunk::<TIME>()?;
    Some((plain.to_vec(), tag.to_vec(), u64::from_be_bytes(*made_at)))
}

/// Both parts have one length, so it can be read in one way only.
fn message(bound_to: SecretHash, plain: &[u8]) -> Vec<u8> {
    [bound_to.as_bytes(), plain].concat()
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ambient::SystemRandom;
    use mcp_auth_store::{Caps, Outage};

    use super::*;

    fn page(name: &str) -> SecretHash {
        SecretHash::of(name)
    }

    #[tokio::test]
    async fn a_challenge_is_good_for_its_page_for_half_an_hour() {
        let store = Store::memory(Caps::default());
        let challenges = Challenges::new(store.clone(), &SystemRandom);
        let other_process = Challenges::new(store, &SystemRandom);
        let elsewhere = Challenges::new(Store::memory(Caps::default()), &SystemRandom);
        let challenge = challenges.issue(page("a"), 1000, &SystemRandom).await.unwrap();
        assert_ne!(challenge, challenges.issue(page("a"), 1000, &SystemRandom).await.unwrap());
        for now in [1000 - CLOCK_SKEW, 1000, 1000 + LIFETIME - 1] {
            assert!(challenges.is_for(page("a"), &challenge, now).await.unwrap());
            assert!(other_process.is_for(page("a"), &challenge, now).await.unwrap());
            assert!(!challenges.is_for(page("b"), &challenge, now).await.unwrap());
            assert!(!elsewhere.is_for(page("a"), &challenge, now).await.unwrap());
        }
        for now in [0, 999 - CLOCK_SKEW, 1000 + LIFETIME, u64::MAX] {
            assert!(!challenges.is_for(page("a"), &challenge, now).await.unwrap(), "{now}");
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&challenge).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = BASE64_URL_SAFE_NO_PAD.encode(changed);
            assert!(!challenges.is_for(page("a"), &changed, 1001).await.unwrap(), "{at}");
        }
        for bad in ["", "AA", &challenge[4..], &challenge[..32], &format!("{challenge}AAAA")] {
            assert!(!challenges.is_for(page("a"), bad, 1001).await.unwrap(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_challenge_is_used_up_once_in_whatever_process() {
        let store = Store::memory(Caps::default());
        let challenges = Challenges::new(store.clone(), &SystemRandom);
        let challenge = challenges.issue(page("a"), 1000, &SystemRandom).await.unwrap();
        let other = challenges.issue(page("a"), 1000, &SystemRandom).await.unwrap();
        assert!(challenges.use_up(&challenge, 1001).await.unwrap());
        let other_process = Challenges::new(store, &SystemRandom);
        for now in [1001, 1000 + LIFETIME - 1] {
            assert!(!other_process.use_up(&challenge, now).await.unwrap());
        }
        assert!(other_process.use_up(&other, 1001).await.unwrap());
        assert!(!challenges.use_up("AA", 1001).await.unwrap());
    }

    #[tokio::test]
    async fn no_challenge_is_made_and_none_counts_while_the_store_cannot_tell() {
        let outage = Outage::new();
        let challenges = Challenges::new(outage.store(), &SystemRandom);
        let challenge = challenges.issue(page("a"), 1000, &SystemRandom).await.unwrap();
        outage.begin();
        assert!(challenges.use_up(&challenge, 1001).await.is_err());
        let fresh = Challenges::new(outage.store(), &SystemRandom);
        assert!(fresh.issue(page("a"), 1000, &SystemRandom).await.is_err());
        assert!(fresh.is_for(page("a"), &challenge, 1001).await.is_err());
    }
}
