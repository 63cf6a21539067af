//! The connections that are open, how many there may be, and which one gives way when there are too many.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio_util::sync::CancellationToken;

use super::head::BadHead;

/// What one connection is doing. Its own task writes it; the table reads it to choose who gives way.
#[derive(Debug)]
pub(super) struct Progress {
    begun: AtomicU32,
    ended: AtomicU32,
    /// Heads that were checked and whose request has not begun.
    heads: AtomicU32,
    /// Why no other head is taken.
    refused: OnceLock<BadHead>,
    /// Whether a head has begun that is not whole, and is not known to hyper therefore.
    in_head: AtomicBool,
    receiving: AtomicBool,
    /// Cancelled to ask the connection to close: by the table, or because the server stops.
    pub(super) close: CancellationToken,
}

impl Progress {
    pub(super) fn new(close: CancellationToken) -> Self {
        Self {
            begun: AtomicU32::new(0),
            ended: AtomicU32::new(0),
            heads: AtomicU32::new(0),
            refused: OnceLock::new(),
            in_head: AtomicBool::new(false),
            receiving: AtomicBool::new(false),
            close,
        }
    }

    /// Marks a request as begun until the guard is dropped, with its answer's last byte.
    pub(super) fn begin(self: &Arc<Self>) -> InRequest {
        self.begun.fetch_add(1, Ordering::Relaxed);
        InRequest(Arc::clone(self))
    }

    /// How many requests have begun.
    pub(super) fn begun(&self) -> u32 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Whether no request is being answered: the connection waits for its first or next one.
    pub(super) fn is_waiting(&self) -> bool {
        self.begun() == self.ended.load(Ordering::Relaxed)
    }

    /// Marks a request's body as still arriving until the guard is dropped.
    pub(super) fn receive(self: &Arc<Self>) -> Receiving {
        self.receiving.store(true, Ordering::Relaxed);
        Receiving(Arc::clone(self))
    }

    /// Whether nothing is lost but what the client has yet to send: it waits, or its request is not whole.
    pub(super) fn may_give_way(&self) -> bool {
        self.is_waiting() || self.receiving.load(Ordering::Relaxed)
    }

    /// Notes heads that were read: so many good ones, and perhaps a bad one behind them, which is the last.
    pub(super) fn note_heads(&self, good: u32, refused: Option<BadHead>) {
        self.heads.fetch_add(good, Ordering::Relaxed);
        if let Some(bad) = refused {
            let _the_first_stays = self.refused.set(bad);
        }
    }

    pub(super) fn set_in_head(&self, is_in_head: bool) {
        self.in_head.store(is_in_head, Ordering::Relaxed);
    }

    pub(super) fn is_in_head(&self) -> bool {
        self.in_head.load(Ordering::Relaxed)
    }

    /// Takes the head of the request that begins.
    ///
    /// # Errors
    /// Why it is refused: it stands for a bad one, or its head was not seen, which cannot be.
    pub(super) fn take_head(&self) -> Result<(), BadHead> {
        let one_less = |heads: u32| heads.checked_sub(1);
        match self.heads.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less) {
            Ok(_) => Ok(()),
            Err(_) => Err(*self.refused.get().unwrap_or(&BadHead::Malformed("a request without a head"))),
        }
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct InRequest(Arc<Progress>);

impl Drop for InRequest {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// A request whose body is still arriving.
#[derive(Debug)]
pub(super) struct Receiving(Arc<Progress>);

impl Drop for Receiving {
    fn drop(&mut self) {
        self.0.receiving.store(false, Ordering::Relaxed);
    }
}

/// The table of open connections.
///
/// When it is full a newcomer takes the place of a connection that waits: first of one that never sent a
/// whole head, else of one that is idle between requests, else of one whose body is still to come. A connection
/// whose request is being answered never gives way. So sockets that are opened and left, in a body too, cannot
/// keep live requests out.
#[derive(Debug)]
pub(super) struct Connections {
    table: Mutex<Table>,
    most: usize,
}

#[derive(Debug, Default)]
struct Table {
    slots: Vec<Option<Arc<Progress>>>,
    free: Vec<usize>,
    /// Where the next search begins. It only moves on, so the newest connection is looked at last.
    hand: usize,
}

/// How many slots one search looks at.
const SEARCH: usize = 1024;

impl Connections {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { table: Mutex::default(), most: most.max(1) })
    }

    /// A place for one more connection; `None` when every other one is busy with a request.
    pub(super) fn admit(self: &Arc<Self>, progress: Arc<Progress>) -> Option<Place> {
        let mut table = self.lock();
        let slot = match table.free.pop() {
            Some(slot) => slot,
            None if table.slots.len() < self.most => {
                table.slots.push(None);
                table.slots.len() - 1
            }
            None => table.make_room()?,
        };
        table.slots[slot] = Some(Arc::clone(&progress));
        Some(Place { connections: Arc::clone(self), slot, progress })
    }

