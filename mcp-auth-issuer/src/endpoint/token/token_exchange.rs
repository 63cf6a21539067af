//! Token exchange (RFC 8693): a client that the operator named gets an access token for the subject of another one, so that an agent can
//! hand a part of its work to another. The new token says who acts (`act`); it is never wider than the old one, never lives longer, cannot
//! be refreshed, and ends with the same grant, or with the old one where that came of no grant.

use mcp_auth_core::ScopeSet;
use mcp_auth_core::own_claims::is_for_no_login;
use mcp_auth_store::{Authentication, Client, GrantType, grant_name};
use serde_json::{Map, Value, json};

use super::issued::{ACCESS_TOKEN, Issued, To};
use super::proof::{Proven, Unproven};
use crate::endpoint::client_request::{
    InvalidExchange, InvalidSubjectToken, Refusal, is_trusted_with, verify_resource,
};
use crate::issuer::{Exchanged, Grantee, Issuer};
use crate::key::OurToken;
use crate::request::Params;

/// What a `subject_token_type` may say of our access tokens, which are JWTs (§3).
const SUBJECT_TYPES: [&str; 2] = [ACCESS_TOKEN, "urn:ietf:params:oauth:token-type:jwt"];
/// The most actors in one token: as many as servers read.
const MOST_ACTORS: usize = 8;

/// The steps in their order.
pub(super) async fn issue(
    issuer: &Issuer,
    client: &Client,
    params: &Params,
    proven: Proven,
) -> Result<Issued, Refusal> {
    is_trusted_with(issuer, client, GrantType::TokenExchange)?;
    verify_request(issuer, params)?;
    let subject = subject_token(issuer, params).await?;
    verify_client(issuer, client, &subject)?;
    // The new token is bound to the same key.
    proven.possesses(&subject.more).map_err(Unproven::refusal_of_subject_token)?;
    let scopes = scopes(issuer, client, params, &subject)?;
    let act = actors(client, &subject)?;
    let binding = proven.use_up(issuer).await?;

    let authentication = authentication(issuer, &subject);
    let granted_to = subject.granted_to.as_deref().unwrap_or(&subject.client_id);
    let exchanged = Exchanged { act: &act, granted_to, until: subject.exp };
    // One that came of no grant counts as a grant itself: with it ends what it was exchanged for.
    let grant_id = subject.grant_id.clone().unwrap_or_else(|| grant_name(&subject.jti));
    let (access_token, lifetime) = issuer.exchanged_token(
        &Grantee {
            subject: &subject.sub,
            client_id: &client.id,
            resource: issuer.resource.as_str(),
            scopes: &scopes,
            authentication: authentication.as_ref(),
            grant_id: Some(&grant_id),
            binding: &binding,
        },
        &exchanged,
    )?;
    // Asked last: what is revoked after this ends the new token too.
    verify_not_revoked(issuer, params, &subject).await?;
    let to = To {
        of_client: Some(subject.client_id),
        ..To::new("token_exchange", &client.id, subject.sub, Some(grant_id))
    };
    Ok(Issued::new(issuer, access_token, None, &scopes, &binding, to).exchanged(lifetime))
}

/// How the person logged in, as their token says it, with the claims that their login gave.
fn authentication(issuer: &Issuer, subject: &OurToken) -> Option<Authentication> {
    let said_of_login = |claim: &str| ["auth_time", "acr", "amr"].contains(&claim);
    let (of_login, others): (Map<_, _>, Map<_, _>) =
        subject.more.clone().into_iter().partition(|(claim, _)| said_of_login(claim));
    let configured = issuer.claims.get(&subject.sub);
    let is_besides = |claim: &String| {
        !is_for_no_login(claim) && !configured.is_some_and(|configured| configured.contains_key(claim))
    };
    let claims = others.into_iter().filter(|(claim, _)| is_besides(claim)).collect();
    let authentication: Authentication = serde_json::from_value(Value::Object(of_login)).ok()?;
    Some(Authentication { claims, ..authentication })
}

/// Verifies what the request asks for: an access token for this server, for one subject, without an actor token (§2.1).
fn verify_request(issuer: &Issuer, params: &Params) -> Result<(), Refusal> {
    let subject_type = params.get("subject_token_type").ok_or(Refusal::Missing("subject_token_type"))?;
    if !SUBJECT_TYPES.contains(&subject_type) {
        return Err(InvalidExchange::SubjectTokenType.into());
    }
    if params.get("requested_token_type").is_some_and(|requested| requested != ACCESS_TOKEN) {
        return Err(InvalidExchange::RequestedTokenType.into());
    }
    if params.count("actor_token") > 0 || params.count("actor_token_type") > 0 {
        return Err(InvalidExchange::ActorToken.into());
    }
    verify_resource(issuer, params)?;
    match params.get("audience") {
        Some(audience) if !issuer.resource.is_named_by(audience) => Err(Refusal::Resource),
        Some(_) | None => Ok(()),
    }
}

