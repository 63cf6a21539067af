//! What a credential says, judged: claims of a signed token, or what its issuer answers of it. In reading order: `rules`
//! (what they must be), `claim_test` (what one claim is asked), `accepted` (which issuer a token may be of), `check`.

mod accepted;
mod check;
mod claim_test;
mod rules;
#[cfg(test)]
mod tests;

pub use accepted::{ANY_TENANT, Accepted, Tenant};
pub(in crate::authn) use check::{MAX_CLIENT_BYTES, MAX_SUBJECT_BYTES, identifier};
pub(super) use check::{check_id_token, faults, issuer, read, scopes};
pub use claim_test::{ClaimAt, ClaimTest, ClaimTests};
pub use rules::TokenRules;
pub(crate) use rules::{ACR_CLAIM, AUTH_TIME_CLAIM, DEFAULT_CLIENT_CLAIMS, SUBJECT_CLAIM};
