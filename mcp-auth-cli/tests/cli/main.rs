//! The `mcp-auth` command as its users run it: a process with arguments, its output and its exit code.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests measure time and bring their own clients"
)]

mod call;
mod check;
mod doctor;
mod explain;
mod explain_logged;
mod issuer_client;
mod issuer_keys;
mod issuer_user;
mod key;
mod login;
mod new;
mod person;
mod process;
mod schema;
mod site;
mod store;
mod terminal;
mod todos;
mod token;
