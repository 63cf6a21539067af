//! The keys of one issuer over time: `issuer_keys`; `own`: those of an issuer in this process.

mod issuer_keys;
mod own;
#[cfg(test)]
mod tests;

pub(super) use issuer_keys::{IssuerKeys, Standing};
