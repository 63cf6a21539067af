//! One `iss` that an issuer may say: whom it stands for, and of which tenant it is.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::authn::error::TokenError;

/// How an issuer that serves several tenants writes "the tenant's own" into its metadata and keys.
pub(crate) const ANY_TENANT: &str = "{tenantid}";

/// One `iss` whose tokens are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What `iss` says, byte for byte.
    pub iss: Arc<str>,
    /// The issuer of its principals: `iss` itself, or another name of the same issuer that stands for all of them.
    pub stands_for: Arc<str>,
    /// The tenant in it, and the claim that must say the same.
    pub tenant: Option<Tenant>,
}

/// A tenant of an issuer that serves several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its name, as the operator lists it.
    pub name: Arc<str>,
    /// The claim that must say it too, if one must.
    pub claim: Option<String>,
}

impl Accepted {
    /// Tokens that say `iss`, and nothing of tenants.
    pub fn plain(iss: &str) -> Self {
        let iss: Arc<str> = Arc::from(iss);
        Self { stands_for: Arc::clone(&iss), iss, tenant: None }
    }

    /// Whether the token is of the tenant that its `iss` names.
    ///
    /// # Errors
    /// [`TokenError::Tenant`].
    pub(in crate::authn::verifier) fn check_tenant(
        &self,
        claims: &Map<String, Value>,
    ) -> Result<(), TokenError> {
        let Some(Tenant { name, claim: Some(claim) }) = &self.tenant else { return Ok(()) };
        match claims.get(claim).and_then(Value::as_str) == Some(&**name) {
            true => Ok(()),
            false => Err(TokenError::Tenant { claim: claim.clone() }),
        }
    }

    /// Whether a key that says it is `key_issuer`'s may have signed such a token. Without tenants a key says nothing of them.
    pub(in crate::authn::verifier) fn may_be_signed_by(&self, key_issuer: Option<&str>) -> bool {
        match (&self.tenant, key_issuer) {
            (Some(tenant), Some(issuer)) => issuer.replace(ANY_TENANT, &tenant.name) == *self.iss,
            (None, _) | (_, None) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(tenant: &str, claim: Option<&str>) -> Accepted {
        let tenant = Tenant { name: Arc::from(tenant), claim: claim.map(str::to_owned) };
        Accepted { tenant: Some(tenant), ..Accepted::plain("https://as.example/t1/v2") }
    }

    #[test]
    fn t71_the_tenant_claim_must_be_the_tenant_of_the_issuer() {
        let says =
            |accepted: &Accepted, claims: Value| accepted.check_tenant(claims.as_object().unwrap()).is_ok();
        assert!(says(&of("t1", Some("tid")), json!({ "tid": "t1" })));
        for other in [json!({}), json!({ "tid": "t2" }), json!({ "tid": "T1" }), json!({ "tid": ["t1"] })] {
            assert!(!says(&of("t1", Some("tid")), other.clone()), "{other}");
            assert!(says(&of("t1", None), other.clone()));
            assert!(says(&Accepted::plain("https://as.example"), other));
        }
    }

    #[test]
    fn t71_a_key_of_one_tenant_signs_for_no_other() {
        let signs = |key: Option<&str>| of("t1", None).may_be_signed_by(key);
        for fine in [None, Some("https://as.example/t1/v2"), Some("https://as.example/{tenantid}/v2")] {
            assert!(signs(fine), "{fine:?}");
        }
        for other in [
            "https://as.example/t2/v2",
            "https://as.example/{tenantid}",
            "https://as.example/{tenant}/v2",
            "https://as.example/T1/v2",
            "{tenantid}",
        ] {
            assert!(!signs(Some(other)), "{other}");
            assert!(Accepted::plain("https://as.example").may_be_signed_by(Some(other)), "{other}");
        }
    }
}
