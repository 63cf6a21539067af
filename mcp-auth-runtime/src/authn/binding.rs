//! The check of what a credential is bound to, against each request and after the cache: a verified credential is
//! remembered, a proof never.

use std::net::IpAddr;

use super::confirmation::Confirmation;
use super::credential::Credential;
use super::error::TokenError;
use super::principal::Principal;
use super::verifier::api_key::ApiKeyError;

/// Checks what the credential of `principal` is bound to against what came with it, `from` this address if that is known.
///
/// - Source: RFC 9449 §7.2 and RFC 8705 §3: a bound token does not pass as a bearer token.
///
/// # Errors
/// [`TokenError::SenderConstrained`] when the proof is missing; [`ApiKeyError::Address`] when the request comes from
/// elsewhere, or from where is not known.
pub(super) fn check(
    principal: &Principal,
    presented: Credential<'_>,
    from: Option<IpAddr>,
) -> Result<(), TokenError> {
    match (principal.confirmation(), presented) {
        (None, _) => Ok(()),
        (
            Some(Confirmation::Unsupported),
            Credential::Bearer(_) | Credential::ApiKey(_) | Credential::None,
        ) => Err(TokenError::SenderConstrained),
        (Some(Confirmation::Addresses(allowed)), _) => {
            match from.is_some_and(|from| allowed.iter().any(|network| network.contains(from))) {
                true => Ok(()),
                false => Err(ApiKeyError::Address { name: principal.subject().to_owned(), from }.into()),
            }
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
            claims: claims.into(),
            ..Facts::of("https://as.example".into(), "alice")
        };
        check(&Principal::new(Via::Jwt, facts), Credential::Bearer("x"), None)
    }

    #[test]
    fn t53_a_sender_constrained_token_is_refused_as_bearer() {
        for cnf in [json!({"jkt": "x"}), json!({"x5t#S256": "x"}), json!({}), json!(null)] {
            assert!(matches!(verdict(json!({"cnf": cnf})), Err(TokenError::SenderConstrained)), "{cnf}");
        }
        assert!(verdict(json!({"sub": "alice"})).is_ok());
    }

    #[test]
    fn a_credential_for_certain_addresses_is_refused_from_others_and_where_none_is_known() {
        let allowed = ["10.0.0.0/8", "2001:db8::1"].map(|network| network.parse().unwrap());
        let facts = Facts {
            confirmation: Some(Confirmation::Addresses(allowed.into())),
            ..Facts::of("urn:mcp-auth:api-key".into(), "ci")
        };
        let principal = Principal::new(Via::ApiKey, facts);
        let verdict = |from: Option<&str>| {
            check(&principal, Credential::ApiKey("x"), from.map(|from| from.parse().unwrap()))
        };
        for inside in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1"] {
            assert!(verdict(Some(inside)).is_ok(), "{inside}");
        }
        for outside in [Some("11.0.0.1"), Some("2001:db8::2"), Some("::1"), None] {
            let refused = verdict(outside).unwrap_err();
            assert!(matches!(refused, TokenError::ApiKey(ApiKeyError::Address { .. })), "{outside:?}");
        }
    }
}
