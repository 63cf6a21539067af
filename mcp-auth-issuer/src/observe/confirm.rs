//! A person confirms a call of a tool on the page for it.

use std::net::IpAddr;

use super::event::events;

events! {
    /// A person confirmed a call.
    CallConfirmed<'a> = "call_confirmed", INFO {
        subject: &'a str, client_id: Option<&'a str>, tool: &'a str, address: Option<IpAddr>,
    }
    /// A person denied a call. Without `subject` they did not log in.
    CallDenied<'a> = "call_denied", INFO {
        subject: Option<&'a str>, client_id: Option<&'a str>, tool: &'a str, address: Option<IpAddr>,
    }
    /// Another person than the caller logged in to confirm a call, and it was refused.
    CallNotTheirs<'a> = "call_not_theirs", WARN {
        subject: &'a str, caller: &'a str, client_id: Option<&'a str>, tool: &'a str, address: Option<IpAddr>,
    }
}