/// The subject token: an access token of this issuer for this server, neither expired nor revoked.
async fn subject_token(issuer: &Issuer, params: &Params) -> Result<OurToken, Refusal> {
    let token = params.get("subject_token").ok_or(Refusal::Missing("subject_token"))?;
    let ours = issuer.keys.ours(token, issuer.origin.as_str(), issuer.now()).await?;
    let ours = ours.ok_or(InvalidSubjectToken::NotOurs)?;
    // Issuers on one store have one key.
    if ours.more.get("iss").and_then(Value::as_str) != Some(issuer.origin.as_str()) {
        return Err(InvalidSubjectToken::OtherIssuer.into());
    }
    if ours.more.get("aud").and_then(Value::as_str) != Some(issuer.resource.as_str()) {
        return Err(InvalidSubjectToken::OtherAudience.into());
    }
    if issuer.now() >= ours.exp {
        return Err(InvalidSubjectToken::Expired.into());
    }
    verify_not_revoked(issuer, params, &ours).await?;
    Ok(ours)
}

/// Verifies that a token is neither denied nor revoked. Other processes revoke too, so the store is asked.
async fn verify_not_revoked(issuer: &Issuer, params: &Params, ours: &OurToken) -> Result<(), Refusal> {
    if issuer.denied.refuses(params.get("subject_token").unwrap_or_default(), ours.claims()) {
        return Err(InvalidSubjectToken::Denied.into());
    }
    match issuer.store.revocations().is_revoked(ours.revocable()).await? {
        true => Err(InvalidSubjectToken::Revoked.into()),
        false => Ok(()),
    }
}

/// Verifies that this client may act with this token: it was issued to it, or to a client that the operator listed; and whom the token
/// names in `may_act` (§4.4), if it names anybody.
fn verify_client(issuer: &Issuer, client: &Client, subject: &OurToken) -> Result<(), Refusal> {
    let is_own = subject.client_id == client.id;
    if !is_own && !issuer.may_exchange(&client.id, &subject.client_id) {
        return Err(InvalidSubjectToken::OfOtherClient.into());
    }
    // In the hands of another client it would look like the token of a person.
    if !is_own && subject.is_of_a_program() {
        return Err(InvalidSubjectToken::OfOtherProgram.into());
    }
    match subject.more.get("may_act") {
        Some(named) if !names(issuer, named, client) => Err(InvalidSubjectToken::OtherActor.into()),
        Some(_) | None => Ok(()),
    }
}

/// Whether `may_act` names this client. A member that is not understood might name somebody else.
fn names(issuer: &Issuer, may_act: &Value, client: &Client) -> bool {
    let Some(members) = may_act.as_object() else { return false };
    let is_client = |name: &str, value: &Value| match name {
        "sub" | "client_id" => value == client.id.as_str(),
        "iss" => value == issuer.origin.as_str(),
        _ => false,
    };
    let is_named = members.contains_key("sub") || members.contains_key("client_id");
    is_named && members.iter().all(|(name, value)| is_client(name, value))
}

/// The scopes of the new token: those that are asked for, or all, of what the subject token holds and the client may have.
fn scopes(
    issuer: &Issuer,
    client: &Client,
    params: &Params,
    subject: &OurToken,
) -> Result<ScopeSet, Refusal> {
    let held = subject.more.get("scope").and_then(Value::as_str).unwrap_or_default();
    let held = issuer.scopes.known_of(&ScopeSet::parse_lossy(held));
    let asked = issuer.scopes.requested(params.get("scope")).map_err(Refusal::Scope)?;
    issuer.scopes.in_both(asked, &held, &client.scopes).map_err(Refusal::ScopeNotGranted)
}

/// Who acts: this client, for whom acted before (§4.1). A client that acts already does not act twice.
fn actors(client: &Client, subject: &OurToken) -> Result<Map<String, Value>, Refusal> {
    let before = match subject.more.get("act") {
        None => None,
        Some(Value::Object(before)) => Some(before),
        Some(_) => return Err(InvalidSubjectToken::MalformedActor.into()),
    };
    let mut act = Map::from_iter([("sub".to_owned(), json!(client.id))]);
    let Some(before) = before else { return Ok(act) };
    if before.get("sub").and_then(Value::as_str) == Some(&client.id) {
        return Ok(before.clone());
    }
    let chain = std::iter::successors(Some(before), |actor| actor.get("act").and_then(Value::as_object));
    if chain.count() >= MOST_ACTORS {
        return Err(InvalidSubjectToken::TooManyActors.into());
    }
    act.insert("act".to_owned(), Value::Object(before.clone()));
    Ok(act)
}
