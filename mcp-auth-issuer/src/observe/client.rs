//! Clients register, and change what is kept of them.

use std::net::IpAddr;

use super::event::events;
use super::{Reason, Word};

events! {
    /// A client registered that is new here. It gets no access by that until a person allows it. A public client that says the same as one that is
    /// kept is given that one, and is not written: hosted clients register at each connection.
    ClientRegistered<'a> = "client_registered", INFO {
        client_id: &'a str, client_name: Option<&'a str>, redirect_uris: &'a [String], auth_method: &'a str,
        initial_access_token: Option<&'a str>, address: Option<IpAddr>,
    }
    /// A client was removed before its time, because there were too many: first those that nobody ever allowed anything; or because one person
    /// alone uses too many. What people allowed it is forgotten, and its access tokens are revoked.
    ClientEvicted<'a> = "client_evicted", WARN { client_id: &'a str }
    /// The description of a client was read at the URL that names it. It gets no access by that until a person allows it.
    ClientDescribed<'a> = "client_described", INFO {
        client_id: &'a str, client_name: Option<&'a str>, redirect_uris: &'a [String],
    }
    /// There is no description, or there are no keys, of a client at the URL that somebody named it by.
    ClientNotDescribed<'a> = "client_not_described", WARN { client_id: &'a str, reason: Reason<'a> }
    /// A registration was refused.
    RegistrationRefused<'a> = "registration_refused", WARN { address: Option<IpAddr>, reason: Reason<'a> }
    /// A client read what is kept of it.
    ClientRead<'a> = "client_read", INFO { client_id: &'a str, address: Option<IpAddr> }
    /// A client changed what is kept of it.
    ClientChanged<'a> = "client_changed", INFO {
        client_id: &'a str, client_name: Option<&'a str>, redirect_uris: &'a [String], address: Option<IpAddr>,
    }
    /// A client was removed, by itself or by an operator: its grants ended, and its access tokens are revoked.
    ClientRemoved<'a> = "client_removed", INFO { client_id: &'a str, by: Word, address: Option<IpAddr> }
    /// A client did not read, change or remove what is kept of it. Without `client_id` the token was not that of a client.
    ClientManagementRefused<'a> = "client_management_refused", WARN {
        what: Word, client_id: Option<&'a str>, address: Option<IpAddr>, reason: Reason<'a>,
    }
}
