//! The endpoints, one file each, in the order a client uses them: `metadata` and `jwks`, `registration`, `par`, `authorize`,
//! `device`, `token`, `revoke`, `introspect`, whose common part is `client_request`; and `confirm`, `connect` (`waiting`: the call that both are about), `account`, `factors` (with `password_change`) and `reset`, pages for people alone, and `passkeys`, their script. `login_step` (with `logged_in` and `seen`), `log_out`, `choice`,
//! `page_form` and `page_not_shown` are what the pages for people have in common, `returned` is where a login comes back that led over another page, and `away` how
//! often one does, `press` what was allowed before, and `another` who wants another account there; `path` says where each endpoint is, `router` puts it there.

mod account;
mod another;
mod authorize;
mod away;
mod choice;
mod client_request;
mod confirm;
mod connect;
mod device;
mod factors;
mod introspect;
mod jwks;
mod log_out;
mod logged_in;
mod login_step;
mod metadata;
mod page_form;
mod page_not_shown;
mod par;
mod passkeys;
mod password_change;
mod path;
mod press;
mod registration;
mod reset;
mod returned;
mod revoke;
mod router;
mod seen;
mod token;
mod waiting;

pub(crate) use client_request::ClientSecrets;
pub(crate) use path::{CONFIRM, CONNECT, FACTORS, PAR, PASSKEYS_SCRIPT, RESET, RETURN, TOKEN};
pub use registration::{InitialAccessToken, RegistrationOptions};
pub(crate) use router::router;
pub(crate) use token::Binding;
