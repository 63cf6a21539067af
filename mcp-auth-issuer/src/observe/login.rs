//! A person logs in, or does not, and logs out.

use std::net::IpAddr;

use super::event::events;
use super::{Reason, Word};

events! {
    /// A person logged in.
    LoginSucceeded<'a> = "login_succeeded", INFO {
        subject: &'a str, amr: &'a [String], acr: Option<&'a str>, client_id: Option<&'a str>, address: Option<IpAddr>,
    }
    /// A login did not prove who the person is, or they may not log in here.
    LoginRefused<'a> = "login_refused", WARN {
        subject: Option<&'a str>, client_id: Option<&'a str>, address: Option<IpAddr>, reason: Reason<'a>,
    }
    /// A login was not looked at: it is tried too often for this account, or from this address.
    LoginLimited<'a> = "login_limited", WARN { client_id: Option<&'a str>, address: Option<IpAddr>, wait: u64 }
    /// A person gave a login up: on its page, or on the other page that it led to.
    LoginCancelled<'a> = "login_cancelled", INFO { client_id: Option<&'a str>, address: Option<IpAddr> }
    /// The provider that people log in at knows the person, and no list of `allow` names them: what they lack for each. A `login_refused` follows.
    PersonNotAdmitted<'a> = "person_not_admitted", WARN {
        assertion_issuer: &'a str, assertion_subject: &'a str, missing: &'a [String],
    }
    /// A second factor was wrong, or was used before. Whoever tried it had the password.
    SecondFactorRefused<'a> = "second_factor_refused", WARN {
        subject: &'a str, address: Option<IpAddr>, reason: Reason<'a>,
    }
    /// A second factor was not looked at: it is tried too often. Whoever tried it had the password.
    SecondFactorLimited<'a> = "second_factor_limited", WARN { subject: &'a str, address: Option<IpAddr>, wait: u64 }
    /// A person logged in with a recovery code, which is used up.
    RecoveryCodeUsed<'a> = "recovery_code_used", WARN { subject: &'a str, left: u64, address: Option<IpAddr> }
    /// A person logged out.
    LoggedOut<'a> = "logged_out", INFO { subject: &'a str, everywhere: bool, address: Option<IpAddr> }
    /// A request for a page of a person was not taken: it came from another site or another browser, or too late, or twice.
    PageRefused<'a> = "page_refused", WARN { page: Word, address: Option<IpAddr>, reason: Reason<'a> }
}
