//! What an operator does with any person, whichever login they use: sees them, logs them out, deletes them.

use std::collections::BTreeMap;

use mcp_auth_core::ambient::Ambient;
use mcp_auth_store::{AccountChange, Linked, Person, SecretHash, Store};
use serde::Serialize;

use super::accounts::{AccountLine, AccountState, ManageError, account_id, all_accounts};
use crate::observe::Event as _;
use crate::observe::account::{AccountDeleted, PersonDeleted, PersonLoggedOut};

/// The people of an issuer, as its store knows them. For an operator's command, beside the server.
///
/// # Example
/// ```
/// # use mcp_auth_issuer::{Caps, People, Store};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), mcp_auth_issuer::ManageError> {
/// let ambient = mcp_auth_core::ambient::Ambient::system();
/// let people = People::new(Store::memory(Caps::default()), ambient, "https://mcp.example.com");
/// assert!(people.list().await?.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct People {
    store: Store,
    ambient: Ambient,
    issuer: String,
}

/// A person, as a list shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PersonLine {
    /// The `sub` of their tokens, which is also the name of their account, if they have one.
    pub name: String,
    /// What pages call them.
    pub display_name: Option<String>,
    /// The login that they used last: `accounts`, `development`, `program`, `own` with the application, `upstream` with the provider; none
    /// where they have an account and never logged in.
    pub login: Option<String>,
    /// Who they are at the provider that they logged in at.
    pub linked: Option<Linked>,
    /// How many grants can be refreshed.
    pub grants: u64,
    /// When they logged in, or a client of theirs refreshed last, in Unix seconds.
    pub last_used: Option<u64>,
    /// Their account, if they have one.
    #[serde(flatten)]
    pub account: Option<AccountState>,
}

impl PersonLine {
    /// One of whom nothing else is known yet.
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            display_name: None,
            login: None,
            linked: None,
            grants: 0,
            last_used: None,
            account: None,
        }
    }

    fn is(&mut self, person: Person) {
        (self.login, self.linked, self.grants) = (person.login, person.linked, person.grants);
        self.display_name = self.display_name.take().or(person.name);
        self.last_used = self.last_used.max(person.last_used);
    }

    fn has(&mut self, account: AccountLine) {
        self.display_name = account.display_name.or(self.display_name.take());
        self.last_used = self.last_used.max(account.state.last_login);
        self.account = Some(account.state);
    }
}

impl People {
    /// The people in `store`, of the issuer with this identifier.
    pub fn new(store: Store, ambient: Ambient, issuer: impl Into<String>) -> Self {
        Self { store, ambient, issuer: issuer.into() }
    }

    fn now(&self) -> u64 {
        self.ambient.clock.unix_now()
    }

    /// Everybody who has an account, or of whom a login, a consent or a grant is kept, by name.
    ///
    /// # Errors
    /// [`ManageError::Store`].
    pub async fn list(&self) -> Result<Vec<PersonLine>, ManageError> {
        let mut all = BTreeMap::new();
        let entry = |name: &String| PersonLine::new(name);
        for person in self.store.people().list(self.now()).await? {
            all.entry(person.subject.clone()).or_insert_with_key(entry).is(person);
        }
        for account in all_accounts(&self.store).await? {
            all.entry(account.name.clone()).or_insert_with_key(entry).has(account);
        }
        Ok(all.into_values().collect())
    }

    /// The person of this name: of an account, with whatever capital letters, or else exactly the `sub` of their tokens.
    ///
    /// # Errors
    /// [`ManageError::Store`].
    pub async fn find(&self, name: &str) -> Result<Option<PersonLine>, ManageError> {
        let (subject, _) = self.known_as(name).await?;
        Ok(self.list().await?.into_iter().find(|line| line.name == subject))
    }

    /// Ends all that a person is logged in with, and what they allowed: browser sessions, codes, grants, what a client would get again without a
    /// question, and calls that wait for them. Their access tokens are revoked. They can log in again.
    ///
    /// # Errors
    /// [`ManageError::Nobody`], [`ManageError::Store`].
    pub async fn log_out(&self, name: &str) -> Result<(), ManageError> {
        let (subject, _) = self.known_as(name).await?;
        self.exists(&subject).await?;
        self.store.end_all_of_person(&subject, self.now()).await?;
        PersonLoggedOut { subject: &subject }.happened();
        Ok(())
    }

    /// Deletes all that is kept of a person, with their account, if they have one; then its name is not given again. One who logs in elsewhere
    /// can log in again, as somebody new.
    ///
    /// # Errors
    /// [`ManageError::Nobody`], [`ManageError::Store`]; some of it may be gone then, and to do it again goes on.
    pub async fn delete(&self, name: &str) -> Result<(), ManageError> {
        let (subject, account) = self.known_as(name).await?;
        let Some(id) = account else {
            self.exists(&subject).await?;
            self.store.forget_person(&self.issuer, &subject, self.now()).await?;
            PersonDeleted { subject: &subject }.happened();
            return Ok(());
        };
        // It is there until all else is gone, so that a deletion that was broken off can be done again.
        self.store.accounts().change(id, AccountChange::Disable, self.now()).await?;
        self.store.forget_person(&self.issuer, &subject, self.now()).await?;
        self.store.accounts().delete(id, self.now()).await?;
        AccountDeleted { subject: &subject }.happened();
        Ok(())
    }

    /// The subject of the person of this name, and the account that is called so, if there is one. A name that a person of another login has
    /// exactly so is not taken for that of an account with other capital letters.
    async fn known_as(&self, name: &str) -> Result<(String, Option<SecretHash>), ManageError> {
        let id = account_id(name);
        let Some(account) = self.store.accounts().find(id).await? else { return Ok((name.to_owned(), None)) };
        // What cannot be told is not "nobody": the command would be for another person.
        match account.name != name && self.has_logged_in(name).await? {
            true => Ok((name.to_owned(), None)),
            false => Ok((account.name, Some(id))),
        }
    }

    /// Verifies that there is an account of exactly this name, or that a login, a consent or a grant of this person is kept.
    async fn exists(&self, subject: &str) -> Result<(), ManageError> {
        let account = self.store.accounts().find(account_id(subject)).await?;
        match account.is_some_and(|account| account.name == subject) || self.has_logged_in(subject).await? {
            true => Ok(()),
            false => Err(ManageError::Nobody),
        }
    }

    async fn has_logged_in(&self, subject: &str) -> Result<bool, ManageError> {
        let people = self.store.people().list(self.now()).await?;
        Ok(people.iter().any(|person| person.subject == subject))
    }
}
