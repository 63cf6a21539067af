//! What the configuration gives whom, in memory: for a program that builds its issuer twice.

use super::store::locked;
use crate::aggregate::{Configured, Reconfigured, are_too_many, is_person, programs};
use crate::{ConfiguredAccess, ConfiguredRights, MemoryStore, Revoked, StoreFuture, Withdrawn};

impl ConfiguredAccess for MemoryStore {
    fn configure(&self, mut rights: ConfiguredRights, now: u64) -> StoreFuture<'_, Vec<Withdrawn>> {
        Box::pin(async move {
            let mut all = locked(&self.configured);
            for of in all.keys() {
                rights.entry(of.clone()).or_default();
            }
            let of_people = rights.get(&Revoked::People).cloned().unwrap_or_default();
            let programs = programs(rights.keys());
            let mut withdrawn = Vec::new();
            for (of, rights) in rights {
                let Reconfigured { kept, lost } =
                    Configured::next(all.get(&of), &of, (&rights, &of_people), now);
                match kept {
                    Some(kept) => drop(all.insert(of.clone(), kept)),
                    None => drop(all.remove(&of)),
                }
                if !lost.is_empty() {
                    withdrawn.push(Withdrawn { of, lost });
                }
            }
            let of_all_people = are_too_many(withdrawn.iter().map(|one| &one.of), &programs);
            for one in &withdrawn {
                if !(of_all_people && is_person(&one.of, &programs)) {
                    self.show_revoked(one.of.clone(), now);
                }
            }
            if of_all_people {
                self.show_revoked(Revoked::People, now);
            }
            Ok(withdrawn)
        })
    }
}
