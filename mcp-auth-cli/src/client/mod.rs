//! The OAuth client and MCP client of `login` and `call`: rmcp, with the checks that it leaves out.
//!
//! In the order of a login: `address` (which URLs a token may go to), `contact` (the first 401), `discovery`
//! (protected resource metadata, issuer metadata), `registration` (which client to log in as), `callback` and
//! `listener` (the answer through the browser), `pasted` (the answer pasted by hand), `flow` (the whole login); then
//! `kept`, `refresh` and `revoke`. `session` speaks MCP. [`Client`] holds what a command needs for all of this.

mod address;
mod callback;
mod contact;
mod discovery;
mod equipment;
mod flow;
mod kept;
mod listener;
mod pasted;
mod refresh;
mod registration;
mod revoke;
mod session;

pub(crate) use address::{Reach, ServerUrl};
pub(crate) use contact::contact;
pub(crate) use equipment::Client;
pub(crate) use flow::{Browser, LogIn, Scopes};
pub(crate) use kept::{Renewal, Usable};
pub(crate) use registration::Wanted;
pub(crate) use revoke::revoke;
pub(crate) use session::{Person, Refusal, Said, Session};
