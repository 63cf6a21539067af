//! Access tokens that are no longer good. A server verifies them without asking the issuer, so what was revoked is told to every server
//! until those tokens have expired.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};

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
}

impl Revocation {
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
    /// The time of the newest revocation of its person or client that its issuer [knew](RevocationBoard::last_of) when it issued it.
    pub after_revocation: Option<u64>,
}

impl Revocable<'_> {
    /// By what it can be revoked.
    pub(crate) fn names(&self) -> Vec<Revoked> {
        let grant = self.grant_id.map(|id| Revoked::Grant(id.to_owned()));
        let token = self.jti.map(|jti| Revoked::Token(jti.to_owned()));
        let mut names: Vec<Revoked> = [grant, token].into_iter().flatten().collect();
        names.extend(self.holders());
        names
    }

    /// The names of whom it is for. A revocation of one of these is about a time.
    fn holders(&self) -> Vec<Revoked> {
        let subject = self.subject.to_owned();
        let mut holders = vec![Revoked::Person(subject.clone())];
        holders.extend((self.client_id != Some(self.subject)).then_some(Revoked::People));
        for id in self.client_id.into_iter().chain(self.granted_to) {
            holders.push(Revoked::Client(id.to_owned()));
            holders.push(Revoked::ClientOfPerson { client_id: id.to_owned(), subject: subject.clone() });
        }
        holders
    }

    /// Whether a revocation at this time of one of its names is about it. Of a person or a client it is about what was issued until then:
    ///
    /// - A token of the same second was issued before or after, and is refused.
    /// - The clock of the process that issued it may be ahead of the one that revoked, so one of the next 30 seconds is refused too, unless it
    ///   says that its issuer knew of the revocation: then it was issued after it, whatever the clocks say.
    pub(crate) fn is_hit_by(&self, of: &Revoked, at: u64) -> bool {
        match of {
            Revoked::Grant(_) | Revoked::Token(_) => true,
            Revoked::Person(_) | Revoked::Client(_) | Revoked::ClientOfPerson { .. } | Revoked::People => {
                let is_known = self.after_revocation.is_some_and(|known| known >= at);
                self.iat <= if is_known { at } else { at.saturating_add(CLOCKS_DIFFER) }
            }
        }
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
        let has = |of: &Revoked| board.revoked.get(of);
        token.names().iter().any(|of| has(of).is_some_and(|at| token.is_hit_by(of, *at)))
    }

    /// The time of the newest revocation of the person or client that a token is for, as far as this process knows it. The issuer says it in
    /// each token ([`Revocable::after_revocation`]), so that one which is issued after a revocation is not taken for one from before it.
    pub fn last_of(&self, token: Revocable<'_>) -> Option<u64> {
        let board = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if board.revoked.is_empty() {
            return None;
        }
        token.holders().iter().filter_map(|of| board.revoked.get(of)).max().copied()
    }

    /// Whether nothing is revoked.
    pub fn is_empty(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).revoked.is_empty()
    }

    /// When it was last read from the store, in Unix seconds; `None`: never yet.
    pub fn read_at(&self) -> Option<u64> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).read_at
    }

    /// Adds what was revoked.
    pub(crate) fn add(&self, revocation: Revocation) {
        let mut board = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Where nobody reads the store, what is over goes now and then.
        if board.revoked.len() % PRUNE_EVERY == PRUNE_EVERY - 1 {
            board.revoked.retain(|_, at| at.saturating_add(REVOCATION_MEMORY) > revocation.at);
        }
        let at = board.revoked.entry(revocation.of).or_default();
        *at = revocation.at.max(*at);
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
            after_revocation: None,
        }
    }

    fn with(of: Revoked) -> RevocationBoard {
        let board = RevocationBoard::default();
        board.add(Revocation { of, at: 100 });
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
        assert!(with(Revoked::People).holds(Revocable { client_id: None, ..token(0) }));
        let nameless = Revocable { grant_id: None, jti: None, client_id: None, ..token(0) };
        assert!(!with(Revoked::Grant(String::new())).holds(nameless));
    }

    #[test]
    fn t79_a_token_of_a_clock_that_is_ahead_is_revoked_and_one_whose_issuer_knew_of_the_revocation_is_not() {
        for of in [
            Revoked::Person("ann".into()),
            Revoked::Client("app".into()),
            Revoked::ClientOfPerson { client_id: "app".into(), subject: "ann".into() },
        ] {
            let board = with(of);
            let issued = |iat, after_revocation| Revocable { after_revocation, ..token(iat) };
            assert_eq!(board.last_of(token(0)), Some(100));
            assert!(!board.holds(issued(101, Some(100))), "a login of the next second");
            assert!(board.holds(issued(100, Some(100))), "of the same second");
            assert!(board.holds(issued(101, Some(99))), "it knew of an earlier one");
            assert!(board.holds(issued(101, None)) && board.holds(issued(0, Some(1000))));
        }
        let of_others =
            [Revoked::Grant("g".into()), Revoked::Token("j".into()), Revoked::Person("bob".into())];
        for of in of_others {
            assert_eq!(with(of).last_of(token(0)), None);
        }
        assert!(
            with(Revoked::Grant("g".into())).holds(Revocable { after_revocation: Some(100), ..token(101) })
        );
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
