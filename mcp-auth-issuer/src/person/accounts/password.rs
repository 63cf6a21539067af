//! Hashes passwords with argon2id (RFC 9106), in threads of their own and a few at once.
//!
//! One hash takes 19 MiB and about 20 ms, as OWASP's Password Storage Cheat Sheet asks for (m = 19 MiB, t = 2, p = 1). [`AT_ONCE`] run
//! at the same time, so that a flood of logins takes at most 76 MiB; [`MOST_WAITING`] others wait, and are refused after [`LONGEST_WAIT`].
//! Who comes then is refused at once: what waits takes memory, and would not get its turn in time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::Error as PhcError;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::Random;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use unicode_normalization::UnicodeNormalization as _;

/// So many hashes are computed at once.
const AT_ONCE: usize = 4;
/// So many wait for their turn.
const MOST_WAITING: usize = 64;
/// The longest that one waits for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// The bytes of a salt (RFC 9106 §3.1).
const SALT: usize = 16;
/// A hash of no password: its parameters are those of new hashes, so that to compare with it takes as long.
const OF_NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a password cannot be hashed now.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// Too many logins wait.
    #[error("too many passwords are being hashed")]
    Busy,
    /// The thread that computed it ended.
    #[error("the thread that hashed a password ended")]
    Thread,
    /// What the store keeps is not a hash, or the library refused its input.
    #[error("the hash of a password cannot be computed: {0}")]
    Hash(PhcError),
}

/// Hashes passwords, and compares them with hashes.
#[derive(Clone)]
pub(super) struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    random: Arc<dyn Random>,
    longest_wait: Duration,
    /// How many hashes were computed.
    #[cfg(test)]
    pub(super) computed: Arc<std::sync::atomic::AtomicUsize>,
}

impl Passwords {
    pub(super) fn new(random: Arc<dyn Random>) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
            random,
            longest_wait: LONGEST_WAIT,
            #[cfg(test)]
            computed: Arc::default(),
        }
    }

    /// A new hash of `password`, as a PHC string.
    ///
    /// # Errors
    /// [`HashError`].
    pub(super) async fn hash(&self, password: &SecretText) -> Result<SecretText, HashError> {
        let mut salt = [0; SALT];
        self.random.fill(&mut salt);
        let hash = move |password: &[u8]| {
            let hash = Argon2::default().hash_password_with_salt(password, &salt).map_err(HashError::Hash)?;
            Ok(SecretText::new(hash.to_string()))
        };
        self.in_turn(password, hash).await
    }

    /// Whether `password` is the one of this hash. Without one it takes as long, and says no.
    ///
    /// # Errors
    /// [`HashError`].
    pub(super) async fn verify(
        &self,
        password: &SecretText,
        hash: Option<&SecretText>,
    ) -> Result<bool, HashError> {
        let is_somebody = hash.is_some();
        let hash = hash.map_or_else(|| SecretText::new(OF_NOBODY), SecretText::clone);
        let compare = move |password: &[u8]| match Argon2::default().verify_password(password, hash.expose())
        {
            Ok(()) => Ok(is_somebody),
            Err(PhcError::PasswordInvalid) => Ok(false),
            Err(error) => Err(HashError::Hash(error)),
        };
        self.in_turn(password, compare).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        password: &SecretText,
        compute: impl FnOnce(&[u8]) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let waits = self.waiting.try_acquire().map_err(|_| HashError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = timeout(self.longest_wait, turn).await.map_err(|_| HashError::Busy)?;
        let turn = turn.map_err(|_| HashError::Busy)?;
        drop(waits);
        #[cfg(test)]
        self.computed.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let password = SecretText::new(normalized(password));
        let computed = spawn_blocking(move || {
            let computed = compute(password.expose().as_bytes());
            // Not before: who goes away does not make room for another one while the thread still works.
            drop(turn);
            computed
        });
        computed.await.map_err(|_| HashError::Thread)?
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords")
    }
}

