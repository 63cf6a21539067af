//! Whether an issuer's tokens may or must be bound, by each method.

use serde_json::{Map, Value};

use super::error::TokenError;

/// The member of `cnf` that names a key (RFC 9449 §6.1).
pub(super) const JKT: &str = "jkt";
/// The member of `cnf` that names a certificate (RFC 8705 §3.1).
pub(super) const X5T_S256: &str = "x5t#S256";

/// What is accepted of tokens that are bound by a method: to a key by DPoP (RFC 9449), or to a client certificate (RFC 8705).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BindingMode {
    /// Tokens that are bound so are refused.
    #[default]
    Off,
    /// They are accepted with their proof, and plain bearer tokens as well.
    Allowed,
    /// Only they are accepted.
    Required,
}

impl BindingMode {
    /// Whether proofs are read.
    pub fn is_on(self) -> bool {
        self != Self::Off
    }
}

/// What is accepted of an issuer's tokens, by each method. By default no token is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Bindings {
    /// To a key, by DPoP.
    pub dpop: BindingMode,
    /// To a client certificate.
    pub certificate: BindingMode,
}

impl Bindings {
    /// Whether a token with these claims is bound by each method that is required. Its proof is checked for each request,
    /// elsewhere.
    ///
    /// # Errors
    /// [`TokenError::Unbound`] and [`TokenError::NoBoundCertificate`].
    pub(super) fn check(self, claims: &Map<String, Value>) -> Result<(), TokenError> {
        let names = |method| claims.get("cnf").is_some_and(|cnf| cnf.get(method).is_some());
        if self.dpop == BindingMode::Required && !names(JKT) {
            return Err(TokenError::Unbound);
        }
        if self.certificate == BindingMode::Required && !names(X5T_S256) {
            return Err(TokenError::NoBoundCertificate);
        }
        Ok(())
    }
}
