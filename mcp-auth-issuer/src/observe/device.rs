//! A device asks for access by a code that a person types.

use std::net::IpAddr;

use mcp_auth_core::ScopeSet;

use super::Reason;
use super::event::events;

events! {
    /// A device got a code to show.
    DeviceCodeIssued<'a> = "device_code_issued", INFO { client_id: &'a str, scopes: &'a ScopeSet, address: Option<IpAddr> }
    /// A device got no code.
    DeviceCodeRefused<'a> = "device_code_refused", WARN {
        client_id: Option<&'a str>, address: Option<IpAddr>, reason: Reason<'a>,
    }
    /// A person typed a code that no device waits for, or too many codes.
    UserCodeRefused<'a> = "user_code_refused", WARN {
        subject: Option<&'a str>, address: Option<IpAddr>, wait: Option<u64>, reason: Reason<'a>,
    }
    /// A person allowed a device what it asked for.
    DeviceAllowed<'a> = "device_allowed", INFO {
        subject: &'a str, client_id: &'a str, scopes: &'a ScopeSet, address: Option<IpAddr>, device_address: Option<&'a str>,
    }
    /// A person denied a device what it asked for. Without `subject` their login had ended.
    DeviceDenied<'a> = "device_denied", INFO {
        subject: Option<&'a str>, client_id: &'a str, address: Option<IpAddr>, device_address: Option<&'a str>,
    }
}
