//! Signing keys in memory.

use super::store::locked;
use crate::aggregate::ONLY_SIGNING_KEY;
use crate::{KeyRotation, MemoryStore, RingKey, SigningKeys, SigningRing, StoreFuture};

impl MemoryStore {
    /// Does one step on the ring: it is given what is kept, and says what is kept then.
    fn on_ring<T>(&self, step: impl FnOnce(Option<&SigningRing>) -> (T, Option<SigningRing>)) -> T {
        let mut ring = locked(&self.signing_keys);
        let mut sealing = locked(&self.sealing_keys);
        let only = sealing.get(ONLY_SIGNING_KEY).map(|key| *key.as_bytes());
        let kept = ring.clone().or_else(|| only.map(|only| SigningRing::of_only(&only)));
        let (outcome, next) = step(kept.as_ref());
        if let Some(next) = next {
            if only.is_some_and(|only| !next.holds(&only)) {
                sealing.remove(ONLY_SIGNING_KEY);
            }
            *ring = Some(next);
        }
        outcome
    }
}

impl SigningKeys for MemoryStore {
    fn ring(&self, now: u64) -> StoreFuture<'_, Option<SigningRing>> {
        Box::pin(async move {
            Ok(self.on_ring(|kept| match kept.map(|kept| (kept, kept.without_ended(now))) {
                Some((_, Some(pruned))) => (Some(pruned.clone()), Some(pruned)),
                Some((kept, None)) => (Some(kept.clone()), None),
                None => (None, None),
            }))
        })
    }

    fn ring_or(&self, fresh: SigningRing, _: u64) -> StoreFuture<'_, SigningRing> {
        Box::pin(async move {
            Ok(self.on_ring(|kept| match kept {
                Some(kept) => (kept.clone(), None),
                None => (fresh.clone(), Some(fresh)),
            }))
        })
    }

    fn rotate(&self, fresh: RingKey, now: u64) -> StoreFuture<'_, KeyRotation> {
        Box::pin(async move {
            Ok(self.on_ring(|kept| {
                let rotation = match kept {
                    Some(kept) => kept.rotated(fresh, now),
                    None => KeyRotation::Added(SigningRing::of(fresh)),
                };
                let added = match &rotation {
                    KeyRotation::Added(ring) => Some(ring.clone()),
                    KeyRotation::Waiting(_) => None,
                };
                (rotation, added)
            }))
        })
    }

    fn replace(&self, fresh: RingKey, _: u64) -> StoreFuture<'_, SigningRing> {
        Box::pin(async move {
            let ring = SigningRing::of(fresh);
            Ok(self.on_ring(|_| (ring.clone(), Some(ring))))
        })
    }
}
