//! `confirm`: the person says yes to exactly this call before it runs. In reading order: `in_client` (in the client, which can answer
//! without asking anyone), `page` (where a person logs in to answer), `by_login` (there), `seen` (what they read).

mod by_login;
mod in_client;
mod page;
mod seen;

pub(super) use in_client::confirmed_in_client;
pub(crate) use page::ConfirmationPage;
