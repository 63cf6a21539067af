//! How clients may present a token, as challenges and metadata say: as a bearer token, with a proof (DPoP), or both.

use mcp_auth_core::challenge::{Challenge, Scheme};

use crate::authn::proof_algorithms;

/// How clients may present a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schemes {
    pub(super) bearer: bool,
    /// The algorithms of proofs, separated by spaces.
    pub(super) dpop: Option<String>,
    /// Whether challenges offer proofs. Where they do not, only the error of a proof is said in the scheme of proofs.
    is_offered: bool,
}

impl Schemes {
    /// As bearer tokens alone.
    pub(crate) fn bearer_alone() -> Self {
        Self { bearer: true, dpop: None, is_offered: false }
    }

    /// Either way.
    pub(crate) fn both() -> Self {
        Self { bearer: true, ..Self::dpop_alone() }
    }

    /// Either way, but challenges offer bearer tokens alone: who wants a bound token finds in the metadata that it may.
    pub(crate) fn bearer_first() -> Self {
        Self { is_offered: false, ..Self::both() }
    }

    /// With a proof alone.
    pub(crate) fn dpop_alone() -> Self {
        let algorithms: Vec<&str> = proof_algorithms().collect();
        Self { bearer: false, dpop: Some(algorithms.join(" ")), is_offered: true }
    }

    /// `challenge` in each scheme. An error of a proof is said in the scheme of proofs alone, which its client has used
    /// (RFC 9449 §7.1): clients look for the nonce to try again with in the only challenge there is.
    pub(super) fn challenges(&self, challenge: Challenge) -> impl Iterator<Item = Challenge> {
        let is_of_a_proof = challenge.error.as_ref().is_some_and(|(error, _)| error.is_of_proofs());
        let dpop = self.dpop.as_ref().filter(|_| self.is_offered || is_of_a_proof).map(|algs| {
            let scheme = Scheme::Dpop { algs: algs.clone() };
            Challenge { scheme, ..challenge.clone() }
        });
        let bearer = (self.bearer && !(is_of_a_proof && dpop.is_some())).then_some(challenge);
        bearer.into_iter().chain(dpop)
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ScopeSet;
    use mcp_auth_core::challenge::BearerError;
    use mcp_auth_core::login::LoginTerms;

    use super::*;

    #[test]
    fn bearer_first_offers_bearer_tokens_and_says_the_error_of_a_proof_in_its_own_scheme() {
        let schemes = |error: Option<BearerError>| {
            let challenge = Challenge {
                scheme: Scheme::Bearer,
                error: error.map(|error| (error, String::new())),
                scopes: ScopeSet::new(),
                login: LoginTerms::default(),
            };
            Schemes::bearer_first().challenges(challenge).map(|said| said.scheme).collect::<Vec<_>>()
        };
        for plain in [None, Some(BearerError::InvalidToken)] {
            assert_eq!(schemes(plain), [Scheme::Bearer]);
        }
        for of_a_proof in [BearerError::InvalidDpopProof, BearerError::UseDpopNonce] {
            assert!(matches!(&*schemes(Some(of_a_proof)), [Scheme::Dpop { .. }]));
        }
    }
}
