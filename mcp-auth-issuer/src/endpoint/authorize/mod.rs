//! The authorization endpoint (OAuth 2.1 §4.1.1): a person logs in and decides what the client gets.
//!
//! `GET` shows a page, so clients may try the URL themselves first. Each page's form posts to the
//! same URL: the authorization request is in the query, or was pushed and is named there; it is verified again each time.
//!
//! - `get`: the page for the request. `post`: the person's decision on that page. `grant`: issues the code.
//! - `returned`: the person comes back from another page of the login.
//! - `request`: reads the authorization request. `check`: its checks in their order, a step each; `step`: the steps. `pushed`: keeps requests
//!   that were pushed.
//! - `login`: which login will do for it. `visit`: who is at the browser. `remembered`: what they said that they need not be asked again.
//!   `decided`: what they decided before they went to a provider.
//! - `refusal`: the possible mistakes, and whether the person or the client is told.
//! - `response`: the answer to the client, sent as a redirect.

mod check;
mod decided;
mod get;
mod grant;
mod login;
mod post;
mod pushed;
mod refusal;
mod remembered;
mod request;
mod response;
mod returned;
mod step;
mod visit;

pub(super) use check::before_push;
pub(super) use get::get;
pub(super) use post::post;
pub(super) use pushed::{EXPIRES_IN, Pushed};
pub(super) use refusal::{Refused, Untrusted};
pub(super) use response::see_other;
pub(super) use returned::returned;
pub(super) use step::prompt::SUPPORTED as PROMPT_VALUES;
