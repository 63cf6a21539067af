//! What providers gave for people, in memory.

use super::bounded::Bounded;
use super::store::locked;
use crate::{Connection, Lease, Leased, MemoryStore, SecretHash, StoreFuture, UpstreamGrant, UpstreamGrants};

/// What is kept, and who renews it.
pub(super) struct Kept {
    grant: UpstreamGrant,
    lease: Option<Lease>,
}

/// By subject and name of the provider.
pub(super) type KeptGrants = Bounded<(String, String), Kept>;

fn key(of: Connection<'_>) -> (String, String) {
    (of.subject.to_owned(), of.upstream.to_owned())
}

impl Kept {
    /// Writes what `holder` renewed, if it has the lease.
    fn write(&mut self, holder: SecretHash, grant: UpstreamGrant) -> bool {
        let has_it = self.lease.is_some_and(|lease| lease.holder == holder);
        if has_it {
            self.grant = grant;
        }
        has_it
    }
}

impl UpstreamGrants for MemoryStore {
    fn keep<'a>(
        &'a self,
        of: Connection<'a>,
        grant: UpstreamGrant,
        until: u64,
        now: u64,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut kept = locked(&self.upstream_grants);
            let before = kept.get(&key(of), now);
            let lease =
                before.filter(|before| grant.goes_on_from(&before.grant)).and_then(|before| before.lease);
            let grant = grant.after(before.map(|before| &before.grant));
            kept.insert(key(of), Kept { grant, lease }, until, now);
            Ok(())
        })
    }

    fn find<'a>(&'a self, of: Connection<'a>, now: u64) -> StoreFuture<'a, Option<UpstreamGrant>> {
        Box::pin(async move {
            Ok(locked(&self.upstream_grants).get(&key(of), now).map(|kept| kept.grant.clone()))
        })
    }

    fn lease<'a>(&'a self, of: Connection<'a>, lease: Lease, now: u64) -> StoreFuture<'a, Leased> {
        Box::pin(async move {
            let mut kept = locked(&self.upstream_grants);
            let Some(kept) = kept.get_mut(&key(of), now) else { return Ok(Leased::Absent) };
            if kept.lease.is_some_and(|held| held.until > now && held.holder != lease.holder) {
                return Ok(Leased::Held);
            }
            kept.lease = Some(lease);
            Ok(Leased::Taken(Box::new(kept.grant.clone())))
        })
    }

    fn renew<'a>(
        &'a self,
        of: Connection<'a>,
        holder: SecretHash,
        grant: UpstreamGrant,
        now: u64,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let mut kept = locked(&self.upstream_grants);
            Ok(kept.get_mut(&key(of), now).is_some_and(|kept| kept.write(holder, grant)))
        })
    }

    fn release<'a>(
        &'a self,
        of: Connection<'a>,
        holder: SecretHash,
        grant: UpstreamGrant,
        now: u64,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let mut kept = locked(&self.upstream_grants);
            let Some(kept) = kept.get_mut(&key(of), now) else { return Ok(false) };
            let is_written = kept.write(holder, grant);
            if is_written {
                kept.lease = None;
            }
            Ok(is_written)
        })
    }

    fn forget<'a>(&'a self, of: Connection<'a>, _now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            locked(&self.upstream_grants).remove(&key(of));
            Ok(())
        })
    }

    fn forget_person<'a>(&'a self, subject: &'a str, _now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            locked(&self.upstream_grants).remove_where(|(of, _), _| of == subject);
            Ok(())
        })
    }
}
