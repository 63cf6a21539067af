//! How many ask one endpoint at once. Made-up tokens cost a stranger nothing, so they never take all of it: the issuer can
//! always be asked about tokens that it lately called active.

use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// How many requests to one endpoint are in flight at most.
const IN_FLIGHT: usize = 32;
/// How many tokens wait for one endpoint's answer at most, those in flight included. One more is answered 503 at once.
const WAITING: usize = 256;
/// Of each, how much tokens get that were not active lately.
const fn of_strangers(all: usize) -> usize {
    all / 4 * 3
}

/// What is known of a token before its issuer is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The issuer called it active the last time.
    Known,
    /// Nothing: anyone may have made it up.
    Stranger,
}

/// The places of one endpoint.
pub(super) struct Room {
    all: Places,
    strangers: Places,
}

struct Places {
    waiting: Arc<Semaphore>,
    in_flight: Semaphore,
}

/// A place to wait, held until the answer is there.
pub(super) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_strangers: Option<OwnedSemaphorePermit>,
}

/// A turn to send a request, held until it was answered.
pub(super) struct Turn<'a> {
    _of_all: SemaphorePermit<'a>,
    _of_strangers: Option<SemaphorePermit<'a>>,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            all: Places::new(WAITING, IN_FLIGHT),
            strangers: Places::new(of_strangers(WAITING), of_strangers(IN_FLIGHT)),
        }
    }
}

impl Places {
    fn new(waiting: usize, in_flight: usize) -> Self {
        Self { waiting: Arc::new(Semaphore::new(waiting)), in_flight: Semaphore::new(in_flight) }
    }
}

impl Room {
    /// A place for one token; `None` where all that it may have are taken.
    pub(super) fn enter(&self, who: Standing) -> Option<Place> {
        let place = |places: &Places| Arc::clone(&places.waiting).try_acquire_owned().ok();
        let of_strangers = match who {
            Standing::Known => None,
            Standing::Stranger => Some(place(&self.strangers)?),
        };
        Some(Place { _of_all: place(&self.all)?, _of_strangers: of_strangers })
    }

    /// Waits for a turn. A stranger waits for one of its own first, so those never stand in the way of all others.
    pub(super) async fn turn(&self, who: Standing) -> Result<Turn<'_>, AcquireError> {
        let of_strangers = match who {
            Standing::Known => None,
            Standing::Stranger => Some(self.strangers.in_flight.acquire().await?),
        };
        Ok(Turn { _of_all: self.all.in_flight.acquire().await?, _of_strangers: of_strangers })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn strangers_leave_a_quarter_of_the_places_and_turns_to_tokens_that_were_active() {
        let room = Room::default();
        let taken: Vec<_> = std::iter::from_fn(|| room.enter(Standing::Stranger)).collect();
        let known: Vec<_> = std::iter::from_fn(|| room.enter(Standing::Known)).collect();
        assert_eq!((taken.len(), known.len()), (192, 64));
        drop(taken);
        let more: Vec<_> = std::iter::from_fn(|| room.enter(Standing::Known)).collect();
        assert_eq!(more.len(), 192, "and have all of them where no stranger asks");
    }

    #[test]
    fn a_stranger_that_waits_for_a_turn_is_not_in_front_of_one_that_is_known() {
        let room = Room::default();
        let now = |who| room.turn(who).now_or_never().map(Result::unwrap);
        let strangers: Vec<_> = std::iter::from_fn(|| now(Standing::Stranger)).collect();
        let mut waiting = Box::pin(room.turn(Standing::Stranger));
        assert!(waiting.as_mut().now_or_never().is_none());
        let known: Vec<_> = std::iter::from_fn(|| now(Standing::Known)).collect();
        assert_eq!((strangers.len(), known.len()), (24, 8));
        drop(strangers);
        assert!(waiting.now_or_never().is_some());
    }
}
