//! A bounded map: it forgets entries that have ended and, when it is full, the entry that would end first.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// At most `cap` entries, each with a time from which it is forgotten. Every method takes logarithmic time in the
/// number of entries.
pub(super) struct Bounded<K, V> {
    cap: usize,
    entries: HashMap<K, Entry<V>>,
    /// The keys by the time at which they are forgotten; for equal times, the older entry comes first.
    ends: BTreeMap<End, K>,
    inserted: u64,
}

type End = (u64, u64);

struct Entry<V> {
    end: End,
    value: V,
}

impl<K: Eq + Hash + Clone, V> Bounded<K, V> {
    pub(super) fn new(cap: usize) -> Self {
        Self { cap: cap.max(1), entries: HashMap::new(), ends: BTreeMap::new(), inserted: 0 }
    }

    /// Keeps `value` under `key` until `forget_at`.
    pub(super) fn insert(&mut self, key: K, value: V, forget_at: u64, now: u64) {
        self.remove(&key);
        while let Some(first) = self.ends.first_entry() {
            if first.key().0 > now && self.entries.len() < self.cap {
                break;
            }
            let forgotten = first.remove();
            self.entries.remove(&forgotten);
        }
        self.inserted += 1;
        let end = (forget_at, self.inserted);
        self.ends.insert(end, key.clone());
        self.entries.insert(key, Entry { end, value });
    }

    /// The value of `key`, unless it has ended.
    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q, now: u64) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).filter(|entry| entry.end.0 > now).map(|entry| &entry.value)
    }

    /// The values that have not ended.
    pub(super) fn values(&self, now: u64) -> impl Iterator<Item = &V> {
        self.entries.values().filter(move |entry| entry.end.0 > now).map(|entry| &entry.value)
    }

    /// As [`get`](Self::get), but mutable.
    pub(super) fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, now: u64) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.entries.get_mut(key).filter(|entry| entry.end.0 > now).map(|entry| &mut entry.value)
    }

    /// The value of `key`, ended or not, for as long as it is remembered.
    pub(super) fn peek<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// As [`peek`](Self::peek), but mutable.
    pub(super) fn peek_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    /// The keys, of what has ended too.
    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    /// The entries, those too that have ended.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, entry)| (key, &entry.value))
    }

    /// Removes the entries of which `is_gone` is true, and returns their keys.
    pub(super) fn remove_where(&mut self, is_gone: impl Fn(&K, &V) -> bool) -> Vec<K> {
        let gone = self.entries.iter().filter(|(key, entry)| is_gone(key, &entry.value));
        let gone: Vec<K> = gone.map(|(key, _)| key.clone()).collect();
        gone.iter().for_each(|key| self.remove(key));
        gone
    }

    /// Where as many as `most` entries are `such`, removes those of them that end first, so that there is room for one more.
    pub(super) fn make_room(&mut self, most: usize, such: impl Fn(&V) -> bool) {
        if self.entries.len() < most {
            return;
        }
        let is_such = |key: &&K| self.entries.get(*key).is_some_and(|entry| such(&entry.value));
        let in_order: Vec<K> = self.ends.values().filter(is_such).cloned().collect();
        let over = (in_order.len() + 1).saturating_sub(most);
        in_order.iter().take(over).for_each(|key| self.remove(key));
    }

    /// The time at which `key` is forgotten, unless that time has passed.
    pub(super) fn forget_at<Q: Eq + Hash + ?Sized>(&self, key: &Q, now: u64) -> Option<u64>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|entry| entry.end.0).filter(|forget_at| *forget_at > now)
    }

    /// Changes the time at which `key` is forgotten to `until`.
    pub(super) fn postpone<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, until: u64)
    where
        K: Borrow<Q>,
    {
        if let Some(entry) = self.entries.get_mut(key)
            && let Some(key) = self.ends.remove(&entry.end)
        {
            entry.end.0 = until;
            self.ends.insert(entry.end, key);
        }
    }

    pub(super) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        if let Some(entry) = self.entries.remove(key) {
            self.ends.remove(&entry.end);
        }
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
        assert_eq!((map.get("a", 10), map.get("b", 10), map.get("c", 10)), (None, Some(&2), Some(&3)));
        map.insert("d", 4, 40, 10);
        assert_eq!((map.get("b", 10), map.get("c", 10), map.get("d", 10)), (None, Some(&3), Some(&4)));
        assert_eq!((map.entries.len(), map.ends.len()), (2, 2));
    }

    #[test]
    fn replacing_an_entry_forgets_no_other() {
        let mut map = Bounded::new(2);
        map.insert("a", 1, 10, 0);
        map.insert("b", 2, 20, 0);
        map.insert("b", 3, 20, 0);
        assert_eq!((map.get("a", 0), map.get("b", 0)), (Some(&1), Some(&3)));
    }

    #[test]
    fn of_what_ends_at_the_same_time_the_oldest_goes() {
        let mut map = Bounded::new(2);
        for key in ["z", "a", "m"] {
            map.insert(key, (), 10, 0);
        }
        assert_eq!((map.get("z", 0), map.get("a", 0), map.get("m", 0)), (None, Some(&()), Some(&())));
    }

    #[test]
    fn what_was_postponed_outlives_what_was_not() {
        let mut map = Bounded::new(2);
        map.insert("a", 1, 10, 0);
        map.insert("b", 2, 20, 0);
        map.postpone("a", 30);
        map.insert("c", 3, 30, 0);
        assert_eq!((map.get("a", 29), map.get("b", 0)), (Some(&1), None));
        assert_eq!((map.forget_at("a", 29), map.forget_at("a", 30)), (Some(30), None));
        map.remove("a");
        assert_eq!((map.entries.len(), map.ends.len()), (1, 1));
    }
}
