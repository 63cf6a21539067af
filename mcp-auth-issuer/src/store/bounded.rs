//! A map that forgets: what has expired, and under pressure what would expire first.

use std::collections::HashMap;
use std::hash::Hash;

/// At most `cap` entries, each with a time (Unix seconds) from which on it is forgotten.
pub(super) struct Bounded<K, V> {
    cap: usize,
    entries: HashMap<K, (u64, V)>,
}

impl<K: Eq + Hash + Clone, V> Bounded<K, V> {
    pub(super) fn new(cap: usize) -> Self {
        Self { cap, entries: HashMap::new() }
    }

    /// Keeps `value` under `key` until `forget_at`.
    pub(super) fn insert(&mut self, key: K, value: V, forget_at: u64, now: u64) {
        // Looking at all entries is for when they are many: at most `cap`, and seldom.
        if self.entries.len() >= self.cap && !self.entries.contains_key(&key) {
            self.entries.retain(|_, (forget_at, _)| *forget_at > now);
        }
        if self.entries.len() >= self.cap && !self.entries.contains_key(&key) {
            let first = self.entries.iter().min_by_key(|(_, (forget_at, _))| *forget_at);
            if let Some(key) = first.map(|(key, _)| key.clone()) {
                self.entries.remove(&key);
            }
        }
        self.entries.insert(key, (forget_at, value));
    }

    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub(super) fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    pub(super) fn postpone<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, until: u64)
    where
        K: std::borrow::Borrow<Q>,
    {
        if let Some((forget_at, _)) = self.entries.get_mut(key) {
            *forget_at = until;
        }
    }

    pub(super) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q)
    where
        K: std::borrow::Borrow<Q>,
    {
        self.entries.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_map_forgets_the_expired_then_what_expires_first() {
        let mut map = Bounded::new(2);
        map.insert("a", 1, 10, 0);
        map.insert("b", 2, 20, 0);
        map.insert("c", 3, 30, 10);
        assert_eq!((map.get("a"), map.get("b"), map.get("c")), (None, Some(&2), Some(&3)));
        map.insert("d", 4, 40, 10);
        assert_eq!((map.get("b"), map.get("c"), map.get("d")), (None, Some(&3), Some(&4)));
    }

    #[test]
    fn replacing_an_entry_forgets_no_other() {
        let mut map = Bounded::new(2);
        map.insert("a", 1, 10, 0);
        map.insert("b", 2, 20, 0);
        map.insert("b", 3, 20, 0);
        assert_eq!((map.get("a"), map.get("b")), (Some(&1), Some(&3)));
    }
}
