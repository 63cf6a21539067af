//! The key that a token request proves (DPoP, RFC 9449 §5), and what the new tokens are bound to.

use http::HeaderMap;
use mcp_auth_runtime::facade::{ProofError, TokenProof};
use mcp_auth_store::Client;
use serde_json::{Map, Value};

use crate::endpoint::client_request::{InvalidGrant, InvalidSubjectToken, Refusal};
use crate::issuer::Issuer;

/// What a token request proves: the key of its proof, if it has one.
pub(crate) struct Proven(Option<TokenProof>);

/// What an access token is bound to: a key, or nothing, as a bearer token is. It is made only of a proof that was used up.
#[derive(Debug)]
pub(crate) struct Binding(Option<String>);

/// Why it is not proven that the client holds the key of what it presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unproven {
    /// It sends no proof, and may send one.
    Missing,
    /// What it presents is bound to something else than a key.
    Unprovable,
    /// Its proof is by another key.
    OtherKey,
}

impl Unproven {
    /// The refusal, where a subject token was presented.
    pub(super) fn refusal_of_subject_token(self) -> Refusal {
        match self {
            Self::Missing => Refusal::Proof(ProofError::Missing),
            Self::Unprovable => InvalidSubjectToken::Unprovable.into(),
            Self::OtherKey => InvalidSubjectToken::OtherKey.into(),
        }
    }

    /// The same of an assertion, which is not good without its proof (draft-ietf-oauth-identity-assertion-authz-grant-04 §8.6.1.2).
    pub(super) fn refusal_of_assertion(self) -> Refusal {
        match self {
            Self::Missing => InvalidGrant::UnprovenAssertion.into(),
            Self::Unprovable => InvalidGrant::UnprovableAssertion.into(),
            Self::OtherKey => InvalidGrant::AssertionOfOtherKey.into(),
        }
    }
}

impl Proven {
    /// Reads the proof of a request.
    ///
    /// # Errors
    /// [`Refusal::Proof`]: a proof that is not good is never taken for none.
    pub(super) fn read(issuer: &Issuer, headers: &HeaderMap) -> Result<Self, Refusal> {
        Ok(Self(issuer.proofs.read(headers, issuer.now())?))
    }

    /// The thumbprint of its key.
    pub(super) fn jkt(&self) -> Option<String> {
        self.0.as_ref().map(TokenProof::jkt)
    }

    /// Whether there is a proof: a client that says `dpop_bound_access_tokens` gets no token without one (§5.2).
    ///
    /// # Errors
    /// [`Refusal::Proof`].
    pub(super) fn has_key(&self) -> Result<(), Refusal> {
        self.0.as_ref().map(|_| ()).ok_or(Refusal::Proof(ProofError::Missing))
    }

    /// Whether it is by the key that a code is bound to, if it is bound to one (§10).
    ///
    /// # Errors
    /// [`Refusal::Proof`] without a proof, [`Refusal::Grant`] with one by another key.
    pub(super) fn is_by(&self, bound: Option<&str>) -> Result<(), Refusal> {
        match (bound, self.jkt()) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(Refusal::Proof(ProofError::Missing)),
            (Some(bound), Some(jkt)) if bound == jkt => Ok(()),
            (Some(_), Some(_)) => Err(InvalidGrant::OtherKey.into()),
        }
    }

    /// Whether it is by the key that these claims are bound to (`cnf`, RFC 9449 §6), if they are bound to anything.
    ///
    /// # Errors
    /// [`Unproven`].
    pub(super) fn possesses(&self, claims: &Map<String, Value>) -> Result<(), Unproven> {
        let Some(confirmation) = claims.get("cnf") else { return Ok(()) };
        let members = confirmation.as_object().filter(|members| members.len() == 1);
        match (members.and_then(|members| members.get("jkt")?.as_str()), self.jkt()) {
            (None, _) => Err(Unproven::Unprovable),
            (Some(_), None) => Err(Unproven::Missing),
            (Some(bound), Some(jkt)) if bound == jkt => Ok(()),
            (Some(_), Some(_)) => Err(Unproven::OtherKey),
        }
    }

    /// What refresh tokens of this client are bound to (§5): its key, where it has no other credential.
    pub(super) fn bound_refresh(&self, client: &Client) -> Option<String> {
        self.jkt().filter(|_| client.is_public())
    }

    /// Uses the proof up. Call it when all else is verified, and before the code or refresh token is used: who sends a request
    /// a second time then loses nothing.
    ///
    /// # Errors
    /// [`Refusal::Proof`]; [`Refusal::Store`] where the store cannot tell.
    pub(super) async fn use_up(self, issuer: &Issuer) -> Result<Binding, Refusal> {
        let Some(proof) = self.0 else { return Ok(Binding(None)) };
        match proof.is_first(&issuer.store, issuer.now()).await? {
            true => Ok(Binding(Some(proof.jkt()))),
            false => Err(Refusal::Proof(ProofError::Used)),
        }
    }
}

impl Binding {
    /// The thumbprint of the key.
    pub(crate) fn jkt(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// How the token is presented (§5): `token_type` of the answer.
    pub(super) fn token_type(&self) -> &'static str {
        match self.0 {
            Some(_) => "DPoP",
            None => "Bearer",
        }
    }
}
