//! The page on which a person confirms a call (`confirm = "login"`): they log in for it, whatever they did before, see it, and answer.
//!
//! What they answer reaches the call through the store, never through the browser. Who logs in must be the caller.
//!
//! - `get`: the page. `post`: what a person does on it. `returned`: they come back from another page of the login.
//! - `call`: the call that the URL names.
//! - `ended`: how it ended.

mod call;
mod ended;
mod get;
mod post;
mod returned;

pub(super) use ended::words;
pub(super) use get::get;
pub(super) use post::post;
pub(super) use returned::returned;
