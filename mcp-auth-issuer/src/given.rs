//! What the configuration gives whom, in words that are compared with those of the last start: what is there no more is revoked. A word that
//! comes new revokes nothing. No word holds a secret.

use std::collections::{BTreeMap, BTreeSet};

use mcp_auth_core::ScopeSet;
use mcp_auth_core::own_claims::ROLES_CLAIM;
use mcp_auth_store::{ClientKeys, ConfiguredRights, GrantType, Revoked, SecretHash};
use serde_json::{Map, Value};

use crate::assertion::{AssertionOptions, AssertionProfile, Workload};
use crate::client::named::{NamedClient, NamedCredential};
use crate::client::scopes::Declared;
use crate::options::IssuerOptions;

/// So many digits of a hash tell two values apart. Nobody profits from two that share them.
const DIGITS: usize = 16;

/// Somebody may log in: one of a list, or all people.
pub(crate) const LOGIN: &str = "login";

/// Whom the login lets in, as far as the configuration says it.
pub(crate) struct LetIn {
    /// What tells the login from others.
    pub(crate) kind: String,
    /// The people.
    pub(crate) people: People,
}

/// The people whom a login lets in.
pub(crate) struct People {
    /// Those whom the configuration names, by `sub` of our tokens.
    pub(crate) listed: Vec<String>,
    /// What lets in others, or gives all of them something: a word for each.
    pub(crate) rules: Vec<String>,
}

impl People {
    /// These alone.
    pub(crate) fn listed(listed: Vec<String>) -> Self {
        Self { listed, rules: Vec::new() }
    }

    /// Any person that the login knows.
    pub(crate) fn any() -> Self {
        Self { listed: Vec::new(), rules: vec![LOGIN.to_owned()] }
    }
}

/// What `options` give whom.
pub(crate) fn rights(options: &IssuerOptions, let_in: &LetIn, scopes: &Declared) -> ConfiguredRights {
    let mut all = ConfiguredRights::new();
    all.insert(Revoked::People, of_all_people(options, let_in));
    for person in &let_in.people.listed {
        all.entry(Revoked::Person(person.clone())).or_default().insert(LOGIN.to_owned());
    }
    for (subject, claims) in &options.claims {
        let rights = of_claims(claims);
        if !rights.is_empty() {
            all.entry(Revoked::Person(subject.clone())).or_default().extend(rights);
        }
    }
    let of_clients: BTreeMap<&str, BTreeSet<String>> = options
        .clients
        .iter()
        .map(|client| (client.id.as_str(), of_client(client, &options.assertions, scopes)))
        .collect();
    for client in &options.clients {
        let mut rights = of_clients.get(client.id.as_str()).cloned().unwrap_or_default();
        // What it got for tokens of another client ends as those do, also if that one got them in exchange.
        for from in exchanged_from(client, &options.clients) {
            let of_other = of_clients.get(from).into_iter().flatten();
            rights.extend(of_other.map(|right| format!("{right} of {from}")));
        }
        all.insert(Revoked::Client(client.id.clone()), rights);
    }
    for assertions in &options.assertions {
        for workload in assertions.workloads() {
            let rights = of_workload(assertions, workload, scopes);
            all.insert(Revoked::Client(workload.client_id.clone()), rights);
        }
    }
    all
}

/// The other clients whose tokens, or what these were exchanged for, this client may exchange.
fn exchanged_from<'a>(client: &'a NamedClient, clients: &'a [NamedClient]) -> BTreeSet<&'a str> {
    let (mut all, mut next) = (BTreeSet::new(), vec![client]);
    while let Some(one) = next.pop() {
        for from in &one.exchange_from {
            if *from != client.id && all.insert(from.as_str()) {
                next.extend(clients.iter().filter(|other| other.id == *from));
            }
        }
    }
    all
}

/// What holds for all people, or for some whom the configuration does not name.
fn of_all_people(options: &IssuerOptions, let_in: &LetIn) -> BTreeSet<String> {
    let mut rights = BTreeSet::from([format!("login by {}", let_in.kind)]);
    rights.extend(let_in.people.rules.iter().cloned());
    if options.client_documents.enabled {
        rights.insert("client_documents".to_owned());
    }
    rights
}

/// The roles of a subject, and what else its tokens say.
fn of_claims(claims: &Map<String, Value>) -> BTreeSet<String> {
    let each = claims.iter().flat_map(|(name, value)| match value {
        Value::Array(roles) if name == ROLES_CLAIM => {
            roles.iter().filter_map(Value::as_str).map(|role| format!("role {role}")).collect()
        }
        // Of a claim only the program knows which value gives more.
        value => vec![format!("claim {name} ({})", digits(&value.to_string()))],
    });
    each.collect()
}

fn of_client(client: &NamedClient, trusted: &[AssertionOptions], scopes: &Declared) -> BTreeSet<String> {
    let mut rights = with_implied(&client.scopes, scopes);
    rights.extend(client.grant_types.iter().map(|grant| format!("grant type {}", grant.as_str())));
    rights.extend(client.redirect_uris.iter().map(|uri| format!("redirect_uri {}", uri.as_str())));
    let way = match &client.credential {
        NamedCredential::Public => "public",
        NamedCredential::Secret(_) | NamedCredential::SecretHash(_) => "client_secret",
        NamedCredential::Keys(ClientKeys::Set(_)) => "jwks",
        NamedCredential::Keys(ClientKeys::At(_)) => "jwks_uri",
    };
    rights.insert(format!("authentication by {way}"));
    rights.extend(client.exchange_from.iter().map(|from| format!("exchange_from {from}")));
    if client.grant_types.contains(&GrantType::JwtBearer) {
        let of_people = trusted.iter().filter(|one| matches!(one.profile, AssertionProfile::IdJag));
        rights.extend(of_people.map(|one| format!("assertions of {}", one.issuer)));
    }
    rights
}

fn of_workload(assertions: &AssertionOptions, workload: &Workload, scopes: &Declared) -> BTreeSet<String> {
    let mut rights = with_implied(&workload.scopes, scopes);
    rights.insert(format!("assertions of {}", assertions.issuer));
    rights.insert(format!("subject {}", workload.subject));
    // Another release may write them otherwise, and the program then asks for another token.
    rights.insert(format!("require_claims ({})", digits(&format!("{:?}", workload.require_claims))));
    rights
}

/// Each scope, and those that it implies: a wider one gives what a narrower one gave.
fn with_implied(held: &ScopeSet, scopes: &Declared) -> BTreeSet<String> {
    let each = held.iter().flat_map(|scope| std::iter::once(scope).chain(scopes.implied_by(scope)));
    each.map(|scope| format!("scope {scope}")).collect()
}

fn digits(value: &str) -> String {
    let mut digits = SecretHash::of(value).digits();
    digits.truncate(DIGITS);
    digits
}
