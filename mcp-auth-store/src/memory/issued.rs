//! Clients, codes, device codes and grants share one lock, because allowing a code uses a client and redeeming it makes a grant.

use std::collections::{BTreeMap, HashMap};

use mcp_auth_core::{ScopeSet, SecretText};

use super::bounded::Bounded;
use super::devices::Devices;
use crate::aggregate::{
    AllRemembered, AllowedAt, CONSENT_MEMORY, KEPT_BEYOND, MOST_CLIENTS_OF_A_PERSON, REPLAY_MEMORY,
    UNUSED_LIFETIME,
};
use crate::{
    AllowedClient, Caps, Client, Code, DeviceAnswer, DeviceAuthorization, Grant, ListedClient, Polled,
    Redemption, Registered, RememberedClient, Revoked, Rotate, Rotation, SecretHash,
};

/// So many people's consents to clients are kept for each client that may be.
const CONSENTS_PER_CLIENT: usize = 100;

pub(super) struct Issued {
    max_clients: usize,
    clients: HashMap<String, KnownClient>,
    /// The client that those are given that are alike.
    alike: HashMap<SecretHash, String>,
    /// Counts registrations and uses, to order those within the same second.
    tick: u64,
    codes: Bounded<SecretHash, KnownCode>,
    devices: Devices,
    grants: Bounded<String, KnownGrant>,
    /// What people have allowed, by client and person.
    consents: Bounded<(String, String), Consent>,
}

/// What one person allowed one client.
#[derive(Default)]
pub(super) struct Consent {
    scopes: ScopeSet,
    /// For which the person need not be asked again.
    pub(super) remembered: AllRemembered,
    /// Whether the person ended it, and allowed nothing since.
    pub(super) is_ended: bool,
    /// At which redirect URIs they allowed it.
    allowed_at: AllowedAt,
}

struct KnownClient {
    client: Client,
    alike: Option<SecretHash>,
    last_used: u64,
    /// Whether any person allowed it something.
    is_used: bool,
    /// The one person who ever did; nothing for several.
    only_person: Option<String>,
    forget_at: u64,
}

/// The clients that were removed before their time, and what is revoked by that.
#[derive(Default)]
pub(super) struct Evicted {
    pub(super) ids: Vec<String>,
    pub(super) revoked: Vec<Revoked>,
}

struct KnownCode {
    code: Code,
    used: bool,
    grant: Option<String>,
}

struct KnownGrant {
    grant: Grant,
    previous: Option<Previous>,
}

/// The secret that was replaced last, and what replaced it.
struct Previous {
    secret: SecretHash,
    next: SecretText,
    until: u64,
}

impl Issued {
    pub(super) fn new(caps: Caps) -> Self {
        Self {
            max_clients: caps.clients.max(1),
            clients: HashMap::new(),
            alike: HashMap::new(),
            tick: 0,
            codes: Bounded::new(caps.codes),
            devices: Devices::new(),
            grants: Bounded::new(caps.grants),
            consents: Bounded::new(caps.clients.saturating_mul(CONSENTS_PER_CLIENT)),
        }
    }

    /// Keeps a client; with it what is revoked by that.
    pub(super) fn register(
        &mut self,
        client: Client,
        alike: Option<SecretHash>,
        now: u64,
    ) -> (Registered, Vec<Revoked>) {
        let forget_at = now.saturating_add(UNUSED_LIFETIME);
        let known = alike.and_then(|alike| self.alike.get(&alike)).and_then(|id| self.clients.get_mut(id));
        if let Some(known) = known.filter(|known| known.forget_at > now) {
            known.forget_at = known.forget_at.max(forget_at);
            return (Registered { client: known.client.clone(), evicted: Vec::new() }, Vec::new());
        }
        let mut evicted = Evicted::default();
        if self.clients.len() >= self.max_clients {
            let oldest = self.clients.iter().min_by_key(|(_, c)| (c.forget_at > now, c.is_used, c.last_used));
            if let Some(id) = oldest.map(|(id, _)| id.clone()) {
                self.evict(&id, &mut evicted, now);
            }
        }
        self.forget(&client.id);
        let last_used = self.next_tick();
        if let Some(alike) = alike {
            self.alike.insert(alike, client.id.clone());
        }
        let (is_used, only_person) = (false, None);
        let known = KnownClient { client: client.clone(), alike, last_used, is_used, only_person, forget_at };
        self.clients.insert(client.id.clone(), known);
        (Registered { client, evicted: evicted.ids }, evicted.revoked)
    }

