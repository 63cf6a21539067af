//! The check of what a credential is bound to, against each request and after the cache: a verified credential is
//! remembered, a proof never.

use mcp_auth_core::net::Network;

use super::confirmation::Confirmation;
use super::credential::Credential;
use super::dpop::{PresentedProof, Thumbprint};
use super::error::TokenError;
use super::principal::Principal;
use super::sender::Sender;
use super::verifier::api_key::ApiKeyError;

/// Checks what the credential of `principal` is bound to against what came with it, and who `sender` is.
///
/// Answers with the proof that is still to be checked, where the credential is bound to a key.
///
/// - Source: RFC 9449 §7.2 and RFC 8705 §3: a bound token does not pass as a bearer token, nor an unbound one as a bound.
///
/// # Errors
/// [`TokenError::SenderConstrained`] when the proof is missing; [`TokenError::Unbound`] when one comes with a token that is
/// bound to no key; [`TokenError::NoCertificate`] and [`TokenError::OtherCertificate`] when the certificate is not shown;
/// [`ApiKeyError::Address`] when the request comes from elsewhere, or from where is not known.
pub(super) fn check<'a>(
    principal: &'a Principal,
    presented: Credential<'a>,
    sender: &Sender,
) -> Result<Option<Owed<'a>>, TokenError> {
    let bound = principal.confirmation();
    let owed = match (bound.and_then(Confirmation::key), presented) {
        _ if bound == Some(&Confirmation::Unsupported) => return Err(TokenError::SenderConstrained),
        (None, Credential::Dpop(_)) => return Err(TokenError::Unbound),
        (Some(jkt), Credential::Dpop(proof)) => Some(Owed { proof, jkt }),
        (Some(_), Credential::Bearer(_) | Credential::ApiKey(_) | Credential::None) => {
            return Err(TokenError::SenderConstrained);
        }
        (None, Credential::Bearer(_) | Credential::ApiKey(_) | Credential::None) => None,
    };
    check_sender(principal, sender)?;
    Ok(owed)
}

/// The same of a client that proves what its token is bound to: whether it has to send a proof.
///
/// # Errors
/// As [`check`], but for proofs.
pub(super) fn check_but_proof(principal: &Principal, sender: &Sender) -> Result<bool, TokenError> {
    let bound = principal.confirmation();
    if bound == Some(&Confirmation::Unsupported) {
        return Err(TokenError::SenderConstrained);
    }
    check_sender(principal, sender)?;
    Ok(bound.and_then(Confirmation::key).is_some())
}

fn check_sender(principal: &Principal, sender: &Sender) -> Result<(), TokenError> {
    let bound = principal.confirmation();
    match (bound.and_then(Confirmation::certificate), &sender.certificate) {
        (None, _) => {}
        (Some(_), None) => return Err(TokenError::NoCertificate),
        (Some(ours), Some(shown)) if ours == shown => {}
        (Some(_), Some(_)) => return Err(TokenError::OtherCertificate),
    }
    match bound {
        Some(Confirmation::Addresses(allowed)) if !is_from(sender, allowed) => {
            Err(ApiKeyError::Address { name: principal.subject().to_owned(), from: sender.address }.into())
        }
        _ => Ok(()),
    }
}

