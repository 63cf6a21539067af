//! A client asks for access, and a person decides.

use std::net::IpAddr;

use mcp_auth_core::ScopeSet;

use super::event::events;
use super::{Reason, Word};

events! {
    /// A client pushed its authorization request.
    RequestPushed<'a> = "request_pushed", INFO { client_id: &'a str, address: Option<IpAddr> }
    /// A pushed authorization request was refused.
    PushRefused<'a> = "push_refused", WARN { client_id: Option<&'a str>, address: Option<IpAddr>, reason: Reason<'a> }
    /// An authorization request was refused, or what a browser sent about one.
    AuthorizationRefused<'a> = "authorization_refused", WARN {
        client_id: Option<&'a str>, redirect_uri: Option<&'a str>, told: Word, address: Option<IpAddr>, reason: Reason<'a>,
    }
    /// A person allowed a client something, and the client gets a code.
    AccessAllowed<'a> = "access_allowed", INFO {
        subject: &'a str, client_id: &'a str, scopes: &'a ScopeSet, asked: &'a ScopeSet, unasked: bool, remember: bool,
        address: Option<IpAddr>,
    }
    /// A person denied a client what it asked for. Without `subject` they did not log in.
    AccessDenied<'a> = "access_denied", INFO { subject: Option<&'a str>, client_id: &'a str, address: Option<IpAddr> }
}