    /// Removes a client before its time, with what it was allowed.
    fn evict(&mut self, id: &str, evicted: &mut Evicted, now: u64) {
        let is_alive = self.client(id, now).is_some();
        evicted.revoked.extend(self.remove(id));
        evicted.ids.extend(is_alive.then(|| id.to_owned()));
    }

    /// Where one person alone uses too many clients, the one of them goes that was used longest ago: nobody else loses one by it.
    fn make_room_of_person(&mut self, subject: &str, now: u64) -> Evicted {
        let mut evicted = Evicted::default();
        let theirs = self.clients.iter().filter(|(_, c)| c.only_person.as_deref() == Some(subject));
        let mut theirs: Vec<_> = theirs.map(|(id, known)| (known.last_used, id.clone())).collect();
        let most = usize::try_from(MOST_CLIENTS_OF_A_PERSON).unwrap_or(usize::MAX);
        let over = theirs.len().saturating_sub(most);
        theirs.sort_unstable();
        theirs.iter().take(over).for_each(|(_, id)| self.evict(id, &mut evicted, now));
        evicted
    }

    /// Removes a client, and what people allowed it.
    fn forget(&mut self, id: &str) {
        let Some(known) = self.clients.remove(id) else { return };
        if let Some(alike) = known.alike.filter(|alike| self.alike.get(alike).is_some_and(|of| of == id)) {
            self.alike.remove(&alike);
        }
        if known.is_used {
            self.consents.remove_where(|(client_id, _), _| client_id == id);
        }
    }

    pub(super) fn client(&self, id: &str, now: u64) -> Option<&Client> {
        self.clients.get(id).filter(|known| known.forget_at > now).map(|known| &known.client)
    }

    pub(super) fn alike(&self, alike: SecretHash, now: u64) -> Option<&Client> {
        self.client(self.alike.get(&alike)?, now)
    }

    pub(super) fn change(&mut self, client: Client, now: u64) -> bool {
        match self.clients.get_mut(&client.id).filter(|known| known.forget_at > now) {
            None => false,
            Some(known) => {
                known.client = client;
                true
            }
        }
    }

    /// Removes a client, and returns what is revoked by that: all its tokens by one name, however many people allowed it something. One that
    /// nobody allowed anything has no tokens.
    pub(super) fn remove(&mut self, id: &str) -> Option<Revoked> {
        let is_used = self.clients.get(id).is_some_and(|known| known.is_used);
        self.forget(id);
        self.consents.remove_where(|(client_id, _), _| client_id == id);
        let ended = self.grants.remove_where(|_, known| known.grant.client_id == id);
        (is_used || !ended.is_empty()).then(|| Revoked::Client(id.to_owned()))
    }

    pub(super) fn allowed(&self, subject: &str, client_id: &str) -> ScopeSet {
        let consent = self.consents.peek(&(client_id.to_owned(), subject.to_owned()));
        consent.map(|consent| consent.scopes.clone()).unwrap_or_default()
    }

    /// What this person has allowed this client, if it is not over.
    pub(super) fn consent(&mut self, subject: &str, client_id: &str, now: u64) -> Option<&mut Consent> {
        self.consents.get_mut(&(client_id.to_owned(), subject.to_owned()), now)
    }

    pub(super) fn is_allowed_by_anyone(&self, client_id: &str) -> bool {
        self.consents.keys().any(|(of, _)| of == client_id)
    }

    pub(super) fn is_allowed_by_anyone_at(&self, client_id: &str, redirect_uri: &str) -> bool {
        let of_client = self.consents.entries().filter(|((of, _), _)| of == client_id);
        of_client.into_iter().any(|(_, consent)| consent.allowed_at.has(redirect_uri))
    }

    /// Keeps a code, and returns which clients had to go for its client.
    pub(super) fn issue(&mut self, hash: SecretHash, code: Code, now: u64) -> Evicted {
        let is_first = self.was_allowed(&code.client_id, &code.subject, code.expires_at);
        self.consented((&code.subject, &code.client_id), &code.scopes, Some(&code.redirect_uri), now);
        let evicted = match is_first {
            true => self.make_room_of_person(&code.subject, now),
            false => Evicted::default(),
        };
        let forget_at = code.expires_at.saturating_add(REPLAY_MEMORY);
        self.codes.insert(hash, KnownCode { code, used: false, grant: None }, forget_at, now);
        evicted
    }

