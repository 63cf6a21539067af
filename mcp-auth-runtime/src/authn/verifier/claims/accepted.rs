//! One `iss` that an issuer may say: whom it stands for, and of which tenant it is.

use std::sync::Arc;

use mcp_auth_core::seen::Excerpt;
use serde_json::{Map, Value};

use super::check;
use super::rules::TokenRules;
use crate::authn::error::TokenError;
use crate::authn::principal::Facts;

/// How an issuer that serves several tenants writes "the tenant's own" into its metadata and keys.
pub const ANY_TENANT: &str = "{tenantid}";

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

    /// Checks the claims of a token that is of this issuer, and says what they say.
    ///
    /// - Units: `now` in Unix seconds.
    ///
    /// # Errors
    /// [`TokenError::Tenant`], or as [`check`](check::check).
    pub(in crate::authn::verifier) fn check(
        &self,
        rules: &TokenRules,
        claims: Map<String, Value>,
        now: u64,
    ) -> Result<Facts, TokenError> {
        self.check_tenant(&claims)?;
        let facts = check::check(rules, Arc::clone(&self.stands_for), claims, now)?;
        Ok(Facts { tenant: self.tenant.as_ref().map(|tenant| Arc::clone(&tenant.name)), ..facts })
    }

    /// The one of `all` that an answer about a token is about: which it names in `iss`; where it names none, the only one
    /// that it can be of. Several names that stand for one issuer are one; a tenant must be said by its claim then.
    ///
    /// - Source: RFC 7662 §2.2, `iss` is optional.
    ///
    /// # Errors
    /// [`TokenError::UnknownIssuer`]; without `iss`, [`TokenError::Tenant`] or [`TokenError::UnsaidIssuer`].
    pub(in crate::authn::verifier) fn of_answer<'a>(
        all: &'a [Self],
        claims: &Map<String, Value>,
    ) -> Result<&'a Self, TokenError> {
        if claims.contains_key("iss") {
            let iss = check::issuer(claims)?;
            let named = all.iter().find(|accepted| *accepted.iss == *iss);
            return named.ok_or_else(|| TokenError::UnknownIssuer(Excerpt::of(iss)));
        }
        let mut meant = all.iter().filter(|accepted| accepted.is_said_without_iss(claims));
        match meant.next() {
            Some(first) if meant.all(|other| other.stands_for == first.stands_for) => Ok(first),
            Some(_) => Err(TokenError::UnsaidIssuer),
            None => Err(match all.iter().find_map(Self::tenant_claim) {
                Some(claim) => TokenError::Tenant { claim: claim.to_owned() },
                None => TokenError::UnsaidIssuer,
            }),
        }
    }

    /// Whether a token may be of this issuer whose claims have no `iss`.
    fn is_said_without_iss(&self, claims: &Map<String, Value>) -> bool {
        match &self.tenant {
            None => true,
            Some(Tenant { claim: Some(_), .. }) => self.check_tenant(claims).is_ok(),
            Some(Tenant { claim: None, .. }) => false,
        }
    }

    fn tenant_claim(&self) -> Option<&str> {
        self.tenant.as_ref()?.claim.as_deref()
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
    fn t71_an_answer_without_iss_is_of_the_only_issuer_or_tenant_that_it_can_be_of() {
        let named = |iss: &str, stands_for: &str, tenant: Option<(&str, Option<&str>)>| Accepted {
            stands_for: Arc::from(stands_for),
            tenant: tenant
                .map(|(name, claim)| Tenant { name: Arc::from(name), claim: claim.map(str::to_owned) }),
            ..Accepted::plain(iss)
        };
        let of = |all: &[Accepted], claims: Value| {
            let found = Accepted::of_answer(all, claims.as_object().unwrap());
            found.map(|accepted| accepted.iss.to_string()).map_err(|error| error.to_string())
        };
        let one = [Accepted::plain("a")];
        let several = [Accepted::plain("a"), Accepted::plain("b")];
        let shared = [Accepted::plain("a"), named("b", "a", None)];
        let with = |claim| {
            ["a", "b"].map(|iss| {
                ["1", "2"].map(|of| named(&format!("{iss}{of}"), &format!("a{of}"), Some((of, claim))))
            })
        };
        let (claimed, unclaimed) = (with(Some("tid")).concat(), with(None).concat());
        for (all, says, expected) in [
            (&one[..], json!({}), Some("a")),
            (&one, json!({ "iss": "a" }), Some("a")),
            (&one, json!({ "iss": "b" }), None),
            (&several, json!({}), None),
            (&several, json!({ "iss": "b" }), Some("b")),
            (&several, json!({ "iss": "b/" }), None),
            (&several, json!({ "iss": ["b"] }), None),
            (&several, json!({ "iss": null }), None),
            (&shared, json!({}), Some("a")),
            (&shared, json!({ "iss": "b" }), Some("b")),
            (&claimed, json!({}), None),
            (&claimed, json!({ "tid": "1" }), Some("a1")),
            (&claimed, json!({ "tid": "2" }), Some("a2")),
            (&claimed, json!({ "tid": "3" }), None),
            (&claimed, json!({ "tid": ["1"] }), None),
            (&claimed, json!({ "iss": "b2", "tid": "2" }), Some("b2")),
            (&unclaimed, json!({}), None),
            (&unclaimed, json!({ "tid": "1" }), None),
            (&unclaimed, json!({ "iss": "b2" }), Some("b2")),
        ] {
            assert_eq!(of(all, says.clone()).ok().as_deref(), expected, "{says} {all:?}");
        }
        assert!(of(&several, json!({})).unwrap_err().contains("shared_subjects"));
        assert!(of(&claimed, json!({})).unwrap_err().contains("`tid`"));
        // Where the claim and `iss` disagree, the check of the claims says so.
        let rules = TokenRules::new(vec!["x".to_owned()]);
        let claims = json!({ "iss": "a1", "tid": "2" });
        let refused = claimed[0].check(&rules, claims.as_object().unwrap().clone(), 0);
        assert!(matches!(refused, Err(TokenError::Tenant { .. })), "{refused:?}");
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
