//! A person connects an account at a provider that a tool acts at.

use std::net::IpAddr;

use super::event::events;
use super::field::Reason;

events! {
    /// A person connected an account at a provider. `account` is what the `sub` of who logs in with it would be.
    AccountConnected<'a> = "account_connected", INFO {
        subject: &'a str, upstream: &'a str, account: &'a str, client_id: Option<&'a str>, tool: &'a str, address: Option<IpAddr>,
    }
    /// A person disconnected an account at `/account`: nothing that its provider gave is kept.
    AccountDisconnected<'a> = "account_disconnected", INFO {
        subject: &'a str, upstream: &'a str, address: Option<IpAddr>,
    }
    /// A person did not want to connect an account. Without `subject` they did not log in.
    ConnectionDenied<'a> = "connection_denied", INFO {
        subject: Option<&'a str>, upstream: &'a str, client_id: Option<&'a str>, tool: &'a str, address: Option<IpAddr>,
    }
    /// No account was connected: the provider failed, the account is not among those of `allow`, or the person came back without one.
    ConnectionFailed<'a> = "connection_failed", WARN {
        subject: &'a str, upstream: &'a str, client_id: Option<&'a str>, tool: &'a str, address: Option<IpAddr>, reason: Reason<'a>,
    }
    /// Another person than the caller logged in where an account is connected, and it was refused.
    AccountNotTheirs<'a> = "account_not_theirs", WARN {
        subject: &'a str, caller: &'a str, upstream: &'a str, client_id: Option<&'a str>, tool: &'a str, address: Option<IpAddr>,
    }
}
