//! `[store]`: a store that lasts has a key.

use super::conflict::StoreConflict;
use super::findings::Findings;
use crate::config::key;
use crate::config::value::store_url::StorePlace;

impl Findings<'_> {
    /// Whether it can be opened is for who opens it.
    pub(super) fn store(&mut self) {
        let store = &self.config.store;
        let has_keys = store.key.is_some() || !store.keys_before.is_empty();
        match (self.config.store_place(store), &store.key) {
            (Err(why), _) => {
                let at = self.at(key!(store.url));
                self.refuse(StoreConflict::StoreUnusable { why, at });
            }
            (Ok(StorePlace::Memory), _) if has_keys => {
                let at = self.at(key!(store.url));
                self.refuse(StoreConflict::UnusedStoreKey { at });
            }
            (Ok(StorePlace::Memory), _) | (Ok(_), Some(_)) => {}
            (Ok(_), None) => {
                let at = self.at(key!(store.key));
                self.refuse(StoreConflict::StoreWithoutKey { at });
            }
        }
        if store.revocation_stale.get() <= store.revocation_lag.get() {
            let at = self.at(key!(store.revocation_stale));
            self.refuse(StoreConflict::StaleBeforeRead { at });
        }
        let own = store.key.iter().map(|key| (key, key!(store.key)));
        let before = store.keys_before.iter().enumerate().map(|(at, key)| (key, key!(store.keys_before[at])));
        for (secret, key) in own.chain(before).collect::<Vec<_>>() {
            if let Err(why) = self.config.store_key(secret) {
                let at = self.at(key);
                self.refuse(StoreConflict::StoreUnusable { why, at });
            }
        }
    }
}
