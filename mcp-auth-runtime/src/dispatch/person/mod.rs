//! What a person does before a call runs: they connect an account at a provider that the tool acts at, and they say yes to exactly this call.
//!
//! In reading order: `page` (of the issuer, where they do it), `answer` (what they answered there), `connect` with `connecting` (what a call
//! remembers of it), `confirming` (the same of a confirmation), `in_client` (they confirm in the client, which can answer without asking anyone),
//! `by_login` (on the page), `seen` (what they read), `unconfirmed` (why a call does not run).

mod answer;
mod by_login;
mod confirming;
mod connect;
mod connecting;
mod in_client;
mod page;
mod seen;
mod unconfirmed;

pub(super) use confirming::Confirming;
pub(super) use connecting::Connecting;
pub(super) use in_client::confirmed_in_client;
pub(crate) use page::{PersonPage, PersonPages};
pub(super) use unconfirmed::Unconfirmed;
