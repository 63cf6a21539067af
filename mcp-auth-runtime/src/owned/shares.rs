//! What each caller has of the server at this moment: calls in flight, open streams, bytes of bodies. One caller does not take
//! what the others need.
//!
//! A caller is a subject of an issuer, with whatever clients and tokens. Callers without a credential count together.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::crowded::Crowded;
use super::owner::Person;
use crate::authn::Identity;

/// A caller whose bodies are so small together finds room for them in what is kept.
const SMALL_BODIES: usize = 64 * 1024;

/// How much there is, and how much of it one caller may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShareLimits {
    /// Open connections: each carries one request at a time.
    pub(crate) connections: usize,
    /// Calls of one caller in flight.
    pub(crate) caller_calls: usize,
    /// Open streams of one caller.
    pub(crate) caller_streams: usize,
    /// Bytes of bodies whose requests are not answered yet.
    pub(crate) bodies: usize,
    /// Whether callers are verified; else they cannot be told apart.
    pub(crate) tells_callers_apart: bool,
}

impl ShareLimits {
    /// Connections that no request of the MCP endpoint has: for health, and for answers that refuse.
    fn kept_for_health(&self) -> usize {
        match self.connections {
            0..4 => 0,
            connections => (connections / 8).clamp(1, 32),
        }
    }

    /// Places kept for callers that have none.
    fn kept_for_newcomers(&self) -> usize {
        if self.tells_callers_apart { self.connections / 8 } else { 0 }
    }

    /// The most one caller has, of whatever kind.
    fn caller_requests(&self) -> usize {
        self.connections.div_ceil(2)
    }
}

/// What callers have.
#[derive(Debug)]
pub(crate) struct Shares {
    limits: ShareLimits,
    hasher: RandomState,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    requests: usize,
    bodies: usize,
    callers: HashMap<Caller, Has>,
}

/// What one caller has.
#[derive(Debug, Default, PartialEq, Eq)]
struct Has {
    calls: usize,
    streams: usize,
    bodies: usize,
}

/// A caller, short: all of the unverified are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Caller {
    Anyone,
    Known(u64),
}

/// What a request holds while it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It ends with its answer.
    Call,
    /// It stays open until one side ends it.
    Stream,
}

impl Shares {
    pub(crate) fn new(limits: ShareLimits) -> Arc<Self> {
        Arc::new(Self { limits, hasher: RandomState::new(), table: Mutex::default() })
    }

    /// A place for a request of `identity`, until it is dropped.
    ///
    /// # Errors
    /// [`Crowded`]: this caller has as many as it may, or the server has.
    pub(crate) fn enter(self: &Arc<Self>, identity: &Identity, kind: Kind) -> Result<Place, Crowded> {
        let caller = self.caller(identity);
        let mut table = self.table();
        let requests = table.requests;
        let has = table.callers.entry(caller).or_default();
        let judged = self.judge(caller, kind, has, requests);
        if let Err(crowded) = judged {
            table.forget_idle(caller);
            return Err(crowded);
        }
        match kind {
            Kind::Call => has.calls += 1,
            Kind::Stream => has.streams += 1,
        }
        table.requests += 1;
        drop(table);
        Ok(Place { shares: Arc::clone(self), caller, kind })
    }

    fn judge(&self, caller: Caller, kind: Kind, has: &Has, requests: usize) -> Result<(), Crowded> {
        let limits = &self.limits;
        let mine = has.calls + has.streams;
        if self.counts(caller) {
            let (count, limit, key, what) = match kind {
                Kind::Call => (has.calls, limits.caller_calls, "limits.caller_calls", "calls in flight"),
                Kind::Stream => (has.streams, limits.caller_streams, "limits.caller_streams", "open streams"),
            };
            if count >= limit {
                return Err(Crowded::Caller { key, limit, what });
            }
            let limit = limits.caller_requests();
            if mine >= limit {
                let what = "requests under way, half of all connections";
                return Err(Crowded::Caller { key: "limits.connections", limit, what });
            }
        }
        let is_newcomer = mine == 0 && self.counts(caller);
        let kept = limits.kept_for_health() + if is_newcomer { 0 } else { limits.kept_for_newcomers() };
        if requests >= limits.connections.saturating_sub(kept).max(1) {
            return Err(Crowded::Server { key: "limits.connections", what: "calls and streams" });
        }
        Ok(())
    }

    /// Room for the body of a request; `None` is a caller who is not verified.
    pub(crate) fn room_for(self: &Arc<Self>, identity: Option<&Identity>) -> BodyRoom {
        let caller = identity.map_or(Caller::Anyone, |identity| self.caller(identity));
        BodyRoom { shares: Arc::clone(self), caller, bytes: 0 }
    }

