//! The check of what a credential is bound to, against each request and after the cache: a verified credential is
//! remembered, a proof never.

use std::net::IpAddr;

use super::confirmation::Confirmation;
use super::credential::Credential;
use super::dpop::{PresentedProof, Thumbprint};
use super::error::TokenError;
use super::principal::Principal;
use super::verifier::api_key::ApiKeyError;

/// Checks what the credential of `principal` is bound to against what came with it, `from` this address if that is known.
///
/// Answers with the proof that is still to be checked, where the credential is bound to a key.
///
/// - Source: RFC 9449 §7.2 and RFC 8705 §3: a bound token does not pass as a bearer token, nor an unbound one as a bound.
///
/// # Errors
/// [`TokenError::SenderConstrained`] when the proof is missing; [`TokenError::Unbound`] when one comes with a token that is
/// bound to no key; [`ApiKeyError::Address`] when the request comes from elsewhere, or from where is not known.
pub(super) fn check<'a>(
    principal: &'a Principal,
    presented: Credential<'a>,
    from: Option<IpAddr>,
) -> Result<Option<Owed<'a>>, TokenError> {
    match (principal.confirmation(), presented) {
        (None | Some(Confirmation::Addresses(_)), Credential::Dpop(_)) => Err(TokenError::Unbound),
        (None, Credential::Bearer(_) | Credential::ApiKey(_) | Credential::None) => Ok(None),
        (Some(Confirmation::Key(jkt)), Credential::Dpop(proof)) => Ok(Some(Owed { proof, jkt })),
        (Some(Confirmation::Key(_)), Credential::Bearer(_) | Credential::ApiKey(_) | Credential::None)
        | (Some(Confirmation::Unsupported), _) => Err(TokenError::SenderConstrained),
        (Some(Confirmation::Addresses(allowed)), _) => {
            match from.is_some_and(|from| allowed.iter().any(|network| network.contains(from))) {
                true => Ok(None),
                false => Err(ApiKeyError::Address { name: principal.subject().to_owned(), from }.into()),
            }
        }
    }
}

/// A proof that is still to be checked.
#[derive(Debug)]
pub(super) struct Owed<'a> {
    pub(super) proof: PresentedProof<'a>,
    /// The key that must have made it.
    pub(super) jkt: &'a Thumbprint,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::authn::binding_mode::BindingMode;
    use crate::authn::principal::{Facts, Via};

    const JKT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

    /// Whether a proof is owed.
    fn verdict(claims: &Value, dpop: BindingMode, with_proof: bool) -> Result<bool, TokenError> {
        let claims = claims.as_object().unwrap().clone();
        let facts = Facts {
            confirmation: Confirmation::of(&claims, dpop),
            claims: claims.into(),
            ..Facts::of("https://as.example".into(), "alice")
        };
        let (headers, method) = (http::HeaderMap::new(), http::Method::POST);
        let presented = match with_proof {
            true => Credential::Dpop(PresentedProof::of("x", &headers, &method)),
            false => Credential::Bearer("x"),
        };
        check(&Principal::new(Via::Jwt, facts), presented, None).map(|owed| owed.is_some())
    }

    #[test]
    fn t53_a_sender_constrained_token_is_refused_as_bearer() {
        for dpop in [BindingMode::Off, BindingMode::Allowed, BindingMode::Required] {
            for cnf in
                [json!({"jkt": JKT}), json!({"jkt": "x"}), json!({"x5t#S256": "x"}), json!({}), json!(null)]
            {
                let refused = verdict(&json!({"cnf": cnf}), dpop, false);
                assert!(matches!(refused, Err(TokenError::SenderConstrained)), "{cnf} {dpop:?}");
            }
            assert!(!verdict(&json!({"sub": "alice"}), dpop, false).unwrap());
        }
    }

    #[test]
    fn only_a_token_that_is_bound_to_one_key_and_nothing_else_owes_a_proof() {
        for dpop in [BindingMode::Allowed, BindingMode::Required] {
            assert!(verdict(&json!({"cnf": {"jkt": JKT}}), dpop, true).unwrap());
        }
        let unproven = |cnf: Value, dpop| verdict(&json!({ "cnf": cnf }), dpop, true);
        for cnf in [
            json!({"jkt": JKT, "x5t#S256": "x"}),
            json!({"jkt": JKT, "jwk": {}}),
            json!({"jkt": "x"}),
            json!({"jkt": [JKT]}),
            json!({"x5t#S256": "x"}),
            json!([{"jkt": JKT}]),
            json!({}),
            json!(null),
        ] {
            let refused = unproven(cnf.clone(), BindingMode::Allowed);
            assert!(matches!(refused, Err(TokenError::SenderConstrained)), "{cnf}");
        }
        let off = unproven(json!({"jkt": JKT}), BindingMode::Off);
        assert!(matches!(off, Err(TokenError::SenderConstrained)));
        let unbound = verdict(&json!({"sub": "alice"}), BindingMode::Allowed, true);
        assert!(matches!(unbound, Err(TokenError::Unbound)));
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
