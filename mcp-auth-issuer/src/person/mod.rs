//! The person at the browser: login, cookie and pages.
//!
//! - `login`: how they prove who they are. `accounts`: with an account in the store. `own`: on a page of the application that they have an
//!   account at. `upstream`: at a provider. `renewal`: what a refresh asks of it. `passkey`: whether an authenticator's answer proves what it has to.
//! - `people`: what an operator does with any of them. `taken`: the names that none of them has.
//! - `acr`: by what a login elsewhere counts.
//! - `cookie`, `csrf`: how the browser is recognised, and how its forms are told from another site's. `consent_cookie`: what its person need not be
//!   asked again.
//! - `page`: the pages they see.

pub(crate) mod accounts;
mod acr;
mod consent_cookie;
mod cookie;
mod csrf;
pub(crate) mod login;
pub mod own;
pub(crate) mod page;
pub(crate) mod passkey;
mod people;
pub(crate) mod renewal;
mod taken;
pub mod upstream;

pub(crate) use consent_cookie::{ConsentCookie, KnownConsent};
pub(crate) use cookie::SessionCookie;
pub(crate) use csrf::{ConsentPage, Csrf};
pub use login::{
    Asked, Attempt, DevelopmentLogin, Form, KnownFuture, Leave, Login, LoginError, LoginFuture, LoginSite,
    Step, User,
};
pub use people::{People, PersonLine};
pub use renewal::{AccessTokenFuture, Renewal, RenewalFuture, Renewed};
pub use taken::TakenNames;
