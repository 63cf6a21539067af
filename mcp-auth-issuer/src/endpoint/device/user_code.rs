//! The code that a person types: short, so it is easy to guess if it may be tried often, and easy to find out if its hash is known.

use std::fmt;

use aws_lc_rs::hmac;
use mcp_auth_core::ambient::Random;
use mcp_auth_store::{SecretHash, StoreError};

use crate::mac::StoreMac;

/// The letters of a code: no vowels, so no words, and nothing that looks like something else (RFC 8628 §6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many letters a code has: 20^8 codes are 2.5 * 10^10.
const LENGTH: usize = 8;
/// After so many letters a dash is shown.
const GROUP: usize = 4;
/// Bytes below it are equally many of each letter.
const FAIR: u8 = 240;

/// A user code (RFC 8628 §3.2). `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct UserCode(String);

impl UserCode {
    /// A new one.
    pub(super) fn random(random: &dyn Random) -> Self {
        let mut letters = String::with_capacity(LENGTH);
        while letters.len() < LENGTH {
            let mut bytes = [0; 2 * LENGTH];
            random.fill(&mut bytes);
            let fair = bytes.iter().filter(|byte| **byte < FAIR);
            letters.extend(
                fair.filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()))
                    .map(|letter| char::from(*letter)),
            );
        }
        letters.truncate(LENGTH);
        Self(letters)
    }

    /// What a person typed: in capital or small letters, with or without spaces and dashes anywhere (§6.1). `None` for what cannot be a code.
    pub(super) fn read(typed: &str) -> Option<Self> {
        let is_joint = |typed: &char| {
            typed.is_whitespace() || matches!(typed, '-' | '_' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}')
        };
        let mut letters = String::with_capacity(LENGTH);
        for letter in typed.chars().filter(|typed| !is_joint(typed)) {
            let letter = letter.to_ascii_uppercase();
            let is_letter = u8::try_from(letter).is_ok_and(|letter| LETTERS.contains(&letter));
            if !is_letter || letters.len() == LENGTH {
                return None;
            }
            letters.push(letter);
        }
        (letters.len() == LENGTH).then_some(Self(letters))
    }

    /// As a device and a page show it: `WDJB-MJHT`.
    pub(super) fn shown(&self) -> String {
        let (one, two) = self.0.split_at(GROUP);
        format!("{one}-{two}")
    }

    /// What the store keeps of it. A plain hash could be tried out, because there are so few codes.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot tell the key now.
    pub(super) async fn kept(&self, mac: &StoreMac) -> Result<SecretHash, StoreError> {
        let tag = hmac::sign(mac.key().await?, self.0.as_bytes());
        let tag = tag.as_ref().try_into().map_err(|_| StoreError::new("a code has another length"))?;
        Ok(SecretHash::from_bytes(tag))
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(***)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use mcp_auth_core::ambient::SystemRandom;
    use mcp_auth_store::{Caps, Store};

    use super::*;

    #[test]
    fn a_code_is_eight_letters_that_are_equally_frequent() {
        let mut count = BTreeMap::<char, u32>::new();
        for _ in 0..2000 {
            let code = UserCode::random(&SystemRandom);
            assert_eq!(UserCode::read(&code.shown()).as_ref(), Some(&code));
            code.0.chars().for_each(|letter| *count.entry(letter).or_default() += 1);
        }
        assert_eq!(count.len(), LETTERS.len());
        // 800 of each are expected; the deviation is about 28.
        assert!(count.values().all(|count| (600..1000).contains(count)), "{count:?}");
    }

    #[test]
    fn case_spaces_and_dashes_do_not_matter_and_nothing_else_is_left_out() {
        let code = UserCode("WDJBMJHT".to_owned());
        for typed in
            ["WDJB-MJHT", "wdjbmjht", " wdjb mjht\t", "W-D-J-B-M-J-H-T", "wdjb\u{2013}mjht", "WDJB.MJHT"]
        {
            assert_eq!(UserCode::read(typed).as_ref(), Some(&code), "{typed}");
        }
        for typed in [
            "",
            "WDJB-MJH",
            "WDJB-MJHTT",
            "WDJB-MJH1",
            "WDJB-MJHA",
            "WDJB/MJHT",
            "\u{ff37}DJB-MJHT",
            "WDJB-MJH\u{17f}",
        ] {
            assert_eq!(UserCode::read(typed), None, "{typed}");
        }
        assert_eq!(code.shown(), "WDJB-MJHT");
        assert!(!format!("{code:?}").contains("WDJB"));
    }

    #[tokio::test]
    async fn what_is_kept_of_a_code_depends_on_a_key_of_the_store() {
        let code = UserCode("WDJBMJHT".to_owned());
        let store = Store::memory(Caps::default());
        let kept = async |store: &Store| {
            code.kept(&StoreMac::new(store.clone(), "test", &SystemRandom)).await.unwrap()
        };
        assert_eq!(kept(&store).await, kept(&store).await, "in another process too");
        assert_ne!(kept(&store).await, kept(&Store::memory(Caps::default())).await);
        assert_ne!(kept(&store).await, SecretHash::of("WDJBMJHT"));
    }
}
