//! The keys of one issuer over time: `issuer_keys`.

mod issuer_keys;
#[cfg(test)]
mod tests;

pub(super) use issuer_keys::{IssuerKeys, Standing};
