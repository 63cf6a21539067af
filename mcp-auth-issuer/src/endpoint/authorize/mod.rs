//! The authorization endpoint (OAuth 2.1 §4.1.1): a person logs in and decides what the client gets.
//!
//! `GET` shows a page and changes nothing, so clients may try the URL themselves first. Each page's form posts to the
//! very same URL: the authorization request lives in the query, is verified again each time, and nothing of it is
//! kept until a person allowed it.
//!
//! - `get`: the page for the request. `post`: what the person decided on it.
//! - `request`: reads and verifies the authorization request.
//! - `refusal`: what may be wrong with it, and whether the person or the client is told.
//! - `response`: the answer to the client, by redirect.

mod get;
mod post;
mod refusal;
mod request;
mod response;

pub(super) use get::get;
pub(super) use post::post;
