//! A store that can be taken down and brought back, for tests of its callers: a step that cannot be done must not be
//! treated as successful, and a step that failed must have changed nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_auth_core::ScopeSet;

use crate::{
    Account, AccountChange, Accounts, AllowedClient, Answer, Arrival, Backend, Browser, BrowserSessions,
    Caps, Changed, Client, Clients, Code, Codes, ConfiguredAccess, ConfiguredRights, Confirmation,
    Confirmations, Connection, Consents, Counters, Creation, DeviceAnswer, DeviceAuthorization, DeviceCodes,
    Grant, Grants, KeyRotation, KnownClients, Lease, Leased, ListedClient, MemoryStore, People, Person,
    Polled, Rate, Redemption, Registered, RememberedClient, RememberedConsent, Revocable, RevocationBoard,
    Revocations, Revoked, RingKey, Rotate, Rotation, SealingKey, SealingKeys, SecretHash, Sessions,
    SigningKeys, SigningRing, Spent, Store, StoreError, StoreFuture, Taken, Task, Tasks, Transaction,
    Transactions, UpstreamGrant, UpstreamGrants, Withdrawn,
};

/// A store that is up at first. Clones share the same store and are up or down together.
#[derive(Clone)]
pub struct Outage {
    backend: Arc<dyn Backend>,
    /// How many steps work still: [`ALL`] while it is up.
    left: Arc<AtomicUsize>,
    failed: Arc<AtomicUsize>,
}

/// However many steps.
const ALL: usize = usize::MAX;

impl Outage {
    /// The cause in the error of every step while the store is down, as the log shows it.
    pub const CAUSE: &'static str = "connection refused, as a test wants it";

    /// An empty store in memory that is up.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self::of(MemoryStore::new(Caps::default()))
    }

    /// The store on this backend, which is up.
    pub fn of(backend: impl Backend + 'static) -> Self {
        Self { backend: Arc::new(backend), left: Arc::new(AtomicUsize::new(ALL)), failed: Arc::default() }
    }

    /// The store itself.
    pub fn store(&self) -> Store {
        Store::new(self.clone())
    }

    /// From now on every step fails.
    pub fn begin(&self) {
        self.begin_after(0);
    }

    /// So many steps work still, and then every step fails: what comes after a change that was made.
    pub fn begin_after(&self, steps: usize) {
        self.left.store(steps, Ordering::SeqCst);
    }

    /// From now on every step works again, on the data that was kept before.
    pub fn end(&self) {
        self.left.store(ALL, Ordering::SeqCst);
    }

    /// How many steps were asked for while the store was down.
    pub fn failed(&self) -> usize {
        self.failed.load(Ordering::SeqCst)
    }

    /// Runs `step`, unless the store is down: then the step is never started.
    fn unless_down<'a, T: Send + 'a>(&'a self, step: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let one_less = |left| match left {
                0 => None,
                ALL => Some(ALL),
                left => Some(left - 1),
            };
            match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less) {
                Ok(_) => step.await,
                Err(_) => {
                    self.failed.fetch_add(1, Ordering::SeqCst);
                    Err(StoreError::new(Self::CAUSE))
                }
            }
        })
    }
}

impl Backend for Outage {
    /// True, as for a database, which can be down.
    fn lasts(&self) -> bool {
        true
    }
}

impl Clients for Outage {
    fn register(&self, client: Client, alike: Option<SecretHash>, now: u64) -> StoreFuture<'_, Registered> {
        self.unless_down(Clients::register(&*self.backend, client, alike, now))
    }

    fn find<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<Client>> {
        self.unless_down(Clients::find(&*self.backend, id, now))
    }

    fn find_alike(&self, alike: SecretHash, now: u64) -> StoreFuture<'_, Option<Client>> {
        self.unless_down(Clients::find_alike(&*self.backend, alike, now))
    }

    fn change(&self, client: Client, now: u64) -> StoreFuture<'_, bool> {
        self.unless_down(Clients::change(&*self.backend, client, now))
    }

    fn remove<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(Clients::remove(&*self.backend, id, now))
    }
}

