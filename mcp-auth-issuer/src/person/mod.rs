//! The person in front of the browser.
//!
//! - `login`: how they prove who they are.
//! - `cookie`, `csrf`: how the browser is known again, and how its forms are told from another site's.
//! - `page`: what they see.

mod cookie;
mod csrf;
mod login;
pub(crate) mod page;

pub(crate) use cookie::SessionCookie;
pub(crate) use csrf::Csrf;
pub use login::{DevelopmentLogin, Login, LoginError, LoginFuture, User};
