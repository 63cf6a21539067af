//! Checks the token, and connects to the MCP endpoint with it, to see it accepted.

use mcp_auth_core::Era;
use mcp_auth_runtime::facade::{IssuerRules, KeySource, examine};
use serde_json::{Map, Value, json};

use super::login::{Issuer, Login};
use super::unauthenticated::Unauthenticated;
use super::visit::Visit;
use crate::doctor::checks::{self, AUTHENTICATED, TOOL, between};
use crate::doctor::fetch::Trouble;
use crate::doctor::judge::clock::Ahead;
use crate::doctor::judge::token::Reached;
use crate::doctor::judge::{call, said, token};
use crate::doctor::mcp::{Endpoint, Reply};
use crate::doctor::step::Step;
use crate::doctor::token::{Shape, Token};

/// The checks of the token, the connection with it, and the call of one tool.
pub(super) async fn with_token(
    visit: &Visit<'_>,
    unauthenticated: &Unauthenticated,
    login: &Login,
    needed: Vec<String>,
    server_ahead: Option<Ahead>,
    steps: &mut Vec<Step>,
) {
    let Some(given) = visit.token else {
        let checks = between(checks::TOKEN_FORMAT, AUTHENTICATED);
        steps.extend(checks.map(|check| check.skipped("no --token was given")));
        steps.push(match (visit.tool, &unauthenticated.called) {
            (Some(name), Some(called)) => call::tool(name, called, true),
            (Some(_), None) => TOOL.skipped("no --token was given, and the server asks for one to connect"),
            (None, _) => TOOL.skipped("no --tool was given"),
        });
        return;
    };
    let before = steps.len();
    let endpoint = visit.endpoint(Some(given.secret().expose()));
    let reply = open(&endpoint).await;
    judge_token(visit, login, given, &reply, &needed, server_ahead, steps).await;
    // What the server itself says is wrong counts more than what looks right from outside.
    if let Ok(reply) = &reply
        && reply.status() == 401
        && let Some((check, said)) = said::said(reply)
        && let Some(step) = steps[before..].iter_mut().find(|step| step.is(check) && !step.failed())
    {
        *step = said;
    }
    let wrong: Vec<Step> = steps[before..].iter().filter(|step| step.failed()).cloned().collect();
    let wrong: Vec<&Step> = wrong.iter().collect();
    let talk = match &reply {
        Ok(reply) if reply.result().is_some() => Some(endpoint.proceed(reply).await),
        _ => None,
    };
    let tools = match &talk {
        Some(talk) => Some(endpoint.list_tools(talk).await),
        None => None,
    };
    steps.push(call::authenticated(&reply, tools.as_ref(), &wrong));
    steps.push(match (visit.tool, &talk) {
        (None, _) => TOOL.skipped("no --tool was given"),
        (Some(_), None) => TOOL.skipped("connecting with the token did not work"),
        (Some(name), Some(talk)) => call::tool(name, &endpoint.call_tool(talk, name).await, false),
    });
    if let Some(talk) = &talk {
        endpoint.close(talk).await;
    }
}

/// Opens the newer era, or the older one if the server does not know it.
async fn open(endpoint: &Endpoint<'_>) -> Result<Reply, Trouble> {
    let stateless = endpoint.open(Era::Stateless).await;
    match &stateless {
        Ok(reply) if reply.result().is_some() || matches!(reply.status().as_u16(), 401 | 403) => stateless,
        _ => {
            let legacy = endpoint.open(Era::Sessions).await;
            if legacy.is_ok() { legacy } else { stateless }
        }
    }
}

