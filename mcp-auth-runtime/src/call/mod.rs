//! One call of one operation. In reading order: `call` (what a call carries), `handler` (what `#[server]` implements: the operations and how each is
//! called), `build` (what the expansion of the macros calls), `from_call` (what a method may take of a call) with `claims`,
//! `answer` (what it may answer), `tool_error` (how it fails).

pub mod answer;
#[doc(hidden)]
pub mod build;
#[expect(clippy::module_inception, reason = "the call itself, among what makes one and what it answers")]
mod call;
pub mod claims;
pub mod from_call;
pub mod handler;
#[cfg(test)]
pub(crate) mod support;
pub mod tool_error;

pub use call::Call;
