//! What a credential says, judged: claims of a signed token, or what its issuer answers of it. In reading order: `rules`
//! (what they must be), `check`.

mod check;
mod rules;
#[cfg(test)]
mod tests;

pub(super) use check::{check, faults, issuer, read, scopes};
pub use rules::TokenRules;
