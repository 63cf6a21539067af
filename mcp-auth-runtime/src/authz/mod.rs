//! Who may do what. In reading order: `settings` (what an operator sets), `need` (what an operation needs, compiled),
//! `named` (what a message names), `policy` (the decision: pure), `verdict` (what comes of it), `login` (how long ago the person logged in), `templated` (the scopes that a
//! call fills), `guard` (what the server's own code says besides), `permit` (its proof), `access` (what lists say of all that).
//! Nothing here knows of HTTP, of rmcp, of locks or of claims.

mod access;
mod guard;
mod login;
mod named;
mod need;
mod permit;
mod policy;
mod settings;
mod templated;
mod verdict;

#[cfg(test)]
mod tests;

pub(crate) use access::Access;
pub use guard::Decision;
pub(crate) use guard::{Asked, Guarded, Guards, UNDECIDED};
pub use login::LoginFault;
pub(crate) use login::login_needed;
pub use named::{Named, Ran};
pub use need::Account;
pub(crate) use need::Need;
pub(crate) use permit::Permit;
pub use policy::Policy;
pub use settings::{Connect, Settings, Visibility};
pub(crate) use verdict::Denied;
pub use verdict::Verdict;
