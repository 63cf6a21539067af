//! How clients may present a token, as challenges and metadata say: as a bearer token, with a proof (DPoP), or both.

use mcp_auth_core::challenge::{Challenge, Scheme};

use crate::authn::proof_algorithms;

/// How clients may present a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schemes {
    pub(super) bearer: bool,
    /// The algorithms of proofs, separated by spaces.
    pub(super) dpop: Option<String>,
}

impl Schemes {
    /// As bearer tokens alone.
    pub(crate) fn bearer_alone() -> Self {
        Self { bearer: true, dpop: None }
    }

    /// Either way.
    pub(crate) fn both() -> Self {
        Self { bearer: true, ..Self::dpop_alone() }
    }

    /// With a proof alone.
    pub(crate) fn dpop_alone() -> Self {
        let algorithms: Vec<&str> = proof_algorithms().collect();
        Self { bearer: false, dpop: Some(algorithms.join(" ")) }
    }

    /// `challenge` in each scheme. An error of a proof is said in the scheme of proofs alone, which its client has used
    /// (RFC 9449 §7.1): clients look for the nonce to try again with in the only challenge there is.
    pub(super) fn challenges(&self, challenge: Challenge) -> impl Iterator<Item = Challenge> {
        let dpop = self.dpop.as_ref().map(|algs| {
            let scheme = Scheme::Dpop { algs: algs.clone() };
            Challenge { scheme, ..challenge.clone() }
        });
        let is_of_a_proof = challenge.error.as_ref().is_some_and(|(error, _)| error.is_of_proofs());
        let bearer = (self.bearer && !(is_of_a_proof && dpop.is_some())).then_some(challenge);
        bearer.into_iter().chain(dpop)
    }
}
