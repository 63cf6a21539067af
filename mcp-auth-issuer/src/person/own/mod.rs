//! Bring your own login: people log in on a page of an application that has its own users, which sends them back with a signed answer.
//!
//! The issuer redirects to the application's page with a `transaction` in the query. The application logs its user in, signs an
//! [`Answer`] that names the transaction, and redirects to [`Answer::location`]. The answer counts once, for at most 60 seconds, at this
//! issuer, and only in the browser that began the login.
//!
//! **For applications**, in reading order: [`Request`] (what the page is asked), [`Answer`] (what it answers), [`SharedKey`] (by which it signs).
//! Other languages sign the claims that [`Answer`] lists with any JWT library.
//!
//! **For the issuer**: [`OwnLogin`], as [`OwnLoginOptions`] say; [`AnswerKey`] verifies.

mod answer;
mod check;
mod key;
mod login;
mod options;
mod request;
mod verify;

pub use answer::{Answer, cancelled};
pub use key::{AnswerKey, InvalidKey, SharedKey};
pub use login::OwnLogin;
pub use options::{OwnLoginCheck, OwnLoginOptions};
pub use request::Request;
