//! The claims of a token: `check`.

mod check;
#[cfg(test)]
mod tests;

pub(super) use check::{check, faults, issuer, read, scopes};
