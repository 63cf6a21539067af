//! Access tokens that are no longer good. A server verifies them without asking the issuer, so what was revoked is told to every server
//! until those tokens have expired.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::known_revocations::{HOLDERS, KnownRevocations};
use crate::{SecretHash, StoreFuture};

/// For how many seconds a revocation is remembered: as long as an access token can live, and the clocks of servers can differ.
pub(crate) const REVOCATION_MEMORY: u64 = 60 * 60 + 10 * 60;

/// How far the clocks of the servers on one store may be apart where a token is compared with a revocation, in seconds.
pub(crate) const CLOCKS_DIFFER: u64 = 30;

/// At so many revocations, and each time so many more, a board forgets what is over.
const PRUNE_EVERY: usize = 1024;

/// The most revocations that are told to a server.
#[cfg(feature = "durable")]
pub(crate) const MOST_REVOCATIONS: usize = 100_000;

/// Which access tokens are revoked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revoked {
    /// Those of a grant, by its [name](grant_name).
    Grant(String),
    /// One, by its `jti`.
    Token(String),
    /// Those of a person that were issued until then.
    Person(String),
    /// Those of a client that were issued until then, and those that other clients got for them in exchange.
    Client(String),
    /// Those of all people that were issued until then. What a client got for itself is not of a person.
    People,
    /// Those of a client for one person that were issued until then, and those that other clients got for them in exchange.
    ClientOfPerson {
        /// The client.
        client_id: String,
        /// The person.
        subject: String,
    },
}

/// A revocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Which tokens.
    pub of: Revoked,
    /// When they were revoked, in Unix seconds.
    pub at: u64,
}

/// What the access tokens of a grant call it: a name that does not lead back to its identifier, which is a part of its refresh tokens. Who sees
/// a token could else end the login.
pub fn grant_name(id: &str) -> String {
    let mut digits = SecretHash::of(id).digits();
    digits.truncate(32);
    digits
}

impl Revoked {
    /// The access tokens of the grant with this identifier.
    pub fn of_grant(id: &str) -> Self {
        Self::Grant(grant_name(id))
    }

    /// Whether it is about what was issued until a time.
    pub(crate) fn is_by_time(&self) -> bool {
        match self {
            Self::Person(_) | Self::Client(_) | Self::ClientOfPerson { .. } | Self::People => true,
            Self::Grant(_) | Self::Token(_) => false,
        }
    }
}

impl Revocation {
    /// The one of these tokens at `now`, where the last one of the same was at `before`. One that is about a time is later than all before it, also
    /// where the clock of the process that made that one was ahead: what was issued between the two knows of the earlier one alone, and would pass
    /// for one from after both.
    pub(crate) fn next(of: Revoked, before: Option<u64>, now: u64) -> Self {
        let after = before.filter(|_| of.is_by_time()).map_or(0, |before| before.saturating_add(1));
        Self { of, at: now.max(after) }
    }

    /// When it is forgotten.
    #[cfg(feature = "durable")]
    pub(crate) fn until(&self) -> u64 {
        self.at.saturating_add(REVOCATION_MEMORY)
    }
}

/// What an access token says of itself, as far as it can be revoked by it.
#[derive(Debug, Clone, Copy)]
pub struct Revocable<'a> {
    /// The [name](grant_name) of the grant that it came of.
    pub grant_id: Option<&'a str>,
    /// Its identifier.
    pub jti: Option<&'a str>,
    /// Whom it is for.
    pub subject: &'a str,
    /// The client that it was issued to.
    pub client_id: Option<&'a str>,
    /// The client that the person allowed it, where `client_id` got it in exchange for one of that client.
    pub granted_to: Option<&'a str>,
    /// When it was issued, in Unix seconds.
    pub iat: u64,
    /// The newest revocations that its issuer [knew](RevocationBoard::known) of when it issued it.
    pub known: KnownRevocations,
    /// Whether a person logged in for it (`auth_time`, RFC 9068 §2.2.1). It tells a person from a client that got it for itself: the name of a
    /// person may be that of a client.
    pub has_login: bool,
}

