//! Accounts in memory.

use std::collections::{HashMap, HashSet};

use super::store::locked;
use crate::aggregate::MOST_ACCOUNTS;
use crate::{Account, AccountChange, Accounts, Changed, Creation, MemoryStore, SecretHash, StoreFuture};

/// The accounts, and the names of deleted ones.
#[derive(Default)]
pub(super) struct KnownAccounts {
    accounts: HashMap<SecretHash, Account>,
    deleted: HashSet<SecretHash>,
    /// Whose account has which passkey.
    passkeys: HashMap<SecretHash, SecretHash>,
}

impl Accounts for MemoryStore {
    fn create(&self, id: SecretHash, account: Account, _: u64) -> StoreFuture<'_, Creation> {
        Box::pin(async move {
            let mut known = locked(&self.accounts);
            if known.accounts.contains_key(&id) {
                return Ok(Creation::Exists);
            }
            if known.deleted.contains(&id) {
                return Ok(Creation::WasDeleted);
            }
            if known.accounts.len() + known.deleted.len() >= MOST_ACCOUNTS {
                return Ok(Creation::Full);
            }
            known.passkeys.extend(account.passkeys().map(|passkey| (passkey.hash(), id)));
            known.accounts.insert(id, account);
            Ok(Creation::Created)
        })
    }

    fn find(&self, id: SecretHash) -> StoreFuture<'_, Option<Account>> {
        Box::pin(async move { Ok(locked(&self.accounts).accounts.get(&id).cloned()) })
    }

    fn find_by_passkey(&self, passkey: SecretHash) -> StoreFuture<'_, Option<(SecretHash, Account)>> {
        Box::pin(async move {
            let known = locked(&self.accounts);
            let id = known.passkeys.get(&passkey).copied();
            Ok(id.and_then(|id| known.accounts.get(&id).map(|account| (id, account.clone()))))
        })
    }

    fn list(&self, page: u8) -> StoreFuture<'_, Vec<Account>> {
        Box::pin(async move {
            let known = locked(&self.accounts);
            let on_page = known.accounts.iter().filter(|(id, _)| id.as_bytes()[0] == page);
            let mut listed: Vec<Account> = on_page.map(|(_, account)| account.clone()).collect();
            listed.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(listed)
        })
    }

    fn change(&self, id: SecretHash, change: AccountChange, now: u64) -> StoreFuture<'_, Changed> {
        Box::pin(async move {
            let mut known = locked(&self.accounts);
            let Some(kept) = known.accounts.get(&id) else { return Ok(Changed::Unknown) };
            let mut account = kept.clone();
            let is_of_another = match &change {
                AccountChange::AddPasskey { passkey, .. } => known.passkeys.contains_key(&passkey.hash()),
                _ => false,
            };
            if is_of_another || !change.apply(&mut account, now) {
                return Ok(Changed::Refused);
            }
            known.passkeys.retain(|_, of| *of != id);
            known.passkeys.extend(account.passkeys().map(|passkey| (passkey.hash(), id)));
            known.accounts.insert(id, account);
            Ok(Changed::Done)
        })
    }

    fn delete(&self, id: SecretHash, _: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let mut known = locked(&self.accounts);
            let was_there = known.accounts.remove(&id).is_some();
            if was_there {
                known.deleted.insert(id);
                known.passkeys.retain(|_, of| *of != id);
            }
            Ok(was_there)
        })
    }
}
