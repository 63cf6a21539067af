//! Starts the issuer of a server: with the keys that all servers on its store share, and without what the configuration gives no more.
//!
//! A token says what the configuration gave when it was issued, and a server verifies it without asking. So what was given at the last start is
//! in the store, and who is given less now loses the access tokens of before. Refreshing asks the configuration by itself.

use std::collections::HashSet;
use std::sync::Arc;

use mcp_auth_runtime::facade::{LocalIssuer, LocalIssuerSetup};
use mcp_auth_store::{Revoked, Store, StoreError, Withdrawn};

use crate::build::{Built, IssuerError, built, built_with};
use crate::given::LOGIN;
use crate::observe::token::AccessWithdrawn;
use crate::observe::{Event as _, Reason};
use crate::options::IssuerOptions;
use crate::person::Login;

/// Starts the issuer of a server: as [`build`](crate::build()), with the signing keys that all servers on the store share
/// ([`KeySource::shared`](crate::KeySource::shared)).
///
/// Who is given less than at the last start on this store loses the access tokens of before, here at once and in others on the store within
/// `store.revocation_lag`: clients of [`IssuerOptions::clients`], workloads, subjects of [`IssuerOptions::claims`], and people whom the login
/// lets in no more. A client that is not named any more, and a person who is not let in any more, lose their grants too. A store in memory knows of no start before.
///
/// # Errors
/// [`IssuerError`]; also where the store cannot be read.
pub async fn start(setup: LocalIssuerSetup, options: IssuerOptions) -> Result<LocalIssuer, IssuerError> {
    started(setup, options, built).await
}

/// As [`start`], with a login of the program's own; [`IssuerOptions::login`] does not count.
///
/// # Errors
/// As [`start`].
pub async fn start_with(
    setup: LocalIssuerSetup,
    options: IssuerOptions,
    login: Arc<dyn Login>,
) -> Result<LocalIssuer, IssuerError> {
    started(setup, options, |setup, options| built_with(setup, options, login)).await
}

async fn started(
    setup: LocalIssuerSetup,
    options: IssuerOptions,
    build: impl FnOnce(LocalIssuerSetup, IssuerOptions) -> Result<Built, IssuerError>,
) -> Result<LocalIssuer, IssuerError> {
    let (store, clock) = (setup.store.clone(), Arc::clone(&setup.ambient.clock));
    let signing_key = options.signing_key.shared(&store, options.signing_alg, clock.unix_now()).await?;
    // What is not valid is not compared.
    let Built { issuer, rights, fetches } = build(setup, IssuerOptions { signing_key, ..options })?;
    // Who installs a server sees here that it can fetch nothing, and not at the first login.
    if let Some(fetches) = fetches {
        fetches.prepare().await;
    }
    let named: HashSet<Revoked> = rights.keys().cloned().collect();
    let withdrawn = store.configured_access().configure(rights, clock.unix_now()).await;
    for one in withdrawn.map_err(IssuerError::Store)? {
        end(&store, &one, &named, clock.unix_now()).await.map_err(IssuerError::Store)?;
        tell(&one);
    }
    Ok(issuer)
}

/// Ends all that a client has that is not `named` any more, and all that a person has who is not let in any more: where the same name comes back,
/// a refresh token of before, which may have been copied, does not. A start that fails here does so again at the next one.
async fn end(
    store: &Store,
    withdrawn: &Withdrawn,
    named: &HashSet<Revoked>,
    now: u64,
) -> Result<(), StoreError> {
    match &withdrawn.of {
        Revoked::Client(client_id) if !named.contains(&withdrawn.of) => {
            store.known_clients().end_codes(client_id, now).await?;
            store.clients().remove(client_id, now).await
        }
        Revoked::Person(subject) if withdrawn.lost.contains(LOGIN) => store.end_person(subject, now).await,
        _ => Ok(()),
    }
}

/// Tells the operator who lost what.
fn tell(withdrawn: &Withdrawn) {
    let lost: Vec<&str> = withdrawn.lost.iter().map(String::as_str).collect();
    let why = format!("the configuration does not give this any more: {}", lost.join(", "));
    let (client_id, subject) = match &withdrawn.of {
        Revoked::Client(client_id) => (Some(&**client_id), None),
        Revoked::Person(subject) => (None, Some(&**subject)),
        Revoked::ClientOfPerson { client_id, subject } => (Some(&**client_id), Some(&**subject)),
        Revoked::People | Revoked::Grant(_) | Revoked::Token(_) => (None, None),
    };
    AccessWithdrawn { client_id, subject, reason: Reason::Refused(&why) }.happened();
}
