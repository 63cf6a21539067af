//! The handle that a server passes around, and the trait of the backend it uses.

use std::fmt;
use std::sync::Arc;

use crate::StoreError;
use crate::aggregate::{
    Accounts, BrowserSessions, Clients, Codes, ConfiguredAccess, Confirmations, Consents, Counters,
    DeviceCodes, Grants, KnownClients, People, Revocations, Revoked, SealingKeys, Sessions, SigningKeys,
    Spent, Tasks, Transactions, UpstreamGrants, grant_name, person_key,
};
use crate::memory::{Caps, MemoryStore};

/// More grants than a person has: codes are given at a bounded rate.
const MOST_GRANTS: usize = 10_000;

/// A backend: a type that implements every aggregate.
pub trait Backend:
    Clients
    + Codes
    + ConfiguredAccess
    + Grants
    + Consents
    + Accounts
    + People
    + KnownClients
    + BrowserSessions
    + Sessions
    + Tasks
    + Confirmations
    + Counters
    + Revocations
    + SealingKeys
    + SigningKeys
    + Spent
    + Transactions
    + DeviceCodes
    + UpstreamGrants
{
    /// Whether the data is also there for other processes, and for this one after a restart.
    fn lasts(&self) -> bool;
}

/// A store on any backend. Cloning shares it.
///
/// All aggregates belong to one backend, because some steps touch two: redeeming a code keeps a grant. One store is for
/// the instances of one server: its records do not name the resource, so two servers on one store would accept each
/// other's tasks, sessions and sealed state of a caller known to both.
#[derive(Clone)]
pub struct Store(Arc<dyn Backend>);

impl Store {
    /// A store on this backend.
    pub fn new(backend: impl Backend + 'static) -> Self {
        Self(Arc::new(backend))
    }

    /// A store in this process: bounded by `caps`, lost when the process ends.
    pub fn memory(caps: Caps) -> Self {
        Self::new(MemoryStore::new(caps))
    }

    /// Whether the data is also there for other processes, and for this one after a restart.
    pub fn lasts(&self) -> bool {
        self.0.lasts()
    }

    /// Clients that registered themselves.
    pub fn clients(&self) -> &dyn Clients {
        &*self.0
    }

    /// Authorization codes.
    pub fn codes(&self) -> &dyn Codes {
        &*self.0
    }

    /// Grants that can be refreshed.
    pub fn grants(&self) -> &dyn Grants {
        &*self.0
    }

    /// The scopes that people have allowed to clients.
    pub fn consents(&self) -> &dyn Consents {
        &*self.0
    }

    /// The accounts of people.
    pub fn accounts(&self) -> &dyn Accounts {
        &*self.0
    }

    /// Browsers in which a person is logged in.
    pub fn browser_sessions(&self) -> &dyn BrowserSessions {
        &*self.0
    }

    /// The clients of which something is kept, whichever way they came.
    pub fn known_clients(&self) -> &dyn KnownClients {
        &*self.0
    }

    /// The people who logged in.
    pub fn people(&self) -> &dyn People {
        &*self.0
    }

    /// Ends the grant of this person that its access tokens call `name` ([`grant_name`]), with its refresh token. Of a client that does not
    /// refresh no grant is kept, and its access tokens alone are revoked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_named_grant(&self, subject: &str, name: &str, now: u64) -> Result<(), StoreError> {
        let grants = self.grants().of_person(subject, MOST_GRANTS, now).await?;
        match grants.iter().find(|grant| grant_name(&grant.id) == name) {
            Some(grant) => self.grants().revoke(subject, &grant.id, now).await,
            None => self.revocations().revoke(Revoked::Grant(name.to_owned()), now).await,
        }
    }

    /// Ends all that a person is logged in with: their access tokens, their browsers, the codes that wait, their grants, and what providers
    /// gave for them. Who disables an
    /// account does that first, so that no step in between begins anew. The first error stops it; to do it again is not an error.
    ///
    /// # Errors
    /// [`StoreError`]: some of it may be done.
    pub async fn end_person(&self, subject: &str, now: u64) -> Result<(), StoreError> {
        // What a stolen token can do at once goes first.
        self.revocations().revoke(Revoked::Person(subject.to_owned()), now).await?;
        self.browser_sessions().end_of_person(subject, now).await?;
        self.codes().forget_person(subject, now).await?;
        self.device_codes().forget_person(subject, now).await?;
        self.grants().end_of_person(subject, now).await?;
        self.upstream_grants().forget_person(subject, now).await?;
        // Once more: a code may have been redeemed meanwhile by an issuer that knew of the first one already.
        self.revocations().revoke(Revoked::Person(subject.to_owned()), now).await
    }

    /// Ends all that a person is logged in with and all that they allowed, also what a client would get again without a question, and calls
    /// that wait for them.
    ///
    /// # Errors
    /// [`StoreError`]: some of it may be done.
    pub async fn end_all_of_person(&self, subject: &str, now: u64) -> Result<(), StoreError> {
        self.end_person(subject, now).await?;
        self.consents().forget_person(subject, now).await?;
        self.confirmations().forget_person(subject, now).await
    }

    /// The same, and removes what else is kept of the person `subject` of this issuer but their account: MCP sessions, tasks, and who they
    /// are. It is known who they are until all else is gone, so that what was broken off can be done again.
    ///
    /// # Errors
    /// [`StoreError`]: some of it may be done.
    pub async fn forget_person(&self, issuer: &str, subject: &str, now: u64) -> Result<(), StoreError> {
        self.end_all_of_person(subject, now).await?;
        let person = person_key(issuer, subject);
        self.sessions().forget_person(&person, now).await?;
        self.tasks().forget_person(&person, now).await?;
        self.people().forget(subject, now).await
    }

    /// MCP sessions (revisions before 2026-07-28).
    pub fn sessions(&self) -> &dyn Sessions {
        &*self.0
    }

    /// The owner and the operation of each task.
    pub fn tasks(&self) -> &dyn Tasks {
        &*self.0
    }

    /// Calls that wait for their person.
    pub fn confirmations(&self) -> &dyn Confirmations {
        &*self.0
    }

    /// Rate limits by key.
    pub fn counters(&self) -> &dyn Counters {
        &*self.0
    }

    /// Access tokens that are no longer good.
    pub fn revocations(&self) -> &dyn Revocations {
        &*self.0
    }

    /// What the configuration gives whom.
    pub fn configured_access(&self) -> &dyn ConfiguredAccess {
        &*self.0
    }

    /// What was used up.
    pub fn spent(&self) -> &dyn Spent {
        &*self.0
    }

    /// What was begun and waits for its end.
    pub fn transactions(&self) -> &dyn Transactions {
        &*self.0
    }

    /// The keys that the issuer signs its tokens with.
    pub fn signing_keys(&self) -> &dyn SigningKeys {
        &*self.0
    }

    /// What devices asked for that have no browser.
    pub fn device_codes(&self) -> &dyn DeviceCodes {
        &*self.0
    }

    /// What providers that people log in at gave for them.
    pub fn upstream_grants(&self) -> &dyn UpstreamGrants {
        &*self.0
    }

    /// Keys by which this server recognises text that it wrote itself.
    pub fn sealing_keys(&self) -> &dyn SealingKeys {
        &*self.0
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("lasts", &self.lasts()).finish_non_exhaustive()
    }
}
