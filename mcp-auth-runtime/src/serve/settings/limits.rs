//! What requests, connections and calls may cost, and what is kept between them.

use crate::config::auth::Ready;
use crate::config::{Config, Rounds};
use crate::dispatch::{CallLimits, Pages};
use crate::envelope::EnvelopeLimits;
use crate::gate::EndpointLimits;
use crate::observe::health::Demand;
use crate::owned::{Cursors, RequestStates, SessionLimits, ShareLimits};
use crate::transport::http::ConnectionLimits;
use crate::transport::stdio::{DRAIN, StdioLimits};
use mcp_auth_core::ambient::Ambient;
use mcp_auth_store::Store;

/// What one message at the MCP endpoint may cost.
pub(in crate::serve) fn endpoint_limits(config: &Config) -> EndpointLimits {
    EndpointLimits {
        body: config.limits.body.get(),
        unverified_body: config.limits.unverified_body.get(),
        body_timeout: config.limits.body_timeout.get(),
        heartbeat: config.limits.heartbeat.get(),
        envelope: envelope_limits(config),
    }
}

/// What one connection may cost, and how many there are.
pub(in crate::serve) fn connection_limits(config: &Config) -> ConnectionLimits {
    ConnectionLimits {
        max_connections: config.limits.connections.get(),
        max_headers: config.limits.headers.get(),
        max_header_bytes: config.limits.header_bytes.get(),
        header_timeout: config.limits.header_timeout.get(),
        body_timeout: config.limits.body_timeout.get(),
        idle_timeout: config.limits.idle_timeout.get(),
        write_timeout: config.limits.write_timeout.get(),
        drain_timeout: config.limits.drain_timeout.get(),
    }
}

/// How many issuers must have keys for the server to be ready.
pub(in crate::serve) fn ready_demand(config: &Config) -> Demand {
    match config.auth.ready {
        Ready::Any => Demand::Any,
        Ready::All => Demand::All,
    }
}

/// How many legacy sessions there are; `verifies` says whether callers are verified.
pub(in crate::serve) fn session_limits(config: &Config, verifies: bool) -> SessionLimits {
    let limits = &config.limits;
    SessionLimits {
        all: limits.sessions.get(),
        caller: limits.caller_sessions.get(),
        anonymous: if verifies { 0 } else { limits.anonymous_sessions.get() },
        idle: limits.session_timeout.get(),
    }
}

/// What one caller may have of the server.
pub(in crate::serve) fn share_limits(config: &Config, verifies: bool) -> ShareLimits {
    let limits = &config.limits;
    ShareLimits {
        connections: limits.connections.get(),
        caller_calls: limits.caller_calls.get(),
        caller_streams: limits.caller_streams.get(),
        // Half of it is one caller's, and one body must find room in it.
        bodies: limits.bodies.get().max(2 * limits.body.get()),
        tells_callers_apart: verifies,
    }
}

/// What one connection over standard input and output may cost.
pub(in crate::serve) fn stdio_limits(config: &Config) -> StdioLimits {
    StdioLimits { line_bytes: config.limits.body.get(), envelope: envelope_limits(config), drain: DRAIN }
}

/// What one call may cost, over HTTP and stdio.
pub(in crate::serve) fn call_limits(config: &Config) -> CallLimits {
    CallLimits {
        timeout: config.limits.call_timeout.get(),
        guard: config.limits.guard_timeout.get(),
        answer: config.limits.answer.get(),
    }
}

fn envelope_limits(config: &Config) -> EnvelopeLimits {
    EnvelopeLimits {
        max_depth: config.limits.envelope_depth.get(),
        max_values: config.limits.envelope_values.get(),
    }
}

/// What seals the state of a call that asks, and how often it is opened.
pub(in crate::serve) fn request_states(config: &Config, store: &Store, ambient: &Ambient) -> RequestStates {
    RequestStates::new(store.clone(), ambient, config.server.rounds == Rounds::Once)
}

/// How lists come, over HTTP and stdio.
pub(in crate::serve) fn pages(config: &Config, store: &Store, ambient: &Ambient) -> Pages {
    match config.limits.page_size.get() {
        0 => Pages::Whole,
        size => Pages::Of(size, Box::new(Cursors::new(store.clone(), ambient))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_limit_of_a_connection_is_the_configured_one() {
        let text = "[limits]\nconnections = 7\nheaders = 17\nheader_bytes = \"9 KiB\"\nheader_timeout = \"2s\"\n\
                    body_timeout = \"3s\"\nidle_timeout = \"4s\"\nwrite_timeout = \"5s\"\ndrain_timeout = \"6s\"";
        let expected = ConnectionLimits {
            max_connections: 7,
            max_headers: 17,
            max_header_bytes: 9 * 1024,
            header_timeout: Duration::from_secs(2),
            body_timeout: Duration::from_secs(3),
            idle_timeout: Duration::from_secs(4),
            write_timeout: Duration::from_secs(5),
            drain_timeout: Duration::from_secs(6),
        };
        assert_eq!(connection_limits(&Config::from_toml_str(text).unwrap()), expected);
    }
}
