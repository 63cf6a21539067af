//! Proof that who presents a token holds the key that it is bound to (DPoP, RFC 9449). In reading order: `presented` (what a
//! request brings), `proof` (which proofs are good), `header` (which headers they may have), `thumbprint` (what a token
//! says of its key), `htu` (which URI a proof is for), `error` (why a proof is refused), `nonce` (what makes
//! it a new one), `replay` (what makes it good once), `checker` (the check of each
//! request), `token_request` (the check where a token is asked for). Proofs are never remembered as good: every request is checked.

mod checker;
mod error;
mod header;
mod htu;
mod nonce;
mod presented;
mod proof;
mod replay;
mod thumbprint;
mod token_request;

pub use checker::Dpop;
pub use error::ProofError;
pub use header::algorithms;
pub(in crate::authn) use presented::PresentedProof;
pub(in crate::authn) use thumbprint::Thumbprint;
pub use token_request::{TokenProof, TokenProofs};