async fn judge_token(
    visit: &Visit<'_>,
    login: &Login,
    given: &Token,
    reply: &Result<Reply, Trouble>,
    needed: &[String],
    server_ahead: Option<Ahead>,
    steps: &mut Vec<Step>,
) {
    let shape = given.shape();
    let Shape::Jwt(jwt) = &shape else {
        steps.push(token::format(&shape, &[], Reached::Nothing));
        let checks = between(checks::TOKEN_ISSUER, checks::TOKEN_SCOPES);
        let unread = match &shape {
            Shape::ApiKey(_) => {
                "an API key says nothing: what it may do stands in the server's configuration"
            }
            _ => "the token cannot be read from outside",
        };
        steps.extend(checks.map(|check| check.skipped(unread)));
        return;
    };
    let mut trusted: Vec<String> = login.issuers.iter().map(|issuer| issuer.listed.clone()).collect();
    trusted.extend(login.issuers.iter().filter_map(|issuer| issuer.stated.clone()));
    trusted.dedup();
    let mut accepted: Vec<String> = login.resource.iter().cloned().collect();
    accepted.push(visit.given.to_owned());
    let ours = visit.web.now();
    let now = i64::try_from(ours).unwrap_or(i64::MAX).saturating_add(server_ahead.unwrap_or(0));

    let rules = issuers(login, &accepted, jwt.header("kid"));
    let found = examine(given.secret().expose(), &rules, u64::try_from(now).unwrap_or_default());
    let faults = &found.faults;
    let reached = match faults.is_empty() {
        true => Reached::Nothing,
        false => reached(visit, given, reply).await,
    };
    steps.push(token::format(&shape, faults, reached));
    if !found.is_read {
        let checks = between(checks::TOKEN_ISSUER, checks::TOKEN_SCOPES);
        steps.extend(checks.map(|check| check.skipped("servers read no further")));
        return;
    }
    let iss = jwt.claim("iss");
    let is_own = |issuer: &&Issuer| Some(issuer.listed.as_str()) == iss || issuer.stated.as_deref() == iss;
    let signed = |issuer: &&Issuer| has_key(issuer.keys.as_deref(), jwt.header("kid"));
    let mut all = login.issuers.iter();
    let own = all.clone().find(is_own).or_else(|| all.clone().find(signed)).or_else(|| all.next());
    steps.push(token::issuer(jwt, &trusted, faults, reached));
    steps.push(token::audience(jwt, &accepted, faults, reached));
    steps.push(token::lifetime(jwt, now, faults));
    steps.push(token::key(jwt, own.and_then(|issuer| issuer.keys.as_deref()), faults, reached));
    steps.push(token::scopes(jwt, needed, &found.scopes));
}

/// How far the server itself went with a token that does not look right from outside. That it goes in proves nothing of a
/// server that looks at no token: so the same one with another signature must be refused.
async fn reached(visit: &Visit<'_>, given: &Token, reply: &Result<Reply, Trouble>) -> Reached {
    let Ok(reply) = reply else { return Reached::Nothing };
    if reply.status() == 401 {
        return said::reached(reply);
    }
    if reply.result().is_none() && !call::lacks_scopes(reply) {
        return Reached::Nothing;
    }
    let Some(changed) = given.with_another_signature() else { return Reached::Nothing };
    let endpoint = visit.endpoint(Some(changed.expose()));
    match open(&endpoint).await {
        Ok(refused) if refused.status() == 401 => Reached::All,
        Ok(opened) if opened.result().is_some() => {
            endpoint.close(&endpoint.proceed(&opened).await).await;
            Reached::Nothing
        }
        _ => Reached::Nothing,
    }
}

fn has_key(keys: Option<&[Map<String, Value>]>, kid: Option<&str>) -> bool {
    let is_it = |key: &Map<String, Value>| key.get("kid").and_then(Value::as_str) == kid;
    kid.is_some() && keys.is_some_and(|keys| keys.iter().any(is_it))
}

/// What an mcp-auth server with the usual settings would verify with, for each authorization server under both its names;
/// those first that have this key.
fn issuers(login: &Login, audiences: &[String], kid: Option<&str>) -> Vec<(IssuerRules, Option<Value>)> {
    let (signed, others): (Vec<&Issuer>, Vec<&Issuer>) =
        login.issuers.iter().partition(|issuer| has_key(issuer.keys.as_deref(), kid));
    let named = signed.into_iter().chain(others).flat_map(|issuer| {
        let names = std::iter::once(&issuer.listed).chain(&issuer.stated);
        names.map(move |name| (name, issuer.keys.as_ref()))
    });
    let rules = named.filter_map(|(name, keys)| {
        let rules = IssuerRules::new(name.parse().ok()?, audiences.to_vec(), KeySource::Discovery);
        Some((rules, keys.map(|keys| json!({ "keys": keys }))))
    });
    let mut rules: Vec<_> = rules.collect();
    if rules.is_empty()
        && let Ok(nobody) = "https://issuer.invalid".parse()
    {
        // Everything but the issuer can be told all the same.
        rules.push((IssuerRules::new(nobody, audiences.to_vec(), KeySource::Discovery), None));
    }
    rules
}
