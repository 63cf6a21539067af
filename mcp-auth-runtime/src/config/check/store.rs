//! `[store]`: a store that lasts has a key.

use super::conflict::Conflict;
use super::findings::Findings;
use crate::config::key;

impl Findings<'_> {
    /// Whether the file can be opened is for who opens it.
    pub(super) fn store(&mut self) {
        let store = &self.config.store;
        let has_keys = store.key.is_some() || !store.keys_before.is_empty();
        match (store.url.file(), &store.key) {
            (None, _) if has_keys => {
                let at = self.at(key!(store.url));
                self.refuse(Conflict::UnusedStoreKey { at });
            }
            (Some(_), None) => {
                let at = self.at(key!(store.key));
                self.refuse(Conflict::StoreWithoutKey { at });
            }
            _ => {}
        }
        let own = store.key.iter().map(|key| (key, key!(store.key)));
        let before = store.keys_before.iter().enumerate().map(|(at, key)| (key, key!(store.keys_before[at])));
        for (secret, key) in own.chain(before).collect::<Vec<_>>() {
            if let Err(why) = self.config.store_key(secret) {
                let at = self.at(key);
                self.refuse(Conflict::StoreKeyUnusable { why, at });
            }
        }
    }
}
