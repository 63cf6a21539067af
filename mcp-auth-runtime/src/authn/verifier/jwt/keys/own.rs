//! The keys of an issuer in this process: what it knows is taken at once, and what other processes changed is read at a steady pace.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use tokio::time::Instant;

use super::super::jwks::KeySet;
use super::super::own_keys::{KnownKeys, OwnKeys};
use super::issuer_keys::{IssuerKeys, Loaded, Source, Standing};
use crate::authn::error::KeysError;

impl IssuerKeys {
    /// Takes what the issuer in this process knows, if that is another one than what is loaded. Waits for nothing.
    pub(super) fn catch_up(&self) {
        let Some(Source::Own(own)) = &self.source else { return };
        let is_same = |loaded: &Option<Arc<Loaded>>, known: &Arc<KnownKeys>| {
            loaded
                .as_ref()
                .and_then(|loaded| loaded.from.as_ref())
                .is_some_and(|from| Arc::ptr_eq(from, known))
        };
        if is_same(&self.current.read().unwrap_or_else(PoisonError::into_inner), &own.known()) {
            return;
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // Asked while nobody else changes it, so that what is newer is not replaced by what is older.
        let known = own.known();
        if is_same(&current, &known) {
            return;
        }
        let next = self.own_keys(current.as_deref(), &known);
        self.generation.store(next.standing.generation, Ordering::Release);
        let before = current.replace(Arc::new(next));
        drop(current);
        if let Some(before) = before
            && before.from.as_ref().is_some_and(|from| from.withdrawn != known.withdrawn)
        {
            before.standing.withdrawn.cancel();
        }
    }

    /// `known` as keys that verify, after `before`.
    pub(super) fn own_keys(&self, before: Option<&Loaded>, known: &Arc<KnownKeys>) -> Loaded {
        let limits = &self.rules.refresh;
        let set = KeySet::read(&known.jwks, self.rules.algorithms.as_deref(), limits.max_keys);
        let set = set.unwrap_or_else(|error| {
            tracing::error!(issuer = &*self.issuer, %error, "no key of the built-in issuer can be used");
            KeySet::none()
        });
        let standing = match before {
            Some(before) if before.from.as_ref().is_some_and(|from| from.withdrawn == known.withdrawn) => {
                before.standing.clone()
            }
            Some(before) => Standing { generation: before.standing.generation + 1, ..Standing::default() },
            None => Standing::default(),
        };
        tracing::info!(
            issuer = &*self.issuer,
            keys = set.len(),
            generation = standing.generation,
            "keys of the built-in issuer loaded"
        );
        let (at, refresh_after) = (before.map_or_else(Instant::now, |before| before.at), limits.max);
        Loaded { set: Arc::new(set), standing, at, refresh_after, from: Some(Arc::clone(known)) }
    }

    /// Reads them where they are kept.
    pub(super) async fn read_own(&self, own: &dyn OwnKeys) -> Result<(), KeysError> {
        let begun = Instant::now();
        own.read().await.map_err(KeysError::Own)?;
        self.catch_up();
        {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(loaded) = current.as_deref() {
                *current = Some(Arc::new(Loaded { at: begun, ..loaded.clone() }));
            }
        }
        if self.attempts_succeeded() > 0 {
            tracing::info!(issuer = &*self.issuer, "the keys of the built-in issuer are read again");
        }
        Ok(())
    }
}
