//! The pages a person sees: plain HTML and one style sheet, no script, nothing fetched from anywhere.
//!
//! - `shell`: the frame of every page, and the headers that guard it.
//! - `login`, `consent`, `error`: the pages.
//! - `claim`: how a name is shown that a stranger chose.

mod claim;
mod consent;
mod error;
mod login;
mod shell;

pub(crate) use consent::Consent;
pub(crate) use error::ErrorPage;
pub(crate) use login::{LoginPage, Notice};