impl Codes for Outage {
    fn issue(&self, hash: SecretHash, code: Code, now: u64) -> StoreFuture<'_, Vec<String>> {
        self.unless_down(Codes::issue(&*self.backend, hash, code, now))
    }

    fn find(&self, hash: SecretHash) -> StoreFuture<'_, Option<Code>> {
        self.unless_down(Codes::find(&*self.backend, hash))
    }

    fn redeem<'a>(
        &'a self,
        hash: SecretHash,
        grant_id: &'a str,
        grant: Option<Grant>,
        now: u64,
    ) -> StoreFuture<'a, Redemption> {
        self.unless_down(Codes::redeem(&*self.backend, hash, grant_id, grant, now))
    }

    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(Codes::forget_person(&*self.backend, subject, now))
    }
}

impl Grants for Outage {
    fn find<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<Grant>> {
        self.unless_down(Grants::find(&*self.backend, id, now))
    }

    fn rotate<'a>(&'a self, id: &'a str, rotate: Rotate, now: u64) -> StoreFuture<'a, Rotation> {
        self.unless_down(Grants::rotate(&*self.backend, id, rotate, now))
    }

    fn revoke<'a>(&'a self, subject: &'a str, id: &'a str, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(Grants::revoke(&*self.backend, subject, id, now))
    }

    fn of_person<'a>(&'a self, subject: &'a str, most: usize, now: u64) -> StoreFuture<'a, Vec<Grant>> {
        self.unless_down(Grants::of_person(&*self.backend, subject, most, now))
    }

    fn end_of_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(Grants::end_of_person(&*self.backend, subject, now))
    }
}

impl Consents for Outage {
    fn allowed<'a>(&'a self, subject: &'a str, client_id: &'a str) -> StoreFuture<'a, ScopeSet> {
        self.unless_down(Consents::allowed(&*self.backend, subject, client_id))
    }

    fn any<'a>(&'a self, client_id: &'a str) -> StoreFuture<'a, bool> {
        self.unless_down(Consents::any(&*self.backend, client_id))
    }

    fn any_at<'a>(&'a self, client_id: &'a str, redirect_uri: &'a str) -> StoreFuture<'a, bool> {
        self.unless_down(Consents::any_at(&*self.backend, client_id, redirect_uri))
    }

    fn remember<'a>(
        &'a self,
        subject: &'a str,
        client_id: &'a str,
        remembered: RememberedConsent,
        now: u64,
    ) -> StoreFuture<'a, Option<String>> {
        self.unless_down(Consents::remember(&*self.backend, subject, client_id, remembered, now))
    }

    fn remembered<'a>(
        &'a self,
        subject: &'a str,
        client_id: &'a str,
        shown: SecretHash,
        now: u64,
    ) -> StoreFuture<'a, Option<RememberedConsent>> {
        self.unless_down(Consents::remembered(&*self.backend, subject, client_id, shown, now))
    }

    fn forget<'a>(&'a self, subject: &'a str, client_id: &'a str, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(Consents::forget(&*self.backend, subject, client_id, now))
    }

    fn remembered_of_person<'a>(
        &'a self,
        subject: &'a str,
        most: usize,
        now: u64,
    ) -> StoreFuture<'a, Vec<RememberedClient>> {
        self.unless_down(Consents::remembered_of_person(&*self.backend, subject, most, now))
    }

    fn allowed_since<'a>(
        &'a self,
        subject: &'a str,
        since: u64,
        most: usize,
        now: u64,
    ) -> StoreFuture<'a, Vec<AllowedClient>> {
        self.unless_down(Consents::allowed_since(&*self.backend, subject, since, most, now))
    }

    fn end_client_of_person<'a>(
        &'a self,
        subject: &'a str,
        client_id: &'a str,
        now: u64,
    ) -> StoreFuture<'a, ()> {
        self.unless_down(Consents::end_client_of_person(&*self.backend, subject, client_id, now))
    }

    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(Consents::forget_person(&*self.backend, subject, now))
    }
}

