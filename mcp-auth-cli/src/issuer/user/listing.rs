//! The list of people.

use std::borrow::Cow;

use mcp_auth_issuer::{AccountState, PersonLine};

use crate::issuer::time::written;
use crate::terminal::{Cell, Table};

/// A row for each person.
pub(super) fn table(people: &[PersonLine]) -> Table<6> {
    let mut table = Table::headed(0, ["NAME", "CALLED", "STATE", "LOGS IN WITH", "GRANTS", "LAST USE"]);
    for person in people {
        let state = match &person.account {
            Some(AccountState { disabled: true, .. }) => "disabled",
            Some(_) => "enabled",
            None => "",
        };
        table.row([
            Cell::from(&person.name),
            Cell::from(person.display_name.as_deref().unwrap_or_default()),
            Cell::from(state),
            Cell::from(login(person)),
            Cell::from(person.grants.to_string()),
            Cell::from(person.last_used.map_or_else(|| "never".to_owned(), written)),
        ]);
    }
    table
}

/// What a person logs in with: the factors of their account, or the other login, with who they are there.
pub(super) fn login(person: &PersonLine) -> Cow<'static, str> {
    if let Some(account) = &person.account {
        return factors(account).into();
    }
    let login = person.login.as_deref().unwrap_or("a login that is not known any more");
    match &person.linked {
        Some(linked) => format!("{login} as {}", linked.subject).into(),
        None => login.to_owned().into(),
    }
}

fn factors(account: &AccountState) -> &'static str {
    match (account.has_password, account.has_one_time_codes, account.passkeys > 0) {
        (false, _, false) => "nothing yet",
        (false, _, true) => "passkey",
        (true, false, false) => "password",
        (true, true, false) => "password and code",
        (true, false, true) => "passkey, or password and passkey",
        (true, true, true) => "passkey, or password and code",
    }
}