impl Revocable<'_> {
    /// By what it can be revoked.
    #[cfg(feature = "durable")]
    pub(crate) fn names(&self) -> Vec<Revoked> {
        self.own_names().into_iter().chain(self.holders()).flatten().collect()
    }

    /// The names of this one. A revocation of one of these is about whatever bears it.
    fn own_names(&self) -> [Option<Revoked>; 2] {
        let grant = self.grant_id.map(|id| Revoked::Grant(id.to_owned()));
        [grant, self.jti.map(|jti| Revoked::Token(jti.to_owned()))]
    }

    /// The names of whom it is for, in the order of [`KnownRevocations`]. A revocation of one of these is about a time.
    fn holders(&self) -> [Option<Revoked>; HOLDERS] {
        let client = |id: Option<&str>| id.map(|id| Revoked::Client(id.to_owned()));
        let of_person = |id: Option<&str>| {
            id.map(|id| Revoked::ClientOfPerson {
                client_id: id.to_owned(),
                subject: self.subject.to_owned(),
            })
        };
        [
            Some(Revoked::Person(self.subject.to_owned())),
            self.is_of_a_person().then_some(Revoked::People),
            client(self.client_id),
            of_person(self.client_id),
            client(self.granted_to),
            of_person(self.granted_to),
        ]
    }

    /// With client credentials `sub` names the client (RFC 9068 §2.2), and nobody logged in.
    fn is_of_a_person(&self) -> bool {
        self.has_login || self.client_id != Some(self.subject)
    }

    /// Whether it is revoked, where `at_of` says when a name was revoked. A revocation of a person or a client is about what was issued until
    /// then:
    ///
    /// - The clock of the process that issued it may be ahead of the one that revoked, so one of the next 30 seconds is refused too.
    /// - If it says that its issuer knew of the revocation, it was issued after it, whatever the clocks say.
    pub(crate) fn is_revoked(&self, at_of: impl Fn(&Revoked) -> Option<u64>) -> bool {
        let is_hit = |(of, known): (Option<Revoked>, Option<u64>)| {
            let Some(at) = of.as_ref().and_then(&at_of) else { return false };
            known.is_none_or(|known| known < at) && self.iat <= at.saturating_add(CLOCKS_DIFFER)
        };
        self.own_names().iter().flatten().any(|of| at_of(of).is_some())
            || self.holders().into_iter().zip(self.known.times()).any(is_hit)
    }
}

/// The revocations.
pub trait Revocations: Send + Sync {
    /// Revokes access tokens.
    fn revoke(&self, of: Revoked, now: u64) -> StoreFuture<'_, ()>;

    /// Whether a token is revoked, as the store says now: for one that is asked about, where every request would be too often.
    fn is_revoked<'a>(&'a self, token: Revocable<'a>) -> StoreFuture<'a, bool>;

    /// Reads what was revoked, by any process, and has not been forgotten at `now`, and puts it on the [board](Self::board).
    fn refresh(&self, now: u64) -> StoreFuture<'_, ()>;

    /// What this process knows to be revoked: all that it revoked itself, and what it read.
    fn board(&self) -> &RevocationBoard;
}

/// What a process knows to be revoked. Looking something up waits for nothing.
#[derive(Debug, Default)]
pub struct RevocationBoard(RwLock<Board>);

#[derive(Debug, Default)]
struct Board {
    /// The time of each revocation.
    revoked: HashMap<Revoked, u64>,
    /// When it was last read from the store, in Unix seconds.
    read_at: Option<u64>,
}

impl RevocationBoard {
    /// Whether a token is revoked.
    pub fn holds(&self, token: Revocable<'_>) -> bool {
        let board = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if board.revoked.is_empty() {
            return false;
        }
        token.is_revoked(|of| board.revoked.get(of).copied())
    }

    /// The newest revocations of whom a token is for, as far as this process knows them. The issuer says them in each token
    /// ([`Revocable::known`]), so that one which is issued after a revocation is not taken for one from before it. It asks before it looks whether
    /// what the token is for is still good.
    pub fn known(&self, token: Revocable<'_>) -> KnownRevocations {
        let board = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if board.revoked.is_empty() {
            return KnownRevocations::default();
        }
        KnownRevocations::of(token.holders().map(|of| board.revoked.get(&of?).copied()))
    }

    /// Whether nothing is revoked.
    pub fn is_empty(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).revoked.is_empty()
    }

    /// When it was last read from the store, in Unix seconds; `None`: never yet.
    pub fn read_at(&self) -> Option<u64> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).read_at
    }

    /// Revokes what `of` names in a process that keeps it nowhere else.
    pub(crate) fn revoke(&self, of: Revoked, now: u64) {
        let mut board = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = board.revoked.get(&of).copied();
        board.add(Revocation::next(of, before, now));
    }

    /// Adds what was revoked in the store.
    #[cfg(feature = "durable")]
    pub(crate) fn add(&self, revocation: Revocation) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).add(revocation);
    }

    /// Adds what was read at `now`, and forgets what is over. What was revoked while it was read stays.
    pub(crate) fn was_read(&self, read: Vec<Revocation>, now: u64) {
        let mut board = self.0.write().unwrap_or_else(PoisonError::into_inner);
        board.revoked.retain(|_, at| at.saturating_add(REVOCATION_MEMORY) > now);
        for revocation in read {
            let at = board.revoked.entry(revocation.of).or_default();
            *at = revocation.at.max(*at);
        }
        board.read_at = Some(now);
    }
}

