//! The JWT bearer grant (RFC 7523 §2.1) of a client that acts for a person of an enterprise: the assertion of the person's identity provider
//! (`id-jag`) stands for what the person would allow. `workload` is the same grant of a program without a client's credential.

use mcp_auth_runtime::facade::UnverifiedJwt;
use mcp_auth_store::{Client, GrantType, SecretHash};

use super::issued::{Issued, To};
use super::proof::{Proven, Unproven};
use crate::assertion::{IdJag, TrustedIssuer};
use crate::endpoint::client_request::{InvalidGrant, Refusal, Replayed, is_trusted_with, verify_resource};
use crate::issuer::{Grantee, Issuer};
use crate::request::Params;

/// The longest assertion, in bytes.
const LONGEST: usize = 16 * 1024;

/// The steps in their order.
pub(super) async fn issue(
    issuer: &Issuer,
    client: &Client,
    params: &Params,
    proven: Proven,
) -> Result<Issued, Refusal> {
    // The assertion names the client, which means something only of one that authenticates.
    is_trusted_with(issuer, client, GrantType::JwtBearer)?;
    verify_resource(issuer, params)?;
    let jwt = assertion(params)?;
    let trusted = issuer.assertions.named_by(&jwt).ok_or(InvalidGrant::UntrustedIssuer)?;
    let assertion = trusted.verify(&jwt).await?;
    let id_jag =
        IdJag::read(&assertion, jwt.typ().as_deref(), trusted.as_str(), &client.id, &issuer.resource)?;
    proven.possesses(&assertion.claims).map_err(Unproven::refusal_of_assertion)?;
    let held = id_jag.scopes.as_ref().unwrap_or(&client.scopes);
    let held = issuer.scopes.known_of(held);
    let asked = issuer.scopes.requested(params.get("scope")).map_err(Refusal::Scope)?;
    let asked = asked.map(|asked| issuer.scopes.held_of(asked, &held)).transpose();
    let asked = asked.map_err(Refusal::ScopeNotGranted)?;
    let scopes = issuer.scopes.in_both(asked, &held, &client.scopes);
    let scopes = scopes.map_err(Refusal::ScopeNotGranted)?;
    let binding = proven.use_up(issuer).await?;
    use_up(issuer, trusted, &id_jag).await?;

    let access_token = issuer.access_token(&Grantee {
        subject: &id_jag.subject,
        client_id: &client.id,
        resource: issuer.resource.as_str(),
        scopes: &scopes,
        // The person did not log in here; what the identity provider knows of the login is its own.
        authentication: None,
        grant_id: None,
        binding: &binding,
    })?;
    let to = To {
        assertion: Some((trusted.as_str().to_owned(), assertion.subject)),
        ..To::new("jwt_bearer", &client.id, id_jag.subject, None)
    };
    Ok(Issued::new(issuer, access_token, None, &scopes, &binding, to).at(id_jag.resource))
}

/// The assertion of a request, taken apart. Nothing in it is trusted yet.
pub(super) fn assertion(params: &Params) -> Result<UnverifiedJwt<'_>, Refusal> {
    let text = params.get("assertion").ok_or(Refusal::Missing("assertion"))?;
    UnverifiedJwt::parse(text, LONGEST).map_err(|_| InvalidGrant::MalformedAssertion.into())
}

/// Uses up the identifier of an assertion: one counts once until it ends, in any process on the store.
async fn use_up(issuer: &Issuer, of: &TrustedIssuer, id_jag: &IdJag) -> Result<(), Refusal> {
    // An issuer identifier has no spaces, so this can be read in one way only.
    let hash = SecretHash::of(&format!("id-jag {} {}", of.as_str(), id_jag.jti));
    match issuer.store.spent().spend(hash, id_jag.ends_at, issuer.now()).await? {
        true => Ok(()),
        false => Err(Replayed::Assertion.into()),
    }
}
