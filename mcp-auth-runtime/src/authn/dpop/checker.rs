//! The check of each request that presents a bound token: its proof, for this token, this method and our URI.

use std::sync::Arc;

use mcp_auth_core::Resource;
use mcp_auth_core::ambient::Clock;

use super::htu::Htu;
use super::presented::PresentedProof;
use super::proof::{Expected, Proof};
use super::thumbprint::Thumbprint;
use crate::authn::error::TokenError;

/// Checks proofs.
pub(crate) struct Dpop {
    htu: Htu,
    clock: Arc<dyn Clock>,
}

impl Dpop {
    /// For a server whose URL is `resource`. `None` where no proof could be for that.
    pub(crate) fn new(resource: &Resource, clock: Arc<dyn Clock>) -> Option<Self> {
        Some(Self { htu: Htu::read(resource.as_str())?, clock })
    }

    /// Checks the proof beside a token that was verified and is bound to the key `jkt`.
    ///
    /// # Errors
    /// [`TokenError::Proof`] says what is wrong with it.
    pub(in crate::authn) fn check(
        &self,
        presented: PresentedProof<'_>,
        jkt: &Thumbprint,
    ) -> Result<(), TokenError> {
        let now = self.clock.unix_now();
        let PresentedProof { token, method, proof } = presented;
        let expected = Expected { method, htu: &self.htu, token, jkt, now };
        Proof::read(proof?, &expected)?;
        Ok(())
    }
}
