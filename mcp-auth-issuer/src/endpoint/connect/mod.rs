//! The page on which a person connects an account at a provider at which nobody logs in here, because a tool acts for them there.
//!
//! Who answers must be the caller: a link that another person was sent connects nothing. What the provider gives is kept for that person, and never
//! goes through their client.
//!
//! - `get`: the page. `post`: what a person does on it. `returned`: they come back from the login, or from the provider.
//! - `account`: the account that the URL asks for. `provider`: they go to the provider, and what it says.
//! - `ended`: how it ended.

mod account;
mod ended;
mod get;
mod post;
mod provider;
mod returned;

pub(super) use ended::words;
pub(super) use get::get;
pub(super) use post::post;
pub(super) use returned::{connected, returned};