impl Board {
    fn add(&mut self, revocation: Revocation) {
        // Where nobody reads the store, what is over goes now and then.
        if self.revoked.len() % PRUNE_EVERY == PRUNE_EVERY - 1 {
            self.revoked.retain(|_, at| at.saturating_add(REVOCATION_MEMORY) > revocation.at);
        }
        let at = self.revoked.entry(revocation.of).or_default();
        *at = revocation.at.max(*at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(iat: u64) -> Revocable<'static> {
        Revocable {
            grant_id: Some("g"),
            jti: Some("j"),
            subject: "ann",
            client_id: Some("app"),
            granted_to: None,
            iat,
            known: KnownRevocations::default(),
            has_login: false,
        }
    }

    fn with(of: Revoked) -> RevocationBoard {
        let board = RevocationBoard::default();
        board.revoke(of, 100);
        board
    }

    #[test]
    fn a_token_is_revoked_by_its_grant_and_name_whenever_it_was_issued_and_by_person_and_client_until_then() {
        assert!(!RevocationBoard::default().holds(token(0)));
        for of in [Revoked::Grant("g".into()), Revoked::Token("j".into())] {
            assert!(with(of.clone()).holds(token(0)) && with(of).holds(token(1000)));
        }
        let both = |client_id: &str, subject: &str| Revoked::ClientOfPerson {
            client_id: client_id.into(),
            subject: subject.into(),
        };
        for of in [
            Revoked::Person("ann".into()),
            Revoked::Client("app".into()),
            both("app", "ann"),
            Revoked::People,
        ] {
            let board = with(of);
            assert!(
                board.holds(token(99)) && board.holds(token(100)) && board.holds(token(100 + CLOCKS_DIFFER))
            );
            assert!(!board.holds(token(101 + CLOCKS_DIFFER)));
        }
        // The names of one kind are not those of another.
        for of in [
            Revoked::Grant("j".into()),
            Revoked::Token("g".into()),
            Revoked::Person("app".into()),
            Revoked::Client("ann".into()),
            both("ann", "app"),
            both("app", "bob"),
            both("other", "ann"),
        ] {
            assert!(!with(of).holds(token(0)));
        }
        let of_a_program = Revocable { subject: "app", ..token(0) };
        assert!(!with(Revoked::People).holds(of_a_program));
        let of_a_person = Revocable { has_login: true, ..of_a_program };
        assert!(with(Revoked::People).holds(of_a_person), "a person whose name is that of the client");
        assert!(with(Revoked::People).holds(Revocable { client_id: None, ..token(0) }));
        let nameless = Revocable { grant_id: None, jti: None, client_id: None, ..token(0) };
        assert!(!with(Revoked::Grant(String::new())).holds(nameless));
    }

    type Known = fn(u64) -> KnownRevocations;

    /// The revocations of a token by time: by each of its names.
    fn by_time() -> [(Revoked, Known); 6] {
        const NONE: KnownRevocations = KnownRevocations {
            person: None,
            people: None,
            client: None,
            client_of_person: None,
            granted_to: None,
            granted_to_of_person: None,
        };
        let of = |id: &str| id.to_owned();
        let both = |id: &str| Revoked::ClientOfPerson { client_id: of(id), subject: of("ann") };
        [
            (Revoked::Person(of("ann")), |at| KnownRevocations { person: Some(at), ..NONE }),
            (Revoked::People, |at| KnownRevocations { people: Some(at), ..NONE }),
            (Revoked::Client(of("app")), |at| KnownRevocations { client: Some(at), ..NONE }),
            (both("app"), |at| KnownRevocations { client_of_person: Some(at), ..NONE }),
            (Revoked::Client(of("first")), |at| KnownRevocations { granted_to: Some(at), ..NONE }),
            (both("first"), |at| KnownRevocations { granted_to_of_person: Some(at), ..NONE }),
        ]
    }

    #[test]
    fn t79_a_token_of_a_clock_that_is_ahead_is_revoked_and_one_whose_issuer_knew_of_the_revocation_is_not() {
        for (of, known) in by_time() {
            let board = with(of.clone());
            let token = |iat| Revocable { granted_to: Some("first"), ..token(iat) };
            assert_eq!(board.known(token(0)), known(100), "{of:?}");
            for iat in [99, 100, 101, 130] {
                assert!(board.holds(token(iat)), "{of:?} {iat}");
                assert!(
                    board.holds(Revocable { known: known(99), ..token(iat) }),
                    "it knew of an earlier one"
                );
                // A login just after it, also where the clock of the process that revoked was ahead.
                assert!(!board.holds(Revocable { known: known(100), ..token(iat) }), "{of:?} {iat}");
            }
            assert!(!board.holds(token(131)));
        }
        let of_others =
            [Revoked::Grant("g".into()), Revoked::Token("j".into()), Revoked::Person("bob".into())];
        for of in of_others {
            assert!(with(of).known(token(0)).is_empty());
        }
        let knows_all = KnownRevocations::of([Some(1000); HOLDERS]);
        for of in [Revoked::Grant("g".into()), Revoked::Token("j".into())] {
            assert!(with(of).holds(Revocable { known: knows_all, ..token(1000) }));
        }
    }

    #[test]
    fn a_revocation_after_one_of_a_clock_that_is_ahead_is_not_swallowed_by_it() {
        let ahead = |iat, known| Revocable { granted_to: Some("first"), known, ..token(iat) };
        for (of, _) in by_time() {
            let board = RevocationBoard::default();
            board.revoke(of.clone(), 120);
            // A login just after it, in the process whose clock is ahead, and then a revocation of one whose clock is right.
            let between = ahead(125, board.known(token(0)));
            let between = Revocable { known: board.known(between), ..between };
            assert!(!board.holds(between), "{of:?}");
            for _ in 0..3 {
                board.revoke(of.clone(), 110);
                assert!(board.holds(between), "{of:?}");
                let after = Revocable { iat: 110, known: board.known(between), ..between };
                assert!(!board.holds(after), "{of:?}: a login just after it");
            }
        }
    }

    /// Its issuer knew of the one and not of the other.
    #[test]
    fn a_revocation_by_one_name_is_not_swallowed_by_a_later_one_by_another_name() {
        for (first, known) in by_time() {
            for (second, _) in by_time() {
                if first == second {
                    continue;
                }
                let board = with(first.clone());
                let token = Revocable { granted_to: Some("first"), known: known(100), ..token(100) };
                assert!(!board.holds(token));
                board.revoke(second.clone(), 90);
                assert!(board.holds(token), "{first:?} {second:?}");
            }
        }
    }

    #[test]
    fn a_revocation_is_later_than_all_before_it_and_only_where_it_is_about_a_time() {
        for (of, _) in by_time() {
            for (before, now, at) in [(None, 5, 5), (Some(3), 5, 5), (Some(5), 5, 6), (Some(9), 5, 10)] {
                assert_eq!(Revocation::next(of.clone(), before, now).at, at, "{of:?}");
            }
        }
        for of in [Revoked::Grant("g".into()), Revoked::Token("j".into())] {
            assert_eq!(Revocation::next(of, Some(9), 5).at, 5);
        }
    }

    #[test]
    fn what_was_got_in_exchange_ends_with_the_client_that_it_was_exchanged_for() {
        let exchanged = Revocable { granted_to: Some("first"), ..token(0) };
        let both =
            |client_id: &str| Revoked::ClientOfPerson { client_id: client_id.into(), subject: "ann".into() };
        for of in [Revoked::Client("first".into()), both("first"), Revoked::Client("app".into()), both("app")]
        {
            assert!(with(of.clone()).holds(exchanged), "{of:?}");
        }
        for of in [Revoked::Client("other".into()), both("other")] {
            assert!(!with(of).holds(exchanged));
        }
        assert!(!with(both("first")).holds(token(0)), "its own login of the person stays");
    }

    #[test]
    fn what_was_revoked_while_the_store_was_read_stays_and_what_is_over_goes() {
        let board = with(Revoked::Grant("g".into()));
        board.was_read(vec![Revocation { of: Revoked::Grant("h".into()), at: 90 }], 110);
        let of = |grant| Revocable { grant_id: Some(grant), ..token(0) };
        assert!(board.holds(of("g")) && board.holds(of("h")));
        assert_eq!(board.read_at(), Some(110));
        board.was_read(vec![], 90 + REVOCATION_MEMORY);
        assert!(board.holds(of("g")) && !board.holds(of("h")));
        board.was_read(vec![], 50);
        assert_eq!(board.read_at(), Some(50), "of a clock that went back");
    }
}
