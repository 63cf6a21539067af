//! A server with the built-in issuer as a process, and who uses it over real sockets: people and clients. Nothing here knows more of it than
//! a stranger does.
//!
//! In reading order: `server` (the process), `connection` (HTTP), `form` (what is sent and what a page asks), `person` (logs in and decides),
//! `client` (registers, redeems, refreshes).

mod client;
mod connection;
mod form;
mod person;
mod server;

pub(crate) use client::{Client, Given, is_active, own_token};
pub(crate) use connection::{Connection, Failure};
pub(crate) use person::Browser;
pub(crate) use server::{CODES_AT_ONCE, Issuer, Setting, USERS, build, user};
