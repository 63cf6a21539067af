//! Signing keys: the whole ring in one row, encrypted.

use super::record::{self, put, removed};
use super::rows::{Key, MOST, Row, Write};
use super::store::Durable;
use crate::aggregate::ONLY_SIGNING_KEY;
use crate::{KeyRotation, RingKey, SigningKeys, SigningRing, StoreError, StoreFuture};

/// The row of the ring, and that of the only key of older releases.
fn rows() -> [Key; 2] {
    [Key::new("signing_keys", "issuer"), Key::new("sealing_keys", ONLY_SIGNING_KEY)]
}

impl Durable {
    /// The ring in these rows.
    fn kept(&self, rows: &[Option<Row>]) -> Result<Option<SigningRing>, StoreError> {
        match (&rows[0], &rows[1]) {
            (Some(row), _) => {
                let text = self.unseal(&row.key, row.content.sealed.as_deref())?;
                SigningRing::from_secret_text(&text).map(Some)
            }
            (None, Some(only)) => Ok(Some(SigningRing::of_only(self.sealing_key(only)?.as_bytes()))),
            (None, None) => Ok(None),
        }
    }

    /// What makes `ring` the one that is kept. The only key of older releases stays where they look for it as long as the ring holds it.
    fn keep(&self, rows: &[Option<Row>], ring: &SigningRing) -> Result<Vec<Write>, StoreError> {
        let [key, _] = self::rows();
        let mut kept = record::of(rows[0].as_ref(), &serde_json::json!({}), MOST)?;
        kept.sealed = Some(self.seal(&key, ring.to_secret_text()?.as_bytes())?);
        let mut writes = vec![put(&key, rows[0].as_ref(), kept)];
        if let Some(only) = &rows[1]
            && !ring.holds(self.sealing_key(only)?.as_bytes())
        {
            writes.push(removed(only));
        }
        Ok(writes)
    }
}

impl SigningKeys for Durable {
    fn ring(&self, now: u64) -> StoreFuture<'_, Option<SigningRing>> {
        Box::pin(async move {
            self.step(&rows(), now, |rows| {
                let Some(kept) = self.kept(rows)? else { return Ok((None, vec![])) };
                match kept.without_ended(now) {
                    Some(pruned) => {
                        let writes = self.keep(rows, &pruned)?;
                        Ok((Some(pruned), writes))
                    }
                    None => Ok((Some(kept), vec![])),
                }
            })
            .await
        })
    }

    fn ring_or(&self, fresh: SigningRing, now: u64) -> StoreFuture<'_, SigningRing> {
        Box::pin(async move {
            self.step(&rows(), now, |rows| match self.kept(rows)? {
                Some(kept) => Ok((kept, vec![])),
                None => Ok((fresh.clone(), self.keep(rows, &fresh)?)),
            })
            .await
        })
    }

    fn rotate(&self, fresh: RingKey, now: u64) -> StoreFuture<'_, KeyRotation> {
        Box::pin(async move {
            self.step(&rows(), now, |rows| {
                let rotation = match self.kept(rows)? {
                    Some(kept) => kept.rotated(fresh.clone(), now),
                    None => KeyRotation::Added(SigningRing::of(fresh.clone())),
                };
                let writes = match &rotation {
                    KeyRotation::Added(ring) => self.keep(rows, ring)?,
                    KeyRotation::Waiting(_) => vec![],
                };
                Ok((rotation, writes))
            })
            .await
        })
    }

    fn replace(&self, fresh: RingKey, now: u64) -> StoreFuture<'_, SigningRing> {
        Box::pin(async move {
            let ring = SigningRing::of(fresh);
            self.step(&rows(), now, |rows| Ok((ring.clone(), self.keep(rows, &ring)?))).await
        })
    }
}
