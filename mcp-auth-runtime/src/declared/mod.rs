//! What the macros declared. In reading order: `rule` (who may call an operation), `scope_term` (one scope of a rule), `confirm` (how a person says yes to a call), `wanted_claims` (what of a token's claims a method takes), `kind` (what an operation is), `registry`
//! (every operation of a server), `filling` (what fills the scopes of a rule), `narrowing` (what an operator adds), `schema` (what lists say of arguments and answers), `written_rule` (a rule as files write it), `hashes` (of what lists say), `table` (all of it as JSON, written
//! and read), `width` (whether a rule lets in more callers than another one), `lock` (`mcp.lock`: what was declared when somebody looked at
//! it), `difference` (what is different now). How an operation is called is in `call`.

mod confirm;
mod difference;
pub(crate) mod filling;
mod hashes;
pub(crate) mod kind;
pub(crate) mod lock;
mod narrowing;
pub(crate) mod registry;
pub(crate) mod rule;
pub(crate) mod schema;
mod scope_term;
pub(crate) mod table;
mod wanted_claims;
mod width;
mod written_rule;

pub use confirm::{Confirm, WrittenConfirm};
pub use difference::{Change, Difference};
pub use hashes::Said;
pub use kind::Kind;
pub(crate) use narrowing::Narrowing;
pub use rule::{InvalidRule, Rule, Who};
pub use scope_term::ScopeTerm;
pub use wanted_claims::{ClaimsFit, UnfitClaims};
pub use width::Width;
