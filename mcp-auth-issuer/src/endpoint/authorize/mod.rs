//! The authorization endpoint (OAuth 2.1 §4.1.1): a person logs in and decides what the client gets.
//!
//! `GET` shows a page and changes nothing, so clients may try the URL themselves first. Each page's form posts to the
//! same URL: the authorization request is in the query, is verified again each time, and is not stored until a person
//! allows it.
//!
//! - `get`: the page for the request. `post`: the person's decision on that page.
//! - `request`: reads the authorization request. `check`: its checks in their order, a step each; `step`: the steps.
//! - `login`: which login will do for it.
//! - `refusal`: the possible mistakes, and whether the person or the client is told.
//! - `response`: the answer to the client, sent as a redirect.

mod check;
mod get;
mod login;
mod post;
mod refusal;
mod request;
mod response;
mod step;

pub(super) use get::get;
pub(super) use post::post;
pub(super) use refusal::Untrusted;
pub(super) use response::see_other;
