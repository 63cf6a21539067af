//! The pages a person sees: plain HTML and one style sheet, no script, nothing fetched from anywhere.
//!
//! - `shell`: the frame of every page, and the headers that guard it.
//! - `login`, `consent`, `error`: the pages.
//! - `claim`: how text is shown that a stranger chose.
//! - `lifetime`: how a number of seconds is said.

mod claim;
mod consent;
mod error;
mod lifetime;
mod login;
mod shell;

pub(crate) use claim::visible;
pub(crate) use consent::{Consent, ScopeLine};
pub(crate) use error::{ErrorPage, Said};
pub(crate) use login::{LoginPage, Notice};
