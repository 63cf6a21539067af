//! `confirm`: the person says yes to exactly this call before it runs. In reading order: `confirming` (what a call remembers of that),
//! `in_client` (in the client, which can answer without asking anyone), `page` (where a person logs in to answer), `by_login` (there),
//! `seen` (what they read), `unconfirmed` (why a call does not run).

mod by_login;
mod confirming;
mod in_client;
mod page;
mod seen;
mod unconfirmed;

pub(super) use confirming::Confirming;
pub(super) use in_client::confirmed_in_client;
pub(crate) use page::ConfirmationPage;
pub(super) use unconfirmed::Unconfirmed;