    fn caller(&self, identity: &Identity) -> Caller {
        match identity.principal() {
            None => Caller::Anyone,
            Some(principal) => {
                let person = Person::of(principal.issuer(), principal.subject(), principal.client_id());
                Caller::Known(self.hasher.hash_one(person))
            }
        }
    }

    /// Whether what `caller` has is the share of one.
    fn counts(&self, caller: Caller) -> bool {
        self.limits.tells_callers_apart || caller != Caller::Anyone
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Keeps nothing of a caller who has nothing.
    fn forget_idle(&mut self, caller: Caller) {
        if self.callers.get(&caller).is_some_and(|has| *has == Has::default()) {
            self.callers.remove(&caller);
        }
    }
}

/// A request's place among those that are answered.
#[derive(Debug)]
pub(crate) struct Place {
    shares: Arc<Shares>,
    caller: Caller,
    kind: Kind,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.shares.table();
        table.requests = table.requests.saturating_sub(1);
        if let Some(has) = table.callers.get_mut(&self.caller) {
            let count = match self.kind {
                Kind::Call => &mut has.calls,
                Kind::Stream => &mut has.streams,
            };
            *count = count.saturating_sub(1);
        }
        table.forget_idle(self.caller);
    }
}

/// What the body of a request takes, from its first byte until the request is answered.
#[derive(Debug)]
pub(crate) struct BodyRoom {
    shares: Arc<Shares>,
    caller: Caller,
    bytes: usize,
}

impl BodyRoom {
    /// Room without an end.
    #[cfg(test)]
    pub(crate) fn unbounded() -> Self {
        let (most, bodies) = (100, usize::MAX);
        let limits = ShareLimits {
            connections: most,
            caller_calls: most,
            caller_streams: most,
            bodies,
            tells_callers_apart: false,
        };
        Shares::new(limits).room_for(None)
    }

