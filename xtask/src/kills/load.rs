//! What a client does until its server is killed: it logs people in, redeems, refreshes, presents things twice at once, revokes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::ledger::{Cut, Held, Ledger, Presented, Wrong};
use super::random::Random;
use crate::issuer::{Browser, CODES_AT_ONCE, Client, Connection, Failure, Given, USERS, user};

/// How many codes and grants a client holds at most.
const HELD: usize = 4;

/// What all clients share: the people, each of whom is asked no more often than an issuer gives them codes.
#[derive(Debug)]
pub(super) struct People {
    since: Instant,
    asked: AtomicU64,
    /// How many answers all clients had.
    answers: AtomicU64,
}

impl People {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), asked: AtomicU64::new(0), answers: AtomicU64::new(0) }
    }

    /// How many answers all clients had until now.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// The next person; none if they would be asked to wait.
    fn next(&self) -> Option<String> {
        let each = CODES_AT_ONCE as u64 + self.since.elapsed().as_secs();
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if asked < each * USERS as u64 {
            return Some(user(asked as usize));
        }
        self.asked.fetch_sub(1, Ordering::Relaxed);
        None
    }
}

/// A client over all lives of its server.
#[derive(Debug, Default)]
pub(super) struct Worker {
    pub(super) ledger: Ledger,
    /// The browser of its last person.
    pub(super) browser: Option<Browser>,
}

/// One life of the server, as a client sees it.
pub(super) struct Life<'a> {
    pub(super) address: SocketAddr,
    pub(super) client: &'a Client,
    pub(super) people: &'a People,
    pub(super) random: Random,
    /// Whether a refresh token that was replaced gives its successor again.
    pub(super) grace: bool,
    connection: Option<Connection>,
}

/// Why a client stops.
#[derive(Debug)]
pub(super) enum Stop {
    /// The server is gone.
    Cut,
    /// What must not be, and what to say of it.
    Wrong(String),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Cut(_) => Self::Cut,
            Failure::Unexpected(what) => Self::Wrong(what),
        }
    }
}

/// That `presented` is wrong in this way.
pub(super) fn wrong(presented: &Presented, wrong: Wrong) -> Stop {
    Stop::Wrong(format!("{presented:?} {wrong}"))
}

impl<'a> Life<'a> {
    pub(super) fn new(
        address: SocketAddr,
        (client, people): (&'a Client, &'a People),
        random: Random,
        grace: bool,
    ) -> Self {
        Self { address, client, people, random, grace, connection: None }
    }

    /// Its connection; a new one where there is none.
    pub(super) fn connection(&mut self) -> Result<&mut Connection, Failure> {
        let open = match self.connection.take() {
            Some(open) => open,
            None => Connection::open(self.address)?,
        };
        Ok(self.connection.insert(open))
    }

    fn form(&self, presented: &Presented) -> String {
        match presented {
            Presented::Code(code) => self.client.redeeming(code),
            Presented::Refresh(token) => self.client.refreshing(token),
        }
    }

    /// What the token endpoint says of it.
    pub(super) fn ask(&mut self, presented: &Presented) -> Result<Given, Failure> {
        let form = self.form(presented);
        let given = Given::ask(self.connection()?, &form)?;
        self.people.answered();
        Ok(given)
    }

    /// Whether a second use of it gives the same again.
    pub(super) fn repeats(&self, presented: &Presented) -> bool {
        self.grace && matches!(presented, Presented::Refresh(_))
    }
}

impl Worker {
    /// Does one thing.
    pub(super) fn step(&mut self, life: &mut Life<'_>) -> Result<(), Stop> {
        let held = self.ledger.codes.len() + self.ledger.grants.len();
        match life.random.below(12) {
            0..=5 if held < HELD => self.log_in(life),
            0..=3 if !self.ledger.codes.is_empty() => self.redeem(life),
            4 if held > 0 => self.race(life),
            5 if !self.ledger.grants.is_empty() => self.revoke(life),
            _ if !self.ledger.grants.is_empty() => {
                let held = self.any_grant(life);
                self.refresh(life, held)
            }
            _ => self.log_in(life),
        }
    }

    /// One person logs in and allows: a code.
    fn log_in(&mut self, life: &mut Life<'_>) -> Result<(), Stop> {
        let Some(person) = life.people.next() else {
            thread::sleep(Duration::from_millis(5));
            return Ok(());
        };
        let mut browser = Browser::default();
        let request = life.client.authorize(life.connection()?);
        let code = browser.code(life.connection()?, &request, &person)?;
        life.people.answered();
        self.ledger.counts.acknowledged += 1;
        self.ledger.codes.push(code);
        self.browser = Some(browser);
        Ok(())
    }

