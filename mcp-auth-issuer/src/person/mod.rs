//! The person at the browser: login, cookie and pages.
//!
//! - `login`: how they prove who they are.
//! - `cookie`, `csrf`: how the browser is recognised, and how its forms are told from another site's.
//! - `page`: the pages they see.

mod cookie;
mod csrf;
mod login;
pub(crate) mod page;

pub(crate) use cookie::SessionCookie;
pub(crate) use csrf::Csrf;
pub use login::{
    Asked, Attempt, DevelopmentLogin, Form, KnownFuture, Login, LoginError, LoginFuture, Step, User,
};
pub use page::STYLE;