    /// Closes one waiting connection, when the process has no file descriptor left for another.
    pub(super) fn evict_one(&self) {
        let mut table = self.lock();
        if let Some(slot) = table.make_room() {
            table.slots[slot] = None;
            table.free.push(slot);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner) // every change is a single assignment
    }
}

impl Table {
    /// Asks a waiting connection to close; the answer is its slot.
    fn make_room(&mut self) -> Option<usize> {
        let count = self.slots.len();
        let (mut idle, mut receiving) = (None, None);
        let mut chosen = None;
        for step in 0..count.min(SEARCH) {
            let slot = (self.hand + step) % count;
            let Some(progress) = self.slots[slot].as_ref().filter(|progress| progress.may_give_way()) else {
                continue;
            };
            if progress.begun() == 0 {
                chosen = Some(slot);
                break;
            }
            match progress.is_waiting() {
                true => idle = idle.or(Some(slot)),
                false => receiving = receiving.or(Some(slot)),
            }
        }
        let slot = chosen.or(idle).or(receiving)?;
        self.hand = (slot + 1) % count;
        if let Some(progress) = &self.slots[slot] {
            progress.close.cancel();
        }
        Some(slot)
    }
}

/// One connection's place in the table, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    connections: Arc<Connections>,
    slot: usize,
    progress: Arc<Progress>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.connections.lock();
        // The slot of a connection that gave way may hold another connection by now.
        if table.slots[self.slot].as_ref().is_some_and(|held| Arc::ptr_eq(held, &self.progress)) {
            table.slots[self.slot] = None;
            table.free.push(self.slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(connections: &Arc<Connections>) -> Option<(Arc<Progress>, Place)> {
        let progress = Arc::new(Progress::new(CancellationToken::new()));
        Some((Arc::clone(&progress), connections.admit(progress)?))
    }

    #[test]
    fn h28_a_newcomer_replaces_one_that_never_sent_a_request_before_one_that_is_idle() {
        let connections = Connections::new(3);
        let (busy, _a) = admit(&connections).unwrap();
        let _request = busy.begin();
        let (idle, _b) = admit(&connections).unwrap();
        drop(idle.begin());
        let (silent, _c) = admit(&connections).unwrap();
        let (newcomer, _d) = admit(&connections).unwrap();
        let _second_request = newcomer.begin();
        assert!(silent.close.is_cancelled());
        assert!(!idle.close.is_cancelled() && !busy.close.is_cancelled());
        let (_, _e) = admit(&connections).unwrap();
        assert!(idle.close.is_cancelled());
        assert!(!busy.close.is_cancelled());
    }

    #[test]
    fn h28_when_every_connection_is_busy_the_newcomer_is_refused() {
        let connections = Connections::new(2);
        let places: Vec<_> = (0..2).map(|_| admit(&connections).unwrap()).collect();
        let requests: Vec<_> = places.iter().map(|(progress, _)| progress.begin()).collect();
        assert!(admit(&connections).is_none());
        drop(requests);
        assert!(admit(&connections).is_some());
    }

    #[test]
    fn a_place_is_given_back_once_and_not_by_the_one_that_lost_it() {
        let connections = Connections::new(1);
        let (_, lost) = admit(&connections).unwrap();
        let (holder, held) = admit(&connections).unwrap();
        let _request = holder.begin();
        drop(lost);
        assert!(admit(&connections).is_none(), "the slot still belongs to the holder");
        drop(held);
        assert!(admit(&connections).is_some());
        assert_eq!(connections.lock().slots.len(), 1);
    }

    #[test]
    fn the_newest_of_many_silent_connections_is_looked_at_last() {
        let connections = Connections::new(4);
        let first: Vec<_> = (0..4).map(|_| admit(&connections).unwrap()).collect();
        let later: Vec<_> = (0..4).map(|_| admit(&connections).unwrap()).collect();
        assert!(first.iter().all(|(progress, _)| progress.close.is_cancelled()));
        assert!(later.iter().all(|(progress, _)| !progress.close.is_cancelled()));
    }

    #[test]
    fn each_head_that_passed_is_for_one_request_and_the_next_request_is_refused() {
        let progress = Progress::new(CancellationToken::new());
        assert!(progress.take_head().is_err(), "nothing was read");
        progress.note_heads(2, None);
        progress.note_heads(0, Some(BadHead::Coding));
        assert_eq!(progress.take_head(), Ok(()));
        assert_eq!(progress.take_head(), Ok(()));
        assert_eq!(progress.take_head(), Err(BadHead::Coding));
    }
}
