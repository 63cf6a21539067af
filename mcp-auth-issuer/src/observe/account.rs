//! Accounts: what an operator does with them, and what people change of how they log in.

use std::net::IpAddr;

use super::event::events;
use super::{Reason, Word};

events! {
    /// An operator made an account.
    AccountAdded<'a> = "account_added", INFO { subject: &'a str, by_link: bool }
    /// An operator disabled an account: its person may not log in, and their logins and grants ended.
    AccountDisabled<'a> = "account_disabled", WARN { subject: &'a str }
    /// An operator enabled an account again.
    AccountEnabled<'a> = "account_enabled", INFO { subject: &'a str }
    /// An operator took the password of an account away and had a link made: the logins and grants of its person ended.
    AccountReset<'a> = "account_reset", WARN { subject: &'a str, and_factors: bool }
    /// An operator deleted an account, with all that is kept of its person.
    AccountDeleted<'a> = "account_deleted", WARN { subject: &'a str }
    /// An operator logged a person out everywhere: their browser sessions and grants ended, and their access tokens are revoked.
    PersonLoggedOut<'a> = "person_logged_out", WARN { subject: &'a str }
    /// An operator deleted all that is kept of a person who has no account here.
    PersonDeleted<'a> = "person_deleted", WARN { subject: &'a str }
    /// A person set their password by a link.
    PasswordSet<'a> = "password_set", INFO { subject: &'a str, address: Option<IpAddr> }
    /// A link for a password was opened or used, and does not work, or the password cannot be chosen.
    PasswordLinkRefused<'a> = "password_link_refused", WARN {
        subject: Option<&'a str>, address: Option<IpAddr>, reason: Reason<'a>,
    }
    /// A person changed their password on their own page: their logins in other browsers ended.
    PasswordChanged<'a> = "password_changed", INFO { subject: &'a str, address: Option<IpAddr> }
    /// A person wanted to change their password, and the one that they have now was not right, or the new one cannot be chosen, or it was tried too often.
    PasswordChangeRefused<'a> = "password_change_refused", WARN {
        subject: &'a str, address: Option<IpAddr>, wait: Option<u64>, reason: Reason<'a>,
    }
    /// A person set up one-time codes, or added a passkey.
    SecondFactorSetUp<'a> = "second_factor_set_up", INFO { subject: &'a str, factor: Word, address: Option<IpAddr> }
    /// A person wanted to change a second factor, and could not.
    SecondFactorChangeRefused<'a> = "second_factor_change_refused", WARN {
        subject: &'a str, factor: Option<Word>, address: Option<IpAddr>, reason: Reason<'a>,
    }
    /// A person removed one-time codes or a passkey; with the last of either, the recovery codes too.
    SecondFactorRemoved<'a> = "second_factor_removed", WARN { subject: &'a str, factor: Word, address: Option<IpAddr> }
    /// A person had new recovery codes made; those of before do not count any more.
    RecoveryCodesRenewed<'a> = "recovery_codes_renewed", INFO { subject: &'a str, address: Option<IpAddr> }
}