/// The same password however a keyboard composes its characters (NFKC, NIST SP 800-63B §3.1.1.2).
pub(super) fn normalized(password: &SecretText) -> String {
    password.expose().nfkc().collect()
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ambient::SystemRandom;

    use super::*;

    fn text(text: &str) -> SecretText {
        SecretText::new(text)
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_and_no_other_one() {
        let passwords = Passwords::new(Arc::new(SystemRandom));
        let hash = passwords.hash(&text("corr\u{e9}ct horse")).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        assert_ne!(passwords.hash(&text("corr\u{e9}ct horse")).await.unwrap(), hash, "its salt is its own");
        for (password, is_it) in [("corr\u{e9}ct horse", true), ("corre\u{301}ct horse", true), ("", false)] {
            assert_eq!(passwords.verify(&text(password), Some(&hash)).await.unwrap(), is_it, "{password}");
        }
        assert!(!passwords.verify(&text("correct horse"), Some(&hash)).await.unwrap());
        let damaged = passwords.verify(&text("x"), Some(&text("$argon2id$"))).await;
        assert!(matches!(damaged, Err(HashError::Hash(_))));
    }

    #[tokio::test]
    async fn p30_of_nobody_a_hash_is_computed_too_and_no_password_fits() {
        let passwords = Passwords::new(Arc::new(SystemRandom));
        for password in ["", "\0", "correct horse"] {
            assert!(!passwords.verify(&text(password), None).await.unwrap());
        }
        let of_nobody = argon2::PasswordHash::new(OF_NOBODY).unwrap();
        let new = passwords.hash(&text("correct horse")).await.unwrap();
        let new = argon2::PasswordHash::new(new.expose()).unwrap();
        assert_eq!((of_nobody.algorithm, of_nobody.version), (new.algorithm, new.version));
        assert_eq!(of_nobody.params, new.params);
        let lengths = |hash: &argon2::PasswordHash| hash.hash.as_ref().map(|hash| hash.as_bytes().len());
        assert_eq!(lengths(&of_nobody), lengths(&new));
    }

    #[tokio::test]
    async fn p30_so_many_wait_and_who_comes_then_is_refused_at_once() {
        let passwords = Passwords::new(Arc::new(SystemRandom));
        assert_eq!(passwords.waiting.available_permits(), MOST_WAITING);
        let waiting = Arc::new(Semaphore::new(2));
        let passwords = Passwords { waiting, longest_wait: Duration::from_secs(600), ..passwords };
        let all = u32::try_from(AT_ONCE).unwrap();
        let turns = Arc::clone(&passwords.turns).acquire_many_owned(all).await.unwrap();
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let passwords = passwords.clone();
                tokio::spawn(async move { passwords.verify(&text("x"), None).await })
            })
            .collect();
        while passwords.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(passwords.verify(&text("x"), None).await, Err(HashError::Busy)));
        // Who goes away makes room, and all others get their turn.
        waiting[0].abort();
        while passwords.waiting.available_permits() == 0 {
            tokio::task::yield_now().await;
        }
        drop(turns);
        assert!(!passwords.verify(&text("x"), None).await.unwrap());
        for waits in waiting.into_iter().skip(1) {
            assert!(!waits.await.unwrap().unwrap());
        }
        assert_eq!(passwords.waiting.available_permits(), 2);
    }

    #[tokio::test]
    async fn a_flood_waits_for_its_turn_and_is_refused_after_a_while() {
        let longest_wait = Duration::from_millis(20);
        let passwords = Passwords { longest_wait, ..Passwords::new(Arc::new(SystemRandom)) };
        let all = u32::try_from(AT_ONCE).unwrap();
        let turns = Arc::clone(&passwords.turns).acquire_many_owned(all).await.unwrap();
        assert!(matches!(passwords.verify(&text("x"), None).await, Err(HashError::Busy)));
        drop(turns);
        assert!(!passwords.verify(&text("x"), None).await.unwrap());
    }
}
