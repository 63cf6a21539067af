//! What has to be read back is encrypted: AES-256-GCM with a key that is not in the file. What it belongs to is authenticated with it,
//! so that nothing is moved to another row.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest;
use mcp_auth_core::ambient::Random;

use crate::StoreError;

/// How many bytes name a key.
const ID_LEN: usize = 8;

/// A key of 256 bits that encrypts what a store keeps on a disk. It comes from outside of the store.
#[derive(Clone)]
pub struct StoreKey {
    id: [u8; ID_LEN],
    key: Arc<LessSafeKey>,
}

impl StoreKey {
    /// The key of these 32 bytes, which must come from a secure source of randomness.
    ///
    /// # Example
    /// ```
    /// use mcp_auth_store::StoreKey;
    /// assert_eq!(format!("{:?}", StoreKey::new([7; 32]).unwrap()), "StoreKey(***)");
    /// ```
    ///
    /// # Errors
    /// Never for 32 bytes: the cryptographic library may refuse others.
    pub fn new(bytes: [u8; 32]) -> Result<Self, StoreError> {
        let unbound =
            UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| StoreError::new("the key cannot be used"))?;
        let hash = digest::digest(&digest::SHA256, &[b"store key".as_slice(), &bytes].concat());
        let mut id = [0; ID_LEN];
        id.copy_from_slice(&hash.as_ref()[..ID_LEN]);
        Ok(Self { id, key: Arc::new(LessSafeKey::new(unbound)) })
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey(***)")
    }
}

/// Why a sealed text cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unopened {
    #[error("a row of the store is cut short")]
    Short,
    #[error("a row of the store is encrypted with a key that is not given: give the key of before too")]
    Key,
    #[error("a row of the store was changed by something else")]
    Changed,
}

/// The keys of a store: one encrypts, and those before it still open what they encrypted.
#[derive(Debug, Clone)]
pub struct StoreKeys {
    current: StoreKey,
    before: Vec<StoreKey>,
}

impl StoreKeys {
    /// This key alone.
    pub fn of(current: StoreKey) -> Self {
        Self { current, before: Vec::new() }
    }

    /// These keys besides, which encrypt nothing any more.
    #[must_use]
    pub fn after(self, before: Vec<StoreKey>) -> Self {
        Self { before, ..self }
    }

    /// `plain` of the row `of`, encrypted: which key, nonce, text and tag.
    pub(super) fn seal(&self, of: &[u8], plain: &[u8], random: &dyn Random) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        let mut text = plain.to_vec();
        let key = &self.current;
        let sealed =
            key.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(of), &mut text);
        sealed.map_err(|_| StoreError::new("it could not be encrypted"))?;
        Ok([&key.id, nonce.as_slice(), &text].concat())
    }

    /// Whether it is encrypted with the key that encrypts now.
    pub(super) fn is_current(&self, sealed: &[u8]) -> bool {
        sealed.starts_with(&self.current.id)
    }

    /// Whether there are keys that were replaced.
    pub(super) fn have_before(&self) -> bool {
        !self.before.is_empty()
    }

    /// What was encrypted of the row `of`.
    pub(super) fn open(&self, of: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let cut = || {
            let (id, rest) = sealed.split_at_checked(ID_LEN)?;
            let (nonce, text) = rest.split_at_checked(NONCE_LEN)?;
            Some((id, Nonce::try_assume_unique_for_key(nonce).ok()?, text))
        };
        let (id, nonce, text) = cut().ok_or_else(|| StoreError::new(Unopened::Short))?;
        let key = std::iter::once(&self.current).chain(&self.before).find(|key| key.id == id);
        let key = key.ok_or_else(|| StoreError::new(Unopened::Key))?;
        let mut text = text.to_vec();
        match key.key.open_in_place(nonce, Aad::from(of), &mut text) {
            Ok(plain) => Ok(plain.to_vec()),
            Err(_) => Err(StoreError::new(Unopened::Changed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ambient::SystemRandom;

    use super::*;

    fn keys(byte: u8) -> StoreKeys {
        StoreKeys::of(StoreKey::new([byte; 32]).unwrap())
    }

    #[test]
    fn s02_what_was_sealed_is_opened_by_its_key_for_its_row_alone() {
        let sealed = keys(1).seal(b"row", b"a secret", &SystemRandom).unwrap();
        assert!(!sealed.windows(8).any(|window| window == b"a secret"));
        assert_eq!(keys(1).open(b"row", &sealed).unwrap(), b"a secret");
        for (keys, of, why) in
            [(keys(1), b"raw".as_slice(), "was changed"), (keys(2), b"row", "a key that is not given")]
        {
            let refused = keys.open(of, &sealed).unwrap_err();
            assert!(refused.cause().to_string().contains(why), "{}", refused.cause());
        }
        for short in [0, ID_LEN, ID_LEN + NONCE_LEN] {
            assert!(keys(1).open(b"row", &sealed[..short]).is_err());
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(keys(1).open(b"row", &changed).is_err(), "{at}");
        }
    }

    #[test]
    fn a_key_that_was_replaced_still_opens_and_encrypts_nothing() {
        let before = keys(1).seal(b"row", b"old", &SystemRandom).unwrap();
        let both = keys(2).after(vec![StoreKey::new([1; 32]).unwrap()]);
        assert_eq!(both.open(b"row", &before).unwrap(), b"old");
        let now = both.seal(b"row", b"new", &SystemRandom).unwrap();
        assert_eq!(keys(2).open(b"row", &now).unwrap(), b"new");
        assert!(keys(1).open(b"row", &now).is_err());
    }

    #[test]
    fn no_two_texts_are_equal() {
        let seal = || keys(1).seal(b"row", b"same", &SystemRandom).unwrap();
        assert_ne!(seal(), seal());
    }
}
