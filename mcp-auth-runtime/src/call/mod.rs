//! One call of one operation. In reading order: `call` (what a call carries), `handler` (what `#[server]` implements: the operations and how each is
//! called), `build` (what the expansion of the macros calls), `from_call` (what a method may take of a call) with `claims` and
//! `ask` and `upstream` (a provider that the person logged in at, or connected an account at), `answer` (what it may answer), `guard` (what a guard may), `derives` (what a user's own types derive for that), `tool_error` (how it fails), `added` (a tool of run time), `served` (a handler whose type is not known any more).

pub(crate) mod added;
pub(crate) mod answer;
pub(crate) mod ask;
#[doc(hidden)]
pub mod build;
#[expect(clippy::module_inception, reason = "the call itself, among what makes one and what it answers")]
mod call;
pub(crate) mod claims;
pub(crate) mod derives;
pub(crate) mod from_call;
pub(crate) mod guard;
pub(crate) mod handler;
pub(crate) mod served;
#[cfg(test)]
pub(crate) mod support;
pub(crate) mod tool_error;
pub(crate) mod upstream;
mod whole;

pub use call::Call;
pub(crate) use call::KeptByCall;
