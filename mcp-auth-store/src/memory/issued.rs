//! Clients, codes and grants share one lock, because issuing a code uses a client and redeeming it makes a grant.

use std::collections::{BTreeMap, HashMap};

use mcp_auth_core::ScopeSet;

use super::bounded::Bounded;
use crate::aggregate::REPLAY_MEMORY;
use crate::{Caps, Client, Code, Grant, Redemption, Rotate, Rotation, SecretHash};

pub(super) struct Issued {
    max_clients: usize,
    clients: HashMap<String, KnownClient>,
    /// Counts registrations and uses, to order those within the same second.
    tick: u64,
    codes: Bounded<SecretHash, KnownCode>,
    grants: Bounded<String, Grant>,
}

struct KnownClient {
    client: Client,
    last_used: u64,
    /// The scopes that each person has allowed this client. It is empty until a person allows it something.
    allowed: BTreeMap<String, ScopeSet>,
}

struct KnownCode {
    code: Code,
    used: bool,
    grant: Option<String>,
}

impl Issued {
    pub(super) fn new(caps: Caps) -> Self {
        Self {
            max_clients: caps.clients.max(1),
            clients: HashMap::new(),
            tick: 0,
            codes: Bounded::new(caps.codes),
            grants: Bounded::new(caps.grants),
        }
    }

    pub(super) fn register(&mut self, client: Client) {
        if self.clients.len() >= self.max_clients {
            let oldest = self.clients.iter().min_by_key(|(_, c)| (!c.allowed.is_empty(), c.last_used));
            if let Some(id) = oldest.map(|(id, _)| id.clone()) {
                self.clients.remove(&id);
            }
        }
        let known = KnownClient { client, last_used: self.next_tick(), allowed: BTreeMap::new() };
        self.clients.insert(known.client.id.clone(), known);
    }

    pub(super) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.get(id).map(|known| &known.client)
    }

    pub(super) fn allowed(&self, subject: &str, client_id: &str) -> ScopeSet {
        let known = self.clients.get(client_id);
        known.and_then(|known| known.allowed.get(subject)).cloned().unwrap_or_default()
    }

    pub(super) fn is_allowed_by_anyone(&self, client_id: &str) -> bool {
        self.clients.get(client_id).is_some_and(|known| !known.allowed.is_empty())
    }

    pub(super) fn issue(&mut self, hash: SecretHash, code: Code, now: u64) {
        let tick = self.next_tick();
        if let Some(known) = self.clients.get_mut(&code.client_id) {
            known.last_used = tick;
            let allowed = known.allowed.entry(code.subject.clone()).or_default();
            allowed.extend(code.scopes.iter().cloned());
        }
        let forget_at = code.expires_at.saturating_add(REPLAY_MEMORY);
        self.codes.insert(hash, KnownCode { code, used: false, grant: None }, forget_at, now);
    }

    pub(super) fn code(&self, hash: SecretHash) -> Option<&Code> {
        self.codes.peek(&hash).map(|known| &known.code)
    }

    pub(super) fn redeem(&mut self, hash: SecretHash, grant: Option<Grant>, now: u64) -> Redemption {
        let Some(known) = self.codes.peek_mut(&hash) else {
            return Redemption::Gone;
        };
        if known.used {
            if let Some(id) = &known.grant {
                self.grants.remove(id);
            }
            return Redemption::Replayed;
        }
        if known.code.expires_at <= now {
            return Redemption::Gone;
        }
        known.used = true;
        known.grant = grant.as_ref().map(|grant| grant.id.clone());
        if let Some(grant) = grant {
            let expires_at = grant.expires_at;
            self.grants.insert(grant.id.clone(), grant, expires_at, now);
        }
        Redemption::First
    }

    pub(super) fn grant(&self, id: &str, now: u64) -> Option<&Grant> {
        self.grants.get(id, now)
    }

    pub(super) fn rotate(&mut self, id: &str, rotate: Rotate, now: u64) -> Rotation {
        let Some(grant) = self.grants.get_mut(id, now) else {
            return Rotation::Gone;
        };
        if grant.current != rotate.presented {
            self.grants.remove(id);
            return Rotation::Reused;
        }
        grant.current = rotate.next;
        grant.expires_at = rotate.expires_at;
        self.grants.postpone(id, rotate.expires_at);
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
    use crate::GrantTypes;

    fn client(id: &str) -> Client {
        Client {
            id: id.into(),
            name: None,
            redirect_uris: vec![],
            grant_types: GrantTypes::AuthorizationCode { refresh: true },
            secret: None,
        }
    }

    #[test]
    fn p28_flood_of_registrations_evicts_only_clients_without_a_consent() {
        let mut issued = Issued::new(Caps { clients: 3, ..Caps::default() });
        issued.register(client("used"));
        let code = Code {
            client_id: "used".into(),
            subject: "developer".into(),
            redirect_uri: "http://localhost/cb".into(),
            code_challenge: "x".into(),
            resource: "http://localhost/mcp".into(),
            scopes: ScopeSet::parse_lossy("a"),
            auth_time: 1,
            expires_at: 60,
        };
        issued.issue(SecretHash::of("k"), code, 0);
        for n in 0..100 {
            issued.register(client(&format!("flood{n}")));
        }
        assert!(issued.client("used").is_some());
        assert!(issued.client("flood97").is_none());
        assert!(issued.client("flood99").is_some());
        assert_eq!(issued.clients.len(), 3);
    }
}