impl Accounts for Outage {
    fn create(&self, id: SecretHash, account: Account, now: u64) -> StoreFuture<'_, Creation> {
        self.unless_down(Accounts::create(&*self.backend, id, account, now))
    }

    fn find(&self, id: SecretHash) -> StoreFuture<'_, Option<Account>> {
        self.unless_down(Accounts::find(&*self.backend, id))
    }

    fn find_by_passkey(&self, passkey: SecretHash) -> StoreFuture<'_, Option<(SecretHash, Account)>> {
        self.unless_down(Accounts::find_by_passkey(&*self.backend, passkey))
    }

    fn list(&self, page: u8) -> StoreFuture<'_, Vec<Account>> {
        self.unless_down(Accounts::list(&*self.backend, page))
    }

    fn change(&self, id: SecretHash, change: AccountChange, now: u64) -> StoreFuture<'_, Changed> {
        self.unless_down(Accounts::change(&*self.backend, id, change, now))
    }

    fn delete(&self, id: SecretHash, now: u64) -> StoreFuture<'_, bool> {
        self.unless_down(Accounts::delete(&*self.backend, id, now))
    }
}

impl BrowserSessions for Outage {
    fn begin(
        &self,
        before: Option<SecretHash>,
        id: SecretHash,
        browser: Browser,
        now: u64,
    ) -> StoreFuture<'_, ()> {
        self.unless_down(BrowserSessions::begin(&*self.backend, before, id, browser, now))
    }

    fn find(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Option<Browser>> {
        self.unless_down(BrowserSessions::find(&*self.backend, id, now))
    }

    fn end(&self, id: SecretHash) -> StoreFuture<'_, ()> {
        self.unless_down(BrowserSessions::end(&*self.backend, id))
    }

    fn answered(&self, id: SecretHash, request: SecretHash, now: u64) -> StoreFuture<'_, ()> {
        self.unless_down(BrowserSessions::answered(&*self.backend, id, request, now))
    }

    fn end_of_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(BrowserSessions::end_of_person(&*self.backend, subject, now))
    }
}

impl KnownClients for Outage {
    fn list(&self, now: u64) -> StoreFuture<'_, Vec<ListedClient>> {
        self.unless_down(KnownClients::list(&*self.backend, now))
    }

    fn end_codes<'a>(&'a self, client_id: &'a str, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(KnownClients::end_codes(&*self.backend, client_id, now))
    }
}

impl People for Outage {
    fn list(&self, now: u64) -> StoreFuture<'_, Vec<Person>> {
        self.unless_down(People::list(&*self.backend, now))
    }

    fn forget<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(People::forget(&*self.backend, subject, now))
    }
}

impl Sessions for Outage {
    fn keep<'a>(&'a self, id: &'a str, state: String, until: u64, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(Sessions::keep(&*self.backend, id, state, until, now))
    }

    fn bind<'a>(
        &'a self,
        id: &'a str,
        owner: &'a str,
        person: Option<&'a str>,
        now: u64,
    ) -> StoreFuture<'a, bool> {
        self.unless_down(Sessions::bind(&*self.backend, id, owner, person, now))
    }

    fn enter<'a>(&'a self, id: &'a str, owner: &'a str, until: u64, now: u64) -> StoreFuture<'a, bool> {
        self.unless_down(Sessions::enter(&*self.backend, id, owner, until, now))
    }

    fn state<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<String>> {
        self.unless_down(Sessions::state(&*self.backend, id, now))
    }

    fn end<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        self.unless_down(Sessions::end(&*self.backend, id))
    }

    fn forget_person<'a>(&'a self, person: &'a str, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(Sessions::forget_person(&*self.backend, person, now))
    }
}

impl Tasks for Outage {
    fn record<'a>(&'a self, id: &'a str, task: Task, until: u64, now: u64) -> StoreFuture<'a, bool> {
        self.unless_down(Tasks::record(&*self.backend, id, task, until, now))
    }

