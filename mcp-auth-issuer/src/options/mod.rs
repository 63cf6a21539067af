//! The options of the built-in issuer, set by a program or by `[issuer]`.
//!
//! - `issuer_options`: the options, and their defaults.
//! - `invalid`: an option out of its range.
//! - `check`: the rules.

mod check;
mod invalid;
mod issuer_options;

pub use invalid::InvalidOption;
pub use issuer_options::{IssuerOptions, LoginOptions};
