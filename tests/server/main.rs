//! Whole-server tests over real sockets, named by rule. One binary, a file per theme; `everything` is the
//! server most of them run against, and the first two blocks what they share.

use mcp_auth_tests::{everything, process, wire};

mod authorization_server;
mod launch;
mod streams;

mod actors;
mod api_keys;
mod attacks;
mod both_issuers;
mod bound;
mod bridged;
mod certificates;
mod challenges;
mod claimed;
mod confirmed;
mod confirmed_by_login;
mod connect_page;
mod connected;
mod credentials;
mod denied;
mod direct;
mod dpop;
mod embedding;
mod enterprise;
mod every_message;
mod example_own_login;
mod examples;
#[cfg(target_os = "linux")]
mod exhausted;
mod fresh_login;
mod granted;
mod guarded;
mod guards;
mod http;
mod introspected_names;
mod introspection;
mod issued;
mod jsonrpc;
mod keys;
mod known_clients;
mod log;
mod login;
mod login_hints;
mod machines;
mod matrix;
mod metadata;
mod narrowed;
mod own_verifiers;
mod paged;
mod protocol;
mod providers;
mod request_ids;
mod revoked;
mod role_rules;
mod roles;
mod ruled;
mod runtime_tools;
mod same_verdict;
mod secrets_in_logs;
mod sessions;
mod shared_store;
mod shutdown;
mod startup;
mod stdio;
mod stdio_asks;
#[cfg(unix)]
mod stdio_command;
mod stored;
mod talks;
mod templates;
mod token_header;
mod tokens;
mod upstreams;
mod visibility;
