//! The check of what a credential is bound to, against each request and after the cache: a verified credential is
//! remembered, a proof never.

use super::confirmation::Confirmation;
use super::credential::Credential;
use super::error::TokenError;
use super::principal::Principal;

/// Checks what the credential of `principal` is bound to against what came with it.
///
/// - Source: RFC 9449 §7.2 and RFC 8705 §3: a bound token does not pass as a bearer token.
///
/// # Errors
/// [`TokenError::SenderConstrained`] when the proof is missing.
pub(super) fn check(principal: &Principal, presented: Credential<'_>) -> Result<(), TokenError> {
    match (principal.confirmation(), presented) {
        (None, _) => Ok(()),
        (Some(Confirmation::Unsupported), Credential::Bearer(_) | Credential::None) => {
            Err(TokenError::SenderConstrained)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::authn::principal::{Facts, Via};

    fn verdict(claims: Value) -> Result<(), TokenError> {
        let claims = claims.as_object().unwrap().clone();
        let facts = Facts {
            confirmation: Confirmation::of(&claims),
            claims,
            ..Facts::of("https://as.example".into(), "alice")
        };
        check(&Principal::new(Via::Jwt, facts), Credential::Bearer("x"))
    }

    #[test]
    fn t53_a_sender_constrained_token_is_refused_as_bearer() {
        for cnf in [json!({"jkt": "x"}), json!({"x5t#S256": "x"}), json!({}), json!(null)] {
            assert!(matches!(verdict(json!({"cnf": cnf})), Err(TokenError::SenderConstrained)), "{cnf}");
        }
        assert!(verdict(json!({"sub": "alice"})).is_ok());
    }
}
