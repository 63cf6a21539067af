//! The list of accounts.

use std::time::{Duration, SystemTime};

use mcp_auth_issuer::AccountLine;

use crate::terminal::{Cell, Table};

/// A row for each account.
pub(super) fn table(accounts: &[AccountLine]) -> Table<5> {
    let mut table = Table::headed(0, ["NAME", "CALLED", "STATE", "LOGS IN WITH", "LAST LOGIN"]);
    for account in accounts {
        let called = account.display_name.as_deref().unwrap_or_default();
        let last = account.last_login.map_or_else(|| "never".to_owned(), written);
        table.row([
            Cell::from(&account.name),
            Cell::from(called),
            Cell::from(if account.disabled { "disabled" } else { "enabled" }),
            Cell::from(factors(account)),
            Cell::from(last),
        ]);
    }
    table
}

fn factors(account: &AccountLine) -> &'static str {
    match (account.has_password, account.has_one_time_codes, account.passkeys > 0) {
        (false, _, false) => "nothing yet",
        (false, _, true) => "passkey",
        (true, false, false) => "password",
        (true, true, false) => "password and code",
        (true, false, true) => "passkey, or password and passkey",
        (true, true, true) => "passkey, or password and code",
    }
}

/// A time in Unix seconds, as RFC 3339 writes it.
fn written(at: u64) -> String {
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_secs(at)).to_string()
}
