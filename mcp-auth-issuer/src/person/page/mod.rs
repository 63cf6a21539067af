//! The pages a person sees: plain HTML and one style sheet, no resources loaded from elsewhere, and one script, on pages with passkeys alone.
//! All that they say stands in `texts`.
//!
//! - `shell`: the frame of every page.
//! - `texts`: what they say, a file for each language. `speaking`: in which one a request is answered.
//! - `login`, `consent`, `confirm`, `connect`, `device`, `account`, `factors`, `reset`, `ended`, `error`: the pages.
//! - `passkeys`: the controls of passkeys, and the script.
//! - `qr`: a QR code.
//! - `claim`: shows text that a client chose. `who`: who a person is.
//! - `host`: shows where an answer goes, with the part that was registered stressed.
//! - `lifetime`: writes a number of seconds in words.

mod account;
mod claim;
mod confirm;
mod connect;
mod consent;
mod device;
mod ended;
mod error;
mod factors;
mod host;
mod lifetime;
mod login;
mod passkeys;
mod qr;
mod reset;
mod shell;
mod speaking;
mod texts;
mod who;

pub(crate) use account::{AccountPage, AllowedApplication, ConnectedLine};
pub(crate) use claim::visible;
pub(crate) use confirm::ConfirmPage;
pub(crate) use connect::{ConnectPage, ConnectedPage, NotConnected};
pub(crate) use consent::{Alert, Consent, Decides, ScopeLine};
pub(crate) use device::{DeviceCodePage, DeviceConsent, WrongCode};
pub(crate) use ended::EndedPage;
pub(crate) use error::{ErrorPage, ErrorText};
pub(crate) use factors::{FactorsPage, Shown, recovery_codes, totp_setup};
pub(crate) use login::{Asks, LoginPage, Notice};
pub(crate) use passkeys::{SCRIPT, passkey_login};
pub(crate) use reset::{ResetPage, unfit};
pub(crate) use speaking::{errors, speak, speaking, texts};
pub(crate) use who::Who;
