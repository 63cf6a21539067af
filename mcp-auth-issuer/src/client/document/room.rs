//! How many fetches are under way at once, all together and from one host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// So many at once.
const MOST: usize = 16;
/// So many at once from one host.
const MOST_OF_A_HOST: usize = 2;

/// Counts the fetches that are under way, by host: those of clients that somebody allowed something, and those of strangers.
#[derive(Default)]
pub(super) struct Room(Taken);

type Taken = Arc<Mutex<HashMap<(bool, String), usize>>>;

/// Holds a place until it is dropped.
pub(super) struct Place {
    room: Taken,
    host: (bool, String),
}

impl Room {
    /// A place for a fetch from `host`, if there is one of this kind.
    pub(super) fn take(&self, host: &str, is_known: bool) -> Option<Place> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let host = (is_known, host.to_owned());
        let of_host = taken.get(&host).copied().unwrap_or_default();
        let of_kind = taken.iter().filter(|((kind, _), _)| *kind == is_known).map(|(_, count)| count);
        if of_host >= MOST_OF_A_HOST || of_kind.sum::<usize>() >= MOST {
            return None;
        }
        taken.insert(host.clone(), of_host + 1);
        Some(Place { room: self.0.clone(), host })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.host) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&self.host)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_a_host_and_sixteen_in_all_are_under_way_at_once_of_each_kind() {
        let room = Room::default();
        let places: Vec<_> = (0..8).flat_map(|n| [n, n]).map(|n| room.take(&n.to_string(), false)).collect();
        assert!(places.iter().all(Option::is_some));
        assert!(room.take("0", false).is_none() && room.take("another", false).is_none());
        assert!(room.take("0", true).is_some(), "strangers take no place of a known client");
        drop(places);
        assert_eq!(room.0.lock().unwrap().len(), 0);
        let (one, two) = (room.take("a", false), room.take("a", false));
        assert!(one.is_some() && two.is_some() && room.take("a", false).is_none());
        drop(one);
        assert!(room.take("a", false).is_some() && room.take("b", false).is_some());
    }
}
