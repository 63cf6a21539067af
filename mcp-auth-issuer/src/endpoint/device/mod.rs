//! Devices without a browser (RFC 8628): a device asks here and shows a code, and a person enters the code on a page in a browser of theirs,
//! sees what is asked for, and answers. The device polls the token endpoint meanwhile.
//!
//! The person logs in before their code is looked up. So each wrong code is counted for somebody, and a stranger learns nothing and uses up
//! nothing that others need. A link with a code in it fills in the form and no more (RFC 8628 §5.4).
//!
//! - `devices`: what these endpoints share.
//! - `authorization`: the device asks (§3.1, §3.2).
//! - `get`: the page where a code is entered. `post`: what a person does on the pages. `returned`: they come back from another page
//!   of the login.
//! - `place`: what the URL of a page names. `user_code`: the code that a person types.
//! - `limit`: how often anybody may try.
//! - `refusal`: what is not answered here, and how it ended.

mod authorization;
mod devices;
mod get;
mod limit;
mod place;
mod post;
mod refusal;
mod returned;
mod user_code;

pub(super) use authorization::LIFETIME;
pub(super) use devices::router;
pub(super) use returned::returned;