    /// A person allowed a client something, which it can redeem until `until`. Returns whether nobody had before.
    fn was_allowed(&mut self, client_id: &str, subject: &str, until: u64) -> bool {
        let tick = self.next_tick();
        let Some(known) = self.clients.get_mut(client_id) else { return false };
        let is_first = !known.is_used;
        if is_first {
            known.only_person = Some(subject.to_owned());
        } else if known.only_person.as_deref() != Some(subject) {
            known.only_person = None;
        }
        known.last_used = tick;
        known.is_used = true;
        known.forget_at = known.forget_at.max(until.saturating_add(UNUSED_LIFETIME));
        is_first
    }

    /// What a person allowed a client adds up.
    fn consented(
        &mut self,
        (subject, client_id): (&str, &str),
        scopes: &ScopeSet,
        redirect_uri: Option<&str>,
        now: u64,
    ) {
        let key = (client_id.to_owned(), subject.to_owned());
        let mut consent = self.consents.peek_mut(&key).map(std::mem::take).unwrap_or_default();
        consent.scopes.extend(scopes.iter().cloned());
        consent.is_ended = false;
        redirect_uri.into_iter().for_each(|redirect_uri| consent.allowed_at.add(redirect_uri));
        self.consents.insert(key, consent, now.saturating_add(CONSENT_MEMORY), now);
    }

    pub(super) fn code(&self, hash: SecretHash) -> Option<&Code> {
        self.codes.peek(&hash).map(|known| &known.code)
    }

    /// Uses a code; with its outcome the grant that is revoked by that.
    pub(super) fn redeem(
        &mut self,
        hash: SecretHash,
        grant_id: &str,
        grant: Option<Grant>,
        now: u64,
    ) -> (Redemption, Option<String>) {
        let Some(known) = self.codes.peek_mut(&hash) else {
            return (Redemption::Gone, None);
        };
        if known.used {
            let dead = known.grant.clone();
            if let Some(id) = &dead {
                self.grants.remove(id);
            }
            return (Redemption::Replayed, dead);
        }
        if known.code.expires_at <= now {
            return (Redemption::Gone, None);
        }
        known.used = true;
        known.grant = Some(grant_id.to_owned());
        self.keep(grant, now);
        (Redemption::First, None)
    }

    /// Keeps a new grant.
    fn keep(&mut self, grant: Option<Grant>, now: u64) {
        let Some(grant) = grant else { return };
        let expires_at = grant.expires_at;
        self.keep_client(&grant.client_id, expires_at);
        self.grants.insert(grant.id.clone(), KnownGrant { grant, previous: None }, expires_at, now);
    }

    pub(super) fn begin_device(
        &mut self,
        device_code: SecretHash,
        user_code: SecretHash,
        asked: DeviceAuthorization,
        now: u64,
    ) -> bool {
        self.devices.begin(device_code, user_code, asked, now)
    }

    pub(super) fn device(&self, device_code: SecretHash) -> Option<&DeviceAuthorization> {
        self.devices.find(device_code)
    }

    pub(super) fn waiting_device(&self, user_code: SecretHash, now: u64) -> Option<&DeviceAuthorization> {
        self.devices.waiting(user_code, now)
    }

    pub(super) fn answer_device(&mut self, user_code: SecretHash, answer: DeviceAnswer, now: u64) -> bool {
        let Some((client_id, expires_at)) = self.devices.answer(user_code, answer.clone(), now) else {
            return false;
        };
        if let DeviceAnswer::Allowed { subject, scopes, .. } = answer {
            self.was_allowed(&client_id, &subject, expires_at);
            self.consented((&subject, &client_id), &scopes, None, now);
        }
        true
    }

    pub(super) fn poll_device(&mut self, device_code: SecretHash, now: u64) -> Polled {
        self.devices.poll(device_code, now)
    }

    pub(super) fn redeem_device(&mut self, device_code: SecretHash, grant: Option<Grant>, now: u64) -> bool {
        let is_first = self.devices.use_up(device_code, now);
        if is_first {
            self.keep(grant, now);
        }
        is_first
    }

    pub(super) fn forget_devices(&mut self, subject: &str) {
        self.devices.forget_person(subject);
    }

    /// A client is kept as long as its grants, and used with them.
    fn keep_client(&mut self, id: &str, until: u64) {
        let tick = self.next_tick();
        if let Some(known) = self.clients.get_mut(id) {
            known.last_used = tick;
            known.forget_at = known.forget_at.max(until.saturating_add(KEPT_BEYOND));
        }
    }

    pub(super) fn grant(&self, id: &str, now: u64) -> Option<&Grant> {
        self.grants.get(id, now).map(|known| &known.grant)
    }

