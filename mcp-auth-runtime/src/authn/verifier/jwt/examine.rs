//! Everything that a server would find wrong with a token, for those who explain it: the verifier's own checks, of which
//! the first to fail does not end the rest. Nothing is allowed by it.

use mcp_auth_core::ScopeSet;
use mcp_auth_core::seen::Excerpt;
use serde_json::{Map, Value};

use super::issuer::IssuerRules;
use super::jwks::{KeySet, Outcome};
use super::jws;
use crate::authn::confirmation::Confirmation;
use crate::authn::error::TokenError;
use crate::authn::verifier::claims::{self, Accepted};

/// What was found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Examined {
    /// Everything that is wrong, in the order in which a server checks.
    pub faults: Vec<TokenError>,
    /// Whether its claims could be read; if not, what stands in them is not known.
    pub is_read: bool,
    /// The scopes that a server would see, whatever is wrong.
    pub scopes: ScopeSet,
}

/// Examines a token as a server would that trusts these issuers, each with its JWK Set; without a set its signature is not
/// checked.
///
/// - Units: `now` in Unix seconds.
pub fn examine(token: &str, issuers: &[(IssuerRules, Option<Value>)], now: u64) -> Examined {
    let mut found = Examined::default();
    let (jws, claims) = match jws::parse(token).and_then(|jws| Ok((claims::read(&jws.payload)?, jws))) {
        Ok((claims, jws)) => (jws, claims),
        Err(fault) => {
            found.faults.push(fault);
            return found;
        }
    };
    found.is_read = true;
    let named = match claims::issuer(&claims) {
        Ok(iss) => {
            let named = issuers.iter().find_map(|(rules, keys)| {
                let accepted = rules.accepted.iter().find(|accepted| *accepted.iss == *iss)?;
                Some((rules, keys, Some(accepted)))
            });
            if named.is_none() && !issuers.is_empty() {
                found.faults.push(TokenError::UnknownIssuer(Excerpt::of(iss)));
            }
            named
        }
        Err(fault) => {
            found.faults.push(fault);
            None
        }
    };
    // The rest is told by the rules of the first, as if it were its token.
    let first = || issuers.first().map(|(rules, keys)| (rules, keys, None));
    let Some((rules, keys, accepted)) = named.or_else(first) else { return found };
    if !rules.may_use(jws.header.alg) {
        found.faults.push(TokenError::Algorithm);
    } else if let Some(set) = keys {
        match KeySet::read(set, rules.algorithms.as_deref(), rules.refresh.max_keys)
            .map(|set| set.verify(&jws, |issuer| accepted.is_none_or(|named| named.may_be_signed_by(issuer))))
        {
            Ok(Outcome::Good) => {}
            Ok(Outcome::Bad) => found.faults.push(TokenError::Signature),
            Ok(Outcome::OtherAlgorithm) => found.faults.push(TokenError::Algorithm),
            Ok(Outcome::UnknownKey) | Err(_) => found.faults.push(TokenError::UnknownKey),
        }
    }
    found.faults.extend(jws.header.typ.check(rules.require_at_jwt).err());
    found.faults.extend(in_claims(rules, accepted, &claims, now));
    found.scopes = claims::scopes(&rules.tokens, &claims).unwrap_or_default();
    found
}

/// Everything that is wrong with the claims of a token of this issuer, its signature aside.
pub(super) fn in_claims(
    rules: &IssuerRules,
    accepted: Option<&Accepted>,
    claims: &Map<String, Value>,
    now: u64,
) -> Vec<TokenError> {
    let mut faults = claims::faults(&rules.tokens, claims, now);
    faults.extend(accepted.and_then(|named| named.check_tenant(claims).err()));
    if Confirmation::of(claims, rules.tokens.bindings) == Some(Confirmation::Unsupported) {
        faults.push(TokenError::SenderConstrained);
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::authn::verifier::jwt::KeySource;

    fn token(header: Value, claims: Value) -> String {
        use base64::Engine as _;
        let part = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.AA", part(header), part(claims))
    }

    fn faults(claims: Value) -> Vec<String> {
        let issuer = "https://as.example".parse().unwrap();
        let rules = IssuerRules::new(issuer, vec!["https://rs.example/mcp".to_owned()], KeySource::Discovery);
        let found = examine(&token(json!({ "alg": "ES256" }), claims), &[(rules, None)], 1000);
        found.faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_found_and_nothing_where_nothing_is() {
        let good = json!({
            "iss": "https://as.example", "aud": "https://rs.example/mcp", "sub": "alice", "exp": 1600, "iat": 1000,
        });
        assert_eq!(faults(good.clone()), Vec::<String>::new());
        let mut bad = good;
        bad["aud"] = "https://other.example".into();
        bad["exp"] = 900.into();
        bad["iat"] = 800.into();
        bad["iss"] = "https://as.example/".into();
        bad["cnf"] = json!({});
        bad.as_object_mut().unwrap().remove("sub");
        let found = faults(bad);
        for part in ["issuer", "audience", "expired", "`sub` is absent", "sender-constrained"] {
            assert!(found.iter().any(|fault| fault.contains(part)), "{part}: {found:?}");
        }
        assert_eq!(found.len(), 5, "{found:?}");
    }
}