    /// Takes room for so many bytes more.
    ///
    /// # Errors
    /// [`Crowded`]: the bodies of this caller, or of all, take as much as they may.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Crowded> {
        const KEY: &str = "limits.bodies";
        if bytes == 0 {
            return Ok(());
        }
        let limit = self.shares.limits.bodies;
        let mut table = self.shares.table();
        let (all, has) = (table.bodies + bytes, table.callers.entry(self.caller).or_default());
        let mine = has.bodies + bytes;
        // Strangers together have half of what one known caller may have.
        let share = if self.caller == Caller::Anyone { limit.div_ceil(4) } else { limit.div_ceil(2) };
        // The last eighth is for those that have next to nothing.
        let kept = if mine > SMALL_BODIES { limit / 8 } else { 0 };
        let crowded = match () {
            () if mine > share && self.shares.counts(self.caller) => {
                let what = "bytes in the bodies of its requests under way";
                Some(Crowded::Caller { key: KEY, limit: share, what })
            }
            () if all > limit - kept => Some(Crowded::Server { key: KEY, what: "bodies of requests" }),
            () => None,
        };
        if let Some(crowded) = crowded {
            table.forget_idle(self.caller);
            return Err(crowded);
        }
        has.bodies = mine;
        table.bodies = all;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for BodyRoom {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut table = self.shares.table();
        table.bodies = table.bodies.saturating_sub(self.bytes);
        if let Some(has) = table.callers.get_mut(&self.caller) {
            has.bodies = has.bodies.saturating_sub(self.bytes);
        }
        table.forget_idle(self.caller);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authn::principal_of;

    const LIMITS: ShareLimits = ShareLimits {
        connections: 64,
        caller_calls: 20,
        caller_streams: 10,
        bodies: 1000,
        tells_callers_apart: true,
    };

    fn who(subject: &str, client: Option<&str>) -> Identity {
        principal_of("https://a", subject, client, "")
    }

    /// How many of them `identity` gets, and why no more.
    fn fill(shares: &Arc<Shares>, identity: &Identity, kind: Kind) -> (Vec<Place>, Crowded) {
        let mut places = Vec::new();
        loop {
            match shares.enter(identity, kind) {
                Ok(place) => places.push(place),
                Err(crowded) => return (places, crowded),
            }
        }
    }

    #[test]
    fn one_caller_has_so_many_calls_and_streams_with_whatever_client() {
        let shares = Shares::new(LIMITS);
        let (calls, why) = fill(&shares, &who("mallory", Some("one")), Kind::Call);
        assert_eq!((calls.len(), why.key()), (20, "limits.caller_calls"));
        assert!(shares.enter(&who("mallory", Some("another")), Kind::Call).is_err(), "another client");
        assert!(shares.enter(&who("mallory", None), Kind::Call).is_err(), "no client");
        let (streams, why) = fill(&shares, &who("mallory", Some("two")), Kind::Stream);
        assert_eq!((streams.len(), why.key()), (10, "limits.caller_streams"));
        assert!(shares.enter(&who("alice", Some("one")), Kind::Call).is_ok(), "another subject");
        drop(calls);
        assert!(shares.enter(&who("mallory", Some("one")), Kind::Call).is_ok());
    }

    #[test]
    fn a_client_without_a_subject_is_a_caller_too() {
        let shares = Shares::new(LIMITS);
        let (_calls, _) = fill(&shares, &who("", Some("robot")), Kind::Call);
        assert!(shares.enter(&who("", Some("robot")), Kind::Call).is_err());
        assert!(shares.enter(&who("", Some("other")), Kind::Call).is_ok());
        assert!(
            shares.enter(&who("robot", None), Kind::Call).is_ok(),
            "a subject of that name is another caller"
        );
    }

    #[test]
    fn one_caller_has_half_of_the_connections_at_most() {
        let wide = ShareLimits { caller_calls: 1000, caller_streams: 1000, ..LIMITS };
        let (places, why) = fill(&Shares::new(wide), &who("mallory", None), Kind::Stream);
        assert_eq!((places.len(), why.key()), (32, "limits.connections"));
        let single = ShareLimits { connections: 1, ..wide };
        assert_eq!(fill(&Shares::new(single), &who("mallory", None), Kind::Stream).0.len(), 1);
    }

    #[test]
    fn the_last_places_are_for_callers_who_have_none_and_for_health() {
        let wide = ShareLimits { caller_calls: 1000, caller_streams: 1000, ..LIMITS };
        let shares = Shares::new(wide);
        let (mut places, mut reason) = (Vec::new(), None);
        for greedy in ["mallory", "eve"] {
            let (more, why) = fill(&shares, &who(greedy, None), Kind::Stream);
            places.extend(more);
            reason = Some(why);
        }
        assert_eq!(places.len(), 64 - 8 - 8);
        assert!(matches!(reason, Some(Crowded::Server { key: "limits.connections", .. })));
        for newcomer in 0..8 {
            places.push(shares.enter(&who(&format!("new-{newcomer}"), None), Kind::Call).unwrap());
        }
        assert!(shares.enter(&who("late", None), Kind::Call).is_err(), "the rest is for health");
        assert_eq!(places.len(), 64 - 8);
    }

    #[test]
    fn callers_without_a_credential_share_one_share_where_others_have_one() {
        let shares = Shares::new(LIMITS);
        assert_eq!(fill(&shares, &Identity::Anonymous, Kind::Call).0.len(), 20);
        let open = Shares::new(ShareLimits { tells_callers_apart: false, ..LIMITS });
        // Where no caller is verified, no place is kept for callers that have none.
        assert_eq!(fill(&open, &Identity::Anonymous, Kind::Call).0.len(), 64 - 8);
    }

    #[test]
    fn bodies_have_a_budget_and_no_caller_has_more_than_half_of_it() {
        let shares = Shares::new(LIMITS);
        let room = |name| shares.room_for(Some(&who(name, None)));
        let (mut one, mut two) = (room("mallory"), room("mallory"));
        assert!(one.grow(400).is_ok() && two.grow(100).is_ok());
        assert_eq!(two.grow(1).unwrap_err().key(), "limits.bodies");
        let mut stranger = shares.room_for(None);
        assert!(stranger.grow(250).is_ok() && stranger.grow(1).is_err(), "strangers have a quarter");
        let mut alice = room("alice");
        assert!(alice.grow(250).is_ok());
        assert!(matches!(alice.grow(1), Err(Crowded::Server { .. })));
        drop(one);
        assert!(alice.grow(250).is_ok() && alice.grow(1).is_err());
    }

    #[test]
    fn the_last_eighth_of_the_bodies_is_for_those_that_have_next_to_nothing() {
        let shares = Shares::new(ShareLimits { bodies: 80 * SMALL_BODIES, ..LIMITS });
        let room = |name| shares.room_for(Some(&who(name, None)));
        let (mut one, mut two, mut alice) = (room("mallory"), room("eve"), room("alice"));
        assert!(one.grow(40 * SMALL_BODIES).is_ok() && two.grow(30 * SMALL_BODIES).is_ok());
        assert!(matches!(two.grow(1), Err(Crowded::Server { .. })));
        assert!(alice.grow(SMALL_BODIES).is_ok());
        assert!(matches!(alice.grow(1), Err(Crowded::Server { .. })));
    }

    #[test]
    fn nothing_is_kept_of_those_who_have_nothing() {
        let shares = Shares::new(LIMITS);
        let mut room = shares.room_for(None);
        room.grow(10).unwrap();
        assert!(room.grow(5000).is_err());
        let place = shares.enter(&who("alice", None), Kind::Stream).unwrap();
        assert_eq!(shares.table().callers.len(), 2);
        drop((room, place));
        drop(fill(&shares, &who("alice", None), Kind::Call));
        let table = shares.table();
        assert_eq!((table.callers.len(), table.requests, table.bodies), (0, 0, 0));
    }
}
