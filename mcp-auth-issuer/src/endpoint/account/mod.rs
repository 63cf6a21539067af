//! A person's own page: which applications they let in, when those last came, and the end of each; and the log-out.
//!
//! - `get`: shows the page. `post`: what a person does on it. `returned`: they come back from another page of the login.
//! - `visit`: who is there, and what they let in.

mod get;
mod post;
mod returned;
mod visit;

pub(super) use get::get;
pub(super) use post::post;
pub(super) use returned::returned;