    pub(super) fn of_person(&self, subject: &str, most: usize, now: u64) -> Vec<Grant> {
        let of_person = self.grants.values(now).map(|known| &known.grant);
        let mut grants: Vec<Grant> = of_person.filter(|grant| grant.subject == subject).cloned().collect();
        grants.sort_by(|one, other| (one.expires_at, &one.id).cmp(&(other.expires_at, &other.id)));
        grants.truncate(most);
        grants
    }

    /// The grants of everybody.
    pub(super) fn all_grants(&self, now: u64) -> impl Iterator<Item = &Grant> {
        self.grants.values(now).map(|known| &known.grant)
    }

    /// Who allowed something, once for each client.
    pub(super) fn people_with_consents(&self, now: u64) -> impl Iterator<Item = &str> {
        let current = self.consents.keys().filter(move |key| self.consents.get(*key, now).is_some());
        current.map(|(_, subject)| subject.as_str())
    }

    /// What is kept of each client, by its identifier.
    pub(super) fn known_clients(&self, now: u64) -> Vec<ListedClient> {
        let mut known = BTreeMap::<String, ListedClient>::new();
        let mut of = |client_id: &str, tell: &dyn Fn(&mut ListedClient)| {
            tell(known.entry(client_id.to_owned()).or_insert_with_key(|id| ListedClient::new(id)));
        };
        for (id, registered) in self.clients.iter().filter(|(_, registered)| registered.forget_at > now) {
            of(id, &|known| known.registered = Some(registered.client.clone()));
        }
        for key in self.consents.keys() {
            let (Some(consent), Some(until)) =
                (self.consents.get(key, now), self.consents.forget_at(key, now))
            else {
                continue;
            };
            of(&key.0, &|known| {
                known.people += u64::from(!consent.is_ended);
                known.used(until.saturating_sub(CONSENT_MEMORY));
            });
        }
        for grant in self.all_grants(now) {
            of(&grant.client_id, &|known| known.granted(&grant.redirect_uri, grant.last_used));
        }
        known.into_values().collect()
    }

    /// Removes what a client has not redeemed yet.
    pub(super) fn end_codes(&mut self, client_id: &str) {
        self.codes.remove_where(|_, known| known.code.client_id == client_id && !known.used);
        self.devices.forget_client(client_id);
    }

    pub(super) fn remembered_of_person(&self, subject: &str, most: usize, now: u64) -> Vec<RememberedClient> {
        let of_person = self.consents.keys().filter(|(_, of)| of == subject);
        let all = of_person.filter_map(|key| {
            let consent = self.consents.get(key, now)?;
            consent.remembered.of_client(&key.0, now)
        });
        let mut all: Vec<_> = all.collect();
        all.sort_by(|one, other| (one.at, &one.client_id).cmp(&(other.at, &other.client_id)));
        all.truncate(most);
        all
    }

    pub(super) fn allowed_since(&self, subject: &str, since: u64, now: u64) -> Vec<AllowedClient> {
        let of_person = self.consents.keys().filter(|(_, of)| of == subject);
        let all = of_person.filter_map(|key| {
            let at = self.consents.forget_at(key, now)?.saturating_sub(CONSENT_MEMORY);
            let consent = self.consents.get(key, now).filter(|consent| at >= since && !consent.is_ended)?;
            Some(AllowedClient { client_id: key.0.clone(), scopes: consent.scopes.clone(), at })
        });
        all.collect()
    }

    /// Ends all that this person allowed this client, and returns what is revoked by that.
    pub(super) fn end_client_of_person(&mut self, subject: &str, client_id: &str) -> Vec<Revoked> {
        let consent = self.consents.peek_mut(&(client_id.to_owned(), subject.to_owned()));
        let had_consent = consent.is_some();
        if let Some(consent) = consent {
            *consent = Consent { is_ended: true, ..Consent::default() };
        }
        let is_theirs = |code: &Code| code.subject == subject && code.client_id == client_id;
        // Of a client that does not refresh only its code knows the grant.
        let used = self.codes.entries().filter(|(_, known)| is_theirs(&known.code));
        let used: Vec<String> = used.filter_map(|(_, known)| known.grant.clone()).collect();
        self.codes.remove_where(|_, known| is_theirs(&known.code) && !known.used);
        self.devices.forget_client_of_person(subject, client_id);
        let grants = self
            .grants
            .remove_where(|_, known| known.grant.subject == subject && known.grant.client_id == client_id);
        let both = Revoked::ClientOfPerson { client_id: client_id.to_owned(), subject: subject.to_owned() };
        let both = (had_consent || !used.is_empty() || !grants.is_empty()).then_some(both);
        let grants = used.iter().chain(&grants).map(|grant| Revoked::of_grant(grant));
        both.into_iter().chain(grants).collect()
    }