    fn of_owner<'a>(
        &'a self,
        id: &'a str,
        owner: Option<&'a str>,
        now: u64,
    ) -> StoreFuture<'a, Option<Task>> {
        self.unless_down(Tasks::of_owner(&*self.backend, id, owner, now))
    }

    fn forget_person<'a>(&'a self, person: &'a str, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(Tasks::forget_person(&*self.backend, person, now))
    }
}

impl Confirmations for Outage {
    fn ask(&self, id: SecretHash, confirmation: Confirmation, now: u64) -> StoreFuture<'_, bool> {
        self.unless_down(Confirmations::ask(&*self.backend, id, confirmation, now))
    }

    fn find(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Option<Confirmation>> {
        self.unless_down(Confirmations::find(&*self.backend, id, now))
    }

    fn answer(&self, id: SecretHash, answer: Answer, now: u64) -> StoreFuture<'_, bool> {
        self.unless_down(Confirmations::answer(&*self.backend, id, answer, now))
    }

    fn take(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Taken> {
        self.unless_down(Confirmations::take(&*self.backend, id, now))
    }

    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(Confirmations::forget_person(&*self.backend, subject, now))
    }
}

/// As at a database, others go on while a step is under way: what looks first and counts afterwards is seen to do so.
impl Counters for Outage {
    fn arrive<'a>(&'a self, key: &'a str, rate: Rate, now: u64) -> StoreFuture<'a, Arrival> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.unless_down(Counters::arrive(&*self.backend, key, rate, now)).await
        })
    }

    fn look<'a>(&'a self, key: &'a str, rate: Rate, now: u64) -> StoreFuture<'a, Arrival> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.unless_down(Counters::look(&*self.backend, key, rate, now)).await
        })
    }
}

impl Revocations for Outage {
    fn revoke(&self, of: Revoked, now: u64) -> StoreFuture<'_, ()> {
        self.unless_down(Revocations::revoke(&*self.backend, of, now))
    }

    fn is_revoked<'a>(&'a self, token: Revocable<'a>) -> StoreFuture<'a, bool> {
        self.unless_down(Revocations::is_revoked(&*self.backend, token))
    }

    fn refresh(&self, now: u64) -> StoreFuture<'_, ()> {
        self.unless_down(Revocations::refresh(&*self.backend, now))
    }

    fn board(&self) -> &RevocationBoard {
        self.backend.board()
    }
}

impl ConfiguredAccess for Outage {
    fn configure(&self, rights: ConfiguredRights, now: u64) -> StoreFuture<'_, Vec<Withdrawn>> {
        self.unless_down(ConfiguredAccess::configure(&*self.backend, rights, now))
    }
}

impl SealingKeys for Outage {
    fn key<'a>(&'a self, purpose: &'a str, fresh: SealingKey) -> StoreFuture<'a, SealingKey> {
        self.unless_down(SealingKeys::key(&*self.backend, purpose, fresh))
    }
}

impl SigningKeys for Outage {
    fn ring(&self, now: u64) -> StoreFuture<'_, Option<SigningRing>> {
        self.unless_down(SigningKeys::ring(&*self.backend, now))
    }

    fn ring_or(&self, fresh: SigningRing, now: u64) -> StoreFuture<'_, SigningRing> {
        self.unless_down(SigningKeys::ring_or(&*self.backend, fresh, now))
    }

    fn rotate(&self, fresh: RingKey, now: u64) -> StoreFuture<'_, KeyRotation> {
        self.unless_down(SigningKeys::rotate(&*self.backend, fresh, now))
    }

    fn replace(&self, fresh: RingKey, now: u64) -> StoreFuture<'_, SigningRing> {
        self.unless_down(SigningKeys::replace(&*self.backend, fresh, now))
    }
}

impl Spent for Outage {
    fn spend(&self, hash: SecretHash, until: u64, now: u64) -> StoreFuture<'_, bool> {
        self.unless_down(Spent::spend(&*self.backend, hash, until, now))
    }
}

