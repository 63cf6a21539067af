//! The JWT bearer grant (RFC 7523 §2.1) of a program: the assertion of the platform that runs it is its only credential.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::issued::{Issued, To};
use super::jwt_bearer;
use super::proof::{Proven, Unproven};
use crate::endpoint::client_request::{InvalidGrant, NotAuthenticated, Refusal, verify_resource};
use crate::issuer::{Grantee, Issuer};
use crate::request::Params;

/// By what a client would authenticate in the form.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// Whether a request presents an assertion that names an issuer of workloads. Nothing is verified yet: it says only which checks the request
/// gets.
pub(super) fn is_presented(issuer: &Issuer, params: &Params) -> bool {
    let Ok(jwt) = jwt_bearer::assertion(params) else { return false };
    issuer.assertions.named_by(&jwt).is_some_and(|trusted| trusted.is_of_workloads())
}

/// The steps in their order.
pub(super) async fn issue(
    issuer: &Issuer,
    headers: &HeaderMap,
    params: &Params,
    proven: Proven,
) -> Result<Issued, Refusal> {
    has_no_other_credential(headers, params)?;
    verify_resource(issuer, params)?;
    let jwt = jwt_bearer::assertion(params)?;
    let trusted = issuer.assertions.named_by(&jwt).ok_or(InvalidGrant::UntrustedIssuer)?;
    let assertion = trusted.verify(&jwt).await?;
    let workload = trusted.workload_of(&assertion, jwt.typ().as_deref())?;
    verify_client_id(params, &workload.client_id)?;
    proven.possesses(&assertion.claims).map_err(Unproven::refusal_of_assertion)?;
    let asked = issuer.scopes.requested(params.get("scope")).map_err(Refusal::Scope)?;
    let scopes = issuer.scopes.in_both(asked, &workload.scopes, &workload.scopes);
    let scopes = scopes.map_err(Refusal::ScopeNotGranted)?;
    let binding = proven.use_up(issuer).await?;

    // RFC 9068 §2.2: without a resource owner, `sub` names the client.
    let access_token = issuer.access_token(&Grantee {
        subject: &workload.client_id,
        client_id: &workload.client_id,
        resource: issuer.resource.as_str(),
        scopes: &scopes,
        authentication: None,
        grant_id: None,
        binding: &binding,
    })?;
    let to = To {
        assertion: Some((trusted.as_str().to_owned(), assertion.subject.clone())),
        ..To::new("jwt_bearer", &workload.client_id, &*workload.client_id, None)
    };
    Ok(Issued::new(issuer, access_token, None, &scopes, &binding, to))
}

/// The assertion is its only credential.
fn has_no_other_credential(headers: &HeaderMap, params: &Params) -> Result<(), Refusal> {
    match headers.contains_key(AUTHORIZATION) || CREDENTIALS.iter().any(|name| params.count(name) > 0) {
        true => Err(NotAuthenticated::BesideWorkload.into()),
        false => Ok(()),
    }
}

/// `client_id` may be left out; otherwise it is the name of the workload.
fn verify_client_id(params: &Params, name: &str) -> Result<(), Refusal> {
    match params.get("client_id") {
        Some(id) if id != name => Err(InvalidGrant::OtherWorkload.into()),
        Some(_) | None => Ok(()),
    }
}