    /// Removes the codes that a person allowed.
    pub(super) fn forget_codes(&mut self, subject: &str) {
        self.codes.remove_where(|_, known| known.code.subject == subject);
    }

    /// Removes all that a person ever allowed.
    pub(super) fn forget_consents(&mut self, subject: &str) {
        self.consents.remove_where(|(_, of), _| of == subject);
    }

    /// Removes the grants of a person, and returns them.
    pub(super) fn end_grants(&mut self, subject: &str) -> Vec<String> {
        self.grants.remove_where(|_, known| known.grant.subject == subject)
    }

    pub(super) fn rotate(&mut self, id: &str, rotate: Rotate, now: u64) -> Rotation {
        let Some(known) = self.grants.get_mut(id, now) else {
            return Rotation::Gone;
        };
        if known.grant.current != rotate.presented {
            return match &known.previous {
                Some(before) if before.secret == rotate.presented && now < before.until => {
                    Rotation::Again(before.next.clone())
                }
                _ => {
                    self.grants.remove(id);
                    Rotation::Reused
                }
            };
        }
        let Rotate { presented, next, expires_at, grace, client_key, dpop_jkt } = rotate;
        known.grant.dpop_jkt = known.grant.dpop_jkt.take().or(dpop_jkt);
        known.grant.current = SecretHash::of(next.expose());
        known.grant.client_key = client_key;
        known.grant.last_used = now;
        known.grant.expires_at = expires_at;
        let until = now.saturating_add(grace);
        known.previous = (grace > 0).then_some(Previous { secret: presented, next, until });
        let client_id = known.grant.client_id.clone();
        self.grants.postpone(id, expires_at);
        self.keep_client(&client_id, expires_at);
        Rotation::Rotated
    }

    pub(super) fn revoke(&mut self, id: &str) {
        self.grants.remove(id);
    }

    fn next_tick(&mut self) -> u64 {
        self.tick += 1;
        self.tick
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Authentication, ClientCredential};

    fn client(id: &str) -> Client {
        Client {
            id: id.into(),
            name: None,
            redirect_uris: vec![],
            grant_types: Client::for_people(true),
            scopes: ScopeSet::default(),
            credential: ClientCredential::None,
            secret_in_form: false,
            registered_at: 0,
            registration_token: None,
            require_par: false,
            dpop_bound: false,
        }
    }

    #[test]
    fn p28_flood_of_registrations_evicts_only_clients_without_a_consent() {
        let mut issued = Issued::new(Caps { clients: 3, ..Caps::default() });
        issued.register(client("used"), None, 0);
        let code = Code {
            client_id: "used".into(),
            subject: "developer".into(),
            redirect_uri: "http://localhost/cb".into(),
            code_challenge: "x".into(),
            resource: "http://localhost/mcp".into(),
            scopes: ScopeSet::parse_lossy("a"),
            refresh: true,
            authentication: Authentication::at(1),
            dpop_jkt: None,
            expires_at: 60,
        };
        issued.issue(SecretHash::of("k"), code, 0);
        for n in 0..100 {
            let evicted = issued.register(client(&format!("flood{n}")), None, 0).0.evicted;
            let oldest = (n >= 2).then(|| format!("flood{}", n - 2));
            assert_eq!(evicted, oldest.into_iter().collect::<Vec<_>>());
        }
        let (late, _) = issued.register(client("late"), None, super::UNUSED_LIFETIME + 1);
        assert!(late.evicted.is_empty(), "that one was over anyway");
        assert!(issued.client("used", 0).is_some());
        assert!(issued.client("flood97", 0).is_none());
        assert!(issued.client("flood99", 0).is_some());
        assert_eq!(issued.clients.len(), 3);
    }

    #[test]
    fn with_a_used_client_that_has_to_go_its_tokens_end_and_of_an_unused_one_there_are_none() {
        let mut issued = Issued::new(Caps { clients: 2, ..Caps::default() });
        for id in ["first", "second"] {
            issued.register(client(id), None, 0);
            issued.was_allowed(id, "developer", 60);
        }
        let (registered, revoked) = issued.register(client("third"), None, 1);
        assert_eq!(
            (registered.evicted, revoked),
            (vec!["first".into()], vec![Revoked::Client("first".into())])
        );
        let (registered, revoked) = issued.register(client("fourth"), None, 1);
        assert_eq!((registered.evicted, revoked), (vec!["third".into()], vec![]));
    }
}