    /// Uses a code that it was given.
    pub(super) fn redeem(&mut self, life: &mut Life<'_>) -> Result<(), Stop> {
        let Some(code) = self.ledger.codes.pop() else { return Ok(()) };
        self.present(life, Presented::Code(code), Vec::new())
    }

    /// Uses a refresh token that it was given.
    pub(super) fn refresh(&mut self, life: &mut Life<'_>, held: Held) -> Result<(), Stop> {
        self.present(life, Presented::Refresh(held.token), held.spent)
    }

    /// Uses what was acknowledged and not used: it has to work.
    fn present(
        &mut self,
        life: &mut Life<'_>,
        presented: Presented,
        spent: Vec<Presented>,
    ) -> Result<(), Stop> {
        let repeats = life.repeats(&presented);
        let given = match life.ask(&presented) {
            Ok(given) => given,
            Err(failure) => return Err(self.cut(failure, presented, repeats)),
        };
        match self.ledger.keep(&presented, given, repeats) {
            Ok(Some(token)) => {
                self.hold(token, presented, spent);
                Ok(())
            }
            Ok(None) => Err(wrong(&presented, Wrong::Lost)),
            Err(found) => Err(wrong(&presented, found)),
        }
    }

    pub(super) fn hold(&mut self, token: String, presented: Presented, mut spent: Vec<Presented>) {
        spent.push(presented);
        self.ledger.grants.push(Held { token, spent });
    }

    /// Remembers that the answer did not come.
    pub(super) fn cut(&mut self, failure: Failure, presented: Presented, repeats: bool) -> Stop {
        if matches!(failure, Failure::Cut(_)) {
            self.ledger.counts.cut += 1;
            self.ledger.cut.push(Cut { presented, repeats });
        }
        failure.into()
    }

    pub(super) fn any_grant(&mut self, life: &mut Life<'_>) -> Held {
        let at = life.random.below(self.ledger.grants.len() as u64) as usize;
        self.ledger.grants.swap_remove(at)
    }

    /// Presents one thing twice at the same moment.
    fn race(&mut self, life: &mut Life<'_>) -> Result<(), Stop> {
        let (presented, spent) = match self.ledger.codes.pop() {
            Some(code) => (Presented::Code(code), Vec::new()),
            None => {
                let held = self.any_grant(life);
                (Presented::Refresh(held.token), held.spent)
            }
        };
        let repeats = life.repeats(&presented);
        let mut tokens = Vec::new();
        for given in both(life, &presented) {
            match given {
                Ok(given) => {
                    let kept = self.ledger.keep(&presented, given, repeats);
                    tokens.extend(kept.map_err(|found| wrong(&presented, found))?);
                }
                Err(failure) => return Err(self.cut(failure, presented, repeats)),
            }
        }
        self.ledger.counts.races += 1;
        match (tokens.pop(), tokens.len()) {
            (Some(token), 1) if repeats => self.hold(token, presented, spent),
            // The second one is a replay, so what the first one gave has ended.
            (Some(token), 0) if !repeats => self.ledger.ended.push(Presented::Refresh(token)),
            _ => return Err(wrong(&presented, Wrong::Lost)),
        }
        Ok(())
    }

    /// Gives up a grant.
    fn revoke(&mut self, life: &mut Life<'_>) -> Result<(), Stop> {
        let held = self.any_grant(life);
        let client = life.client;
        // Where the answer is cut off, the grant may have ended or not: nothing can be wrong with it any more.
        client.revoke(life.connection()?, &held.token)?;
        self.ledger.counts.acknowledged += 1;
        self.ledger.ended.push(Presented::Refresh(held.token));
        Ok(())
    }
}

/// Sends it on two connections, and then reads both answers.
fn both(life: &mut Life<'_>, presented: &Presented) -> [Result<Given, Failure>; 2] {
    let form = life.form(presented);
    let mut sent = [(); 2].map(|()| {
        let mut connection = Connection::open(life.address)?;
        Given::send(&mut connection, &form).map(|()| connection)
    });
    let [first, second] = &mut sent;
    [first, second].map(|sent| match sent {
        Ok(connection) => Given::read(connection),
        Err(_) => Err(Failure::Cut(std::io::ErrorKind::NotConnected.into())),
    })
}
