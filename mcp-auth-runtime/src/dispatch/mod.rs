//! Step 12: from a [`Permit`](crate::authz::Permit) to the developer's method: the only `rmcp::ServerHandler` there
//! is. Every message is refused unless its permit names exactly what rmcp read; policy is not asked again, its
//! proof is checked.
//!
//! In reading order: `rulebook` (what a request is decided by), `server` (what every request shares), `messages` (what rmcp calls, one function a message),
//! `permit` (is it for this?), `guard` (what the server's own code says before), `person` (what its person does first: they connect an account, and say yes), `run` (the developer's methods), `bounds` (what one call may cost), `direct` (what needs
//! nothing of rmcp's transport), `lists`, `security_schemes` (what they say of how to call a tool), `about` (capabilities), `changes` (who is told that the tools changed).

mod about;
mod bounds;
mod changes;
mod direct;
mod guard;
mod lists;
mod messages;
mod permit;
mod person;
mod rulebook;
mod run;
mod security_schemes;
mod server;
#[cfg(test)]
mod tests;

pub(crate) use bounds::CallLimits;
pub(crate) use direct::DirectRequest;
pub(crate) use lists::Pages;
pub(crate) use person::{PersonPage, PersonPages};
pub(crate) use rulebook::{Rulebook, Rules};
pub(crate) use security_schemes::{Logins, lift_schemes, with_schemes};
pub(crate) use server::Dispatch;
