//! Accounts. Their passwords are hashes, and encrypted all the same; so are the secrets of one-time codes.

use mcp_auth_core::SecretText;
use serde::{Deserialize, Serialize};

use super::record::{changed, content, gone, put, read, removed};
use super::rows::{Before, Content, Key, MOST, Row, Write};
use super::store::Durable;
use crate::aggregate::MOST_ACCOUNTS;
use crate::{Account, AccountChange, Accounts, Changed, Creation, SecretHash, StoreError, StoreFuture};

/// All accounts, and the names of deleted ones.
const ALL: &str = "accounts";

/// What is sealed of an account.
#[derive(Serialize, Deserialize)]
struct Sealed {
    password: Option<String>,
    totp: Option<String>,
    totp_to_confirm: Option<String>,
}

fn key(id: SecretHash) -> Key {
    Key::new("accounts", id.digits())
}

/// The row that says that a name was given once.
fn deleted_key(id: SecretHash) -> Key {
    Key::new("deleted_accounts", id.digits())
}

/// The row that says which account has a passkey.
fn passkey_key(passkey: SecretHash) -> Key {
    Key::new("passkeys", passkey.digits())
}

/// Whose account has a passkey.
#[derive(Serialize, Deserialize)]
struct HeldBy {
    account: SecretHash,
}

/// The accounts of one page.
fn group(page: u8) -> String {
    format!("accounts of page {page}")
}

impl Accounts for Durable {
    fn create(&self, id: SecretHash, account: Account, now: u64) -> StoreFuture<'_, Creation> {
        Box::pin(async move {
            let most = u64::try_from(MOST_ACCOUNTS).unwrap_or(u64::MAX);
            let is_full = self.rows.count(ALL.to_owned(), 0).await? >= most;
            let keys = [key(id), deleted_key(id)];
            let passkeys = changed_passkeys(id, &Account::new("", 0), &account)?;
            let mut kept = content(&account, MOST)?;
            kept.sealed = Some(self.sealed(&keys[0], &account)?);
            kept.groups = vec![ALL.to_owned(), group(id.as_bytes()[0])];
            self.step(&keys, now, |rows| match (&rows[0], &rows[1]) {
                (Some(_), _) => Ok((Creation::Exists, vec![])),
                (None, Some(_)) => Ok((Creation::WasDeleted, vec![])),
                (None, None) if is_full => Ok((Creation::Full, vec![])),
                (None, None) => {
                    // It has to be absent still: another one of this name may be made and deleted meanwhile.
                    let never = Write { key: keys[1].clone(), before: Before::Absent, after: None };
                    let mut writes = vec![put(&keys[0], None, kept.clone()), never];
                    writes.extend(passkeys.clone());
                    Ok((Creation::Created, writes))
                }
            })
            .await
        })
    }

    fn find(&self, id: SecretHash) -> StoreFuture<'_, Option<Account>> {
        Box::pin(async move {
            let row = self.row(key(id)).await?;
            row.as_ref().map(|row| self.account(row)).transpose()
        })
    }

    fn find_by_passkey(&self, passkey: SecretHash) -> StoreFuture<'_, Option<(SecretHash, Account)>> {
        Box::pin(async move {
            let Some(row) = self.row(passkey_key(passkey)).await? else { return Ok(None) };
            let HeldBy { account: id } = read(&row)?;
            // An older release may have deleted the account, and left this row.
            let account = self.find(id).await?.filter(|account| account.passkey(passkey).is_some());
            Ok(account.map(|account| (id, account)))
        })
    }

    fn list(&self, page: u8) -> StoreFuture<'_, Vec<Account>> {
        Box::pin(async move {
            let rows = self.rows.first_of(group(page), MOST_ACCOUNTS).await?;
            let mut listed: Vec<Account> =
                rows.iter().map(|row| self.account(row)).collect::<Result<_, _>>()?;
            listed.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(listed)
        })
    }

    fn change(&self, id: SecretHash, change: AccountChange, now: u64) -> StoreFuture<'_, Changed> {
        Box::pin(async move {
            let mut keys = vec![key(id)];
            if let AccountChange::AddPasskey { passkey, .. } = &change {
                keys.push(passkey_key(passkey.hash()));
            }
            self.step(&keys, now, |rows| {
                let Some(row) = &rows[0] else { return Ok((Changed::Unknown, vec![])) };
                let is_of_another = rows.get(1).is_some_and(Option::is_some);
                let before = self.account(row)?;
                let mut account = before.clone();
                if is_of_another || !change.apply(&mut account, now) {
                    return Ok((Changed::Refused, vec![]));
                }
                let sealed = Some(self.sealed(&row.key, &account)?);
                let after = Content { sealed, ..changed(row, &account, MOST)? };
                let mut writes = vec![put(&row.key, Some(row), after)];
                writes.extend(changed_passkeys(id, &before, &account)?);
                Ok((Changed::Done, writes))
            })
            .await
        })
    }

    fn delete(&self, id: SecretHash, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let keys = [key(id), deleted_key(id)];
            let mut name = content(&serde_json::json!({}), MOST)?;
            name.groups = vec![ALL.to_owned()];
            self.step(&keys, now, |rows| match &rows[0] {
                Some(row) => {
                    let mut writes = vec![removed(row), put(&keys[1], rows[1].as_ref(), name.clone())];
                    let account: Account = read(row)?;
                    writes.extend(account.passkeys().map(|passkey| gone(passkey_key(passkey.hash()))));
                    Ok((true, writes))
                }
                None => Ok((false, vec![])),
            })
            .await
        })
    }
}

/// The rows of passkeys that an account has after a change and had not before, and the other way round. They are only written with the
/// account's own row, so two changes never touch one of them at once.
fn changed_passkeys(id: SecretHash, before: &Account, after: &Account) -> Result<Vec<Write>, StoreError> {
    let mut writes = Vec::new();
    for new in after.passkeys().filter(|new| before.passkey(new.hash()).is_none()) {
        let held = content(&HeldBy { account: id }, MOST)?;
        writes.push(put(&passkey_key(new.hash()), None, held));
    }
    let lost = before.passkeys().filter(|old| after.passkey(old.hash()).is_none());
    writes.extend(lost.map(|old| gone(passkey_key(old.hash()))));
    Ok(writes)
}

impl Durable {
    fn account(&self, row: &Row) -> Result<Account, StoreError> {
        let account: Account = read(row)?;
        let sealed = self.unseal(&row.key, row.content.sealed.as_deref())?;
        let sealed: Sealed = serde_json::from_slice(&sealed).map_err(StoreError::new)?;
        let secret = |text: Option<String>| text.map(SecretText::new);
        Ok(Account {
            password: secret(sealed.password),
            totp: secret(sealed.totp),
            totp_to_confirm: secret(sealed.totp_to_confirm),
            ..account
        })
    }

    fn sealed(&self, key: &Key, account: &Account) -> Result<Vec<u8>, StoreError> {
        let text = |secret: &Option<SecretText>| secret.as_ref().map(|secret| secret.expose().to_owned());
        let sealed = Sealed {
            password: text(&account.password),
            totp: text(&account.totp),
            totp_to_confirm: text(&account.totp_to_confirm),
        };
        self.seal(key, &serde_json::to_vec(&sealed).map_err(StoreError::new)?)
    }
}
