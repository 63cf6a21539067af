//! What the configuration comes to, for each place that acts. No other code reads a limit: a new one is a field in its
//! section, a line in `mcp.toml.example`, and a line here.
//!
//! - `limits`: what requests, connections and calls may cost, and what is kept between them.
//! - `transport`: how requests reach the server. `answers`: what clients are told.
//! - `brand`: how the pages look that people see, and what they call the server.
//! - `issuers`: whose tokens are accepted. `callers`: who callers are besides.

mod answers;
mod brand;
mod callers;
mod issuers;
mod limits;
mod transport;

pub(super) use answers::{
    advertised, challenge_metadata, logins, protected_resource_metadata, requested_prefix, schemes,
    tool_errors,
};
pub(super) use brand::{brand, name_for_people, needs};
pub(super) use callers::{api_keys, grants_of, local_caller, named_roles, roles};
pub(super) use issuers::{
    introspection, key_refresh, own_dpop, own_key_refresh, reads_proofs, revocation_pace, rules,
};
pub(super) use limits::{
    call_limits, connection_limits, endpoint_limits, pages, ready_demand, request_states, session_limits,
    share_limits, stdio_limits,
};
pub(super) use transport::{
    Listener, allowed_hosts, allowed_origins, client_certificates, issuer_peers, places, tool_headers,
    trusted_proxies,
};
