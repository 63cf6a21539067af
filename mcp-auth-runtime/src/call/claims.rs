//! The token's own claims as a type of the user's.

use rmcp::ErrorData;
use serde_json::{Map, Value};

use super::Call;
use super::derives::HasDeserialize;
use super::from_call::{FromCall, caller};
use crate::answer::Rejection;
use crate::declared::{ClaimsFit, UnfitClaims};

/// The claims of the caller's token as your own type, verified like the rest of the token.
///
/// That they fit is part of the operation's rule: a caller whose claims are not a `T` gets 403, without a challenge and before any
/// scope is asked for, since no login mends that. The answer names the claim, never its value. So `T` is read while the call is decided,
/// and lists that hide what a caller may not use read it too: its `Deserialize` is quick and has no effects.
///
/// # Example
/// ```
/// # use mcp_auth_runtime::facade::Claims;
/// #[derive(serde::Deserialize)]
/// struct Tenant { tenant: String }
///
/// fn greeting(Claims(Tenant { tenant }): Claims<Tenant>) -> String { format!("hello {tenant}") }
/// # assert_eq!(greeting(Claims(Tenant { tenant: "acme".to_owned() })), "hello acme");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims<T>(pub T);

impl<T: HasDeserialize> FromCall for Claims<T> {
    const NEEDS_TRANSPORT: bool = false;
    const CLAIMS: Option<ClaimsFit> = Some(fit::<T>);

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        read(caller(call)?.claims()).map(Self).map_err(refused)
    }
}

/// `None` where the operation is public and its caller is anonymous.
impl<T: HasDeserialize> FromCall for Option<Claims<T>> {
    const NEEDS_TRANSPORT: bool = false;
    const CLAIMS: Option<ClaimsFit> = Some(fit::<T>);

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        let read = call.caller.as_ref().map(|caller| read(caller.claims()).map(Claims));
        read.transpose().map_err(refused)
    }
}

fn fit<T: HasDeserialize>(claims: &Map<String, Value>) -> Result<(), UnfitClaims> {
    read::<T>(claims).map(drop)
}

/// Reached only through the `FromCall` of another type: what a method takes itself was asked by the rule.
fn refused(unfit: UnfitClaims) -> ErrorData {
    Rejection::UnfitClaims(unfit).error_data()
}

fn read<T: HasDeserialize>(claims: &Map<String, Value>) -> Result<T, UnfitClaims> {
    serde_path_to_error::deserialize(claims).map_err(|error| {
        let place = Some(error.path().to_string()).filter(|place| place != ".");
        let what = error.into_inner().to_string();
        // serde says it so, and the name is one of the type's own.
        let missing = what.strip_prefix("missing field `").and_then(|rest| Some(rest.split_once('`')?.0));
        let claim = place
            .into_iter()
            .chain(missing.map(str::to_owned))
            .reduce(|place, name| format!("{place}.{name}"));
        UnfitClaims { claim, is_missing: missing.is_some() }
    })
}

#[cfg(test)]
mod tests {
    use rmcp::model::ErrorCode;

    use super::*;
    use crate::call::support;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Tenant {
        tenant: u32,
    }

    fn claims(json: &Value) -> Result<Tenant, ErrorData> {
        read(json.as_object().unwrap()).map_err(refused)
    }

    #[test]
    fn claims_become_the_type_asked_for() {
        assert_eq!(claims(&serde_json::json!({"tenant": 5, "sub": "alice"})).unwrap(), Tenant { tenant: 5 });
    }

    #[test]
    fn claims_that_do_not_fit_are_403_and_keep_their_value() {
        let wrong = claims(&serde_json::json!({"tenant": "secret"})).unwrap_err();
        assert_eq!(wrong.code, ErrorCode(403));
        assert_eq!(wrong.message, "the token's claim `tenant` is not what this operation needs");
        let missing = claims(&serde_json::json!({})).unwrap_err();
        assert_eq!(missing.message, "the token lacks the claim `tenant`, which this operation needs");
    }

    #[test]
    fn claim_that_is_missing_below_another_is_named_with_its_place() {
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "read only")]
        struct Realm {
            realm_access: Tenant,
        }
        let said = |json: Value| refused(read::<Realm>(json.as_object().unwrap()).unwrap_err()).message;
        assert_eq!(
            said(serde_json::json!({ "realm_access": {} })),
            "the token lacks the claim `realm_access.tenant`, which this operation needs"
        );
        assert_eq!(
            said(serde_json::json!({ "realm_access": { "tenant": "missing field `secret`" } })),
            "the token's claim `realm_access.tenant` is not what this operation needs"
        );
    }

    #[test]
    fn claims_without_a_caller_are_401_and_optional_claims_none() {
        let mut call = support::call_with("x", serde_json::json!({}));
        assert_eq!(Claims::<Tenant>::from_call(&mut call).unwrap_err().code, ErrorCode(401));
        assert_eq!(Option::<Claims<Tenant>>::from_call(&mut call).unwrap(), None);
    }
}