impl Transactions for Outage {
    fn begin<'a>(
        &'a self,
        kind: &'a str,
        id: SecretHash,
        transaction: Transaction,
        now: u64,
    ) -> StoreFuture<'a, ()> {
        self.unless_down(Transactions::begin(&*self.backend, kind, id, transaction, now))
    }

    fn find<'a>(&'a self, kind: &'a str, id: SecretHash, now: u64) -> StoreFuture<'a, Option<Transaction>> {
        self.unless_down(Transactions::find(&*self.backend, kind, id, now))
    }

    fn take<'a>(&'a self, kind: &'a str, id: SecretHash, now: u64) -> StoreFuture<'a, Option<Transaction>> {
        self.unless_down(Transactions::take(&*self.backend, kind, id, now))
    }
}

impl DeviceCodes for Outage {
    fn begin(
        &self,
        device_code: SecretHash,
        user_code: SecretHash,
        asked: DeviceAuthorization,
        now: u64,
    ) -> StoreFuture<'_, bool> {
        self.unless_down(DeviceCodes::begin(&*self.backend, device_code, user_code, asked, now))
    }

    fn find(&self, device_code: SecretHash) -> StoreFuture<'_, Option<DeviceAuthorization>> {
        self.unless_down(DeviceCodes::find(&*self.backend, device_code))
    }

    fn find_by_user_code(
        &self,
        user_code: SecretHash,
        now: u64,
    ) -> StoreFuture<'_, Option<DeviceAuthorization>> {
        self.unless_down(DeviceCodes::find_by_user_code(&*self.backend, user_code, now))
    }

    fn answer(&self, user_code: SecretHash, answer: DeviceAnswer, now: u64) -> StoreFuture<'_, bool> {
        self.unless_down(DeviceCodes::answer(&*self.backend, user_code, answer, now))
    }

    fn poll(&self, device_code: SecretHash, now: u64) -> StoreFuture<'_, Polled> {
        self.unless_down(DeviceCodes::poll(&*self.backend, device_code, now))
    }

    fn redeem(&self, device_code: SecretHash, grant: Option<Grant>, now: u64) -> StoreFuture<'_, bool> {
        self.unless_down(DeviceCodes::redeem(&*self.backend, device_code, grant, now))
    }

    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(DeviceCodes::forget_person(&*self.backend, subject, now))
    }
}

impl UpstreamGrants for Outage {
    fn keep<'a>(
        &'a self,
        of: Connection<'a>,
        grant: UpstreamGrant,
        until: u64,
        now: u64,
    ) -> StoreFuture<'a, ()> {
        self.unless_down(UpstreamGrants::keep(&*self.backend, of, grant, until, now))
    }

    fn find<'a>(&'a self, of: Connection<'a>, now: u64) -> StoreFuture<'a, Option<UpstreamGrant>> {
        self.unless_down(UpstreamGrants::find(&*self.backend, of, now))
    }

    fn lease<'a>(&'a self, of: Connection<'a>, lease: Lease, now: u64) -> StoreFuture<'a, Leased> {
        self.unless_down(UpstreamGrants::lease(&*self.backend, of, lease, now))
    }

    fn renew<'a>(
        &'a self,
        of: Connection<'a>,
        holder: SecretHash,
        grant: UpstreamGrant,
        now: u64,
    ) -> StoreFuture<'a, bool> {
        self.unless_down(UpstreamGrants::renew(&*self.backend, of, holder, grant, now))
    }

    fn release<'a>(
        &'a self,
        of: Connection<'a>,
        holder: SecretHash,
        grant: UpstreamGrant,
        now: u64,
    ) -> StoreFuture<'a, bool> {
        self.unless_down(UpstreamGrants::release(&*self.backend, of, holder, grant, now))
    }

    fn forget<'a>(&'a self, of: Connection<'a>, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(UpstreamGrants::forget(&*self.backend, of, now))
    }

    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        self.unless_down(UpstreamGrants::forget_person(&*self.backend, subject, now))
    }
}