fn is_from(sender: &Sender, allowed: &[Network]) -> bool {
    sender.address.is_some_and(|from| allowed.iter().any(|network| network.contains(from)))
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
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::authn::binding_mode::{BindingMode, Bindings};
    use crate::authn::certificate::CertificateThumbprint;
    use crate::authn::principal::{Facts, Via};

    const JKT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    /// SHA-256 of `abc`.
    const X5T: &str = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
    const MODES: [BindingMode; 3] = [BindingMode::Off, BindingMode::Allowed, BindingMode::Required];

    /// What is accepted by DPoP alone.
    fn dpop(mode: BindingMode) -> Bindings {
        Bindings { dpop: mode, ..Bindings::default() }
    }

    /// What is accepted by certificates alone.
    fn certificates(mode: BindingMode) -> Bindings {
        Bindings { certificate: mode, ..Bindings::default() }
    }

    /// Whether a proof is owed.
    fn verdict(claims: &Value, bindings: Bindings, with_proof: bool) -> Result<bool, TokenError> {
        verdict_of(claims, bindings, with_proof, None)
    }

    /// The same of a sender with the certificate of this DER.
    fn verdict_of(
        claims: &Value,
        bindings: Bindings,
        with_proof: bool,
        der: Option<&[u8]>,
    ) -> Result<bool, TokenError> {
        let claims = claims.as_object().unwrap().clone();
        let facts = Facts {
            confirmation: Confirmation::of(&claims, bindings),
            claims: claims.into(),
            ..Facts::of("https://as.example".into(), "alice")
        };
        let (headers, method) = (http::HeaderMap::new(), http::Method::POST);
        let presented = match with_proof {
            true => Credential::Dpop(PresentedProof::of("x", &headers, &method)),
            false => Credential::Bearer("x"),
        };
        let sender = Sender::default().with(der.map(CertificateThumbprint::of));
        check(&Principal::new(Via::Jwt, facts), presented, &sender).map(|owed| owed.is_some())
    }

    #[test]
    fn t53_a_sender_constrained_token_is_refused_as_bearer() {
        for mode in MODES {
            for cnf in
                [json!({"jkt": JKT}), json!({"jkt": "x"}), json!({"x5t#S256": X5T}), json!({}), json!(null)]
            {
                let refused = verdict(&json!({"cnf": cnf}), dpop(mode), false);
                assert!(matches!(refused, Err(TokenError::SenderConstrained)), "{cnf} {mode:?}");
            }
            assert!(!verdict(&json!({"sub": "alice"}), dpop(mode), false).unwrap());
        }
    }

    #[test]
    fn only_a_token_that_is_bound_to_one_key_and_nothing_else_owes_a_proof() {
        for mode in [BindingMode::Allowed, BindingMode::Required] {
            assert!(verdict(&json!({"cnf": {"jkt": JKT}}), dpop(mode), true).unwrap());
        }
        for cnf in [
            json!({"jkt": JKT, "x5t#S256": X5T}),
            json!({"jkt": JKT, "jwk": {}}),
            json!({"jkt": "x"}),
            json!({"jkt": [JKT]}),
            json!({"x5t#S256": X5T}),
            json!([{"jkt": JKT}]),
            json!({}),
            json!(null),
        ] {
            let refused = verdict(&json!({ "cnf": cnf }), dpop(BindingMode::Allowed), true);
            assert!(matches!(refused, Err(TokenError::SenderConstrained)), "{cnf}");
        }
        let off = verdict(&json!({"cnf": {"jkt": JKT}}), dpop(BindingMode::Off), true);
        assert!(matches!(off, Err(TokenError::SenderConstrained)));
        let unbound = verdict(&json!({"sub": "alice"}), dpop(BindingMode::Allowed), true);
        assert!(matches!(unbound, Err(TokenError::Unbound)));
    }

    #[test]
    fn t86_a_token_that_is_bound_to_a_certificate_passes_with_that_one_and_no_other() {
        let bound = json!({"cnf": {"x5t#S256": X5T}});
        let with = |bindings, der| verdict_of(&bound, bindings, false, der);
        for mode in [BindingMode::Allowed, BindingMode::Required] {
            let on = certificates(mode);
            assert!(!with(on, Some(b"abc")).unwrap(), "no proof is owed besides");
            assert!(matches!(with(on, None), Err(TokenError::NoCertificate)));
            assert!(matches!(with(on, Some(b"abd")), Err(TokenError::OtherCertificate)));
            assert!(matches!(with(on, Some(b"")), Err(TokenError::OtherCertificate)));
            let by_scheme = verdict_of(&bound, on, true, Some(b"abc"));
            assert!(matches!(by_scheme, Err(TokenError::Unbound)), "a proof is for a token with a key");
        }
        for off in [certificates(BindingMode::Off), dpop(BindingMode::Required)] {
            assert!(matches!(with(off, Some(b"abc")), Err(TokenError::SenderConstrained)));
        }
        let unbound = json!({"sub": "alice"});
        for der in [None, Some(&b"abc"[..])] {
            assert!(!verdict_of(&unbound, certificates(BindingMode::Allowed), false, der).unwrap());
        }
    }

    #[test]
    fn t86_what_is_not_the_thumbprint_of_one_certificate_passes_with_none() {
        for cnf in [
            json!({"x5t#S256": "x"}),
            json!({"x5t#S256": ""}),
            json!({"x5t#S256": format!("{X5T}=")}),
            json!({"x5t#S256": [X5T]}),
            json!({"x5t#S256": null}),
            json!({"x5t#s256": X5T}),
            json!({"x5t": X5T}),
            json!({"x5t#S256": X5T, "jwk": {}}),
            json!({"x5t#S256": X5T, "jkt": JKT}),
            json!([{"x5t#S256": X5T}]),
            json!(X5T),
            json!({}),
            json!(null),
        ] {
            let refused =
                verdict_of(&json!({ "cnf": cnf }), certificates(BindingMode::Allowed), false, Some(b"abc"));
            assert!(matches!(refused, Err(TokenError::SenderConstrained)), "{cnf}");
        }
    }

    #[test]
    fn t86_a_token_that_is_bound_to_a_key_and_a_certificate_needs_both() {
        let bound = json!({"cnf": {"x5t#S256": X5T, "jkt": JKT}});
        let both = Bindings { dpop: BindingMode::Allowed, certificate: BindingMode::Allowed };
        let with = |with_proof, der| verdict_of(&bound, both, with_proof, der);
        assert!(with(true, Some(b"abc")).unwrap());
        assert!(matches!(with(true, None), Err(TokenError::NoCertificate)));
        assert!(matches!(with(true, Some(b"abd")), Err(TokenError::OtherCertificate)));
        assert!(matches!(with(false, Some(b"abc")), Err(TokenError::SenderConstrained)));
    }

    #[test]
    fn a_token_must_name_each_method_that_is_required() {
        let (key, certificate) = (json!({"jkt": JKT}), json!({"x5t#S256": X5T}));
        let both = json!({"jkt": JKT, "x5t#S256": X5T});
        let check = |cnf: Option<&Value>, bindings: Bindings| {
            let claims: Map<String, Value> =
                cnf.map(|cnf| ("cnf".to_owned(), cnf.clone())).into_iter().collect();
            bindings.check(&claims)
        };
        let (by_key, by_certificate) = (dpop(BindingMode::Required), certificates(BindingMode::Required));
        let by_both = Bindings { dpop: BindingMode::Required, certificate: BindingMode::Required };
        for cnf in [None, Some(&certificate), Some(&json!({})), Some(&json!([JKT]))] {
            assert!(matches!(check(cnf, by_key), Err(TokenError::Unbound)), "{cnf:?}");
        }
        for cnf in [None, Some(&key), Some(&json!({})), Some(&json!("x5t#S256"))] {
            assert!(matches!(check(cnf, by_certificate), Err(TokenError::NoBoundCertificate)), "{cnf:?}");
        }
        for one in [&key, &certificate] {
            assert!(check(Some(one), by_both).is_err());
        }
        for (cnf, bindings) in [(&key, by_key), (&certificate, by_certificate), (&both, by_both)] {
            assert!(check(Some(cnf), bindings).is_ok());
        }
        for allowed in [Bindings::default(), dpop(BindingMode::Allowed), certificates(BindingMode::Allowed)] {
            assert!(check(None, allowed).is_ok());
        }
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
            let sender = Sender::at(from.map(|from| from.parse().unwrap()));
            check(&principal, Credential::ApiKey("x"), &sender).map(drop)
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
