//! Checks the token, and connects to the MCP endpoint with it, to see it accepted.

use mcp_auth_core::Era;
use mcp_auth_runtime::facade::{IssuerRules, KeySource, examine};
use serde_json::{Value, json};

use super::login::{Issuer, Login};
use super::unauthenticated::Unauthenticated;
use super::visit::Visit;
use crate::doctor::checks::{self, AUTHENTICATED, TOOL, between};
use crate::doctor::fetch::Trouble;
use crate::doctor::judge::clock::Ahead;
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
    judge_token(visit, login, given, &needed, server_ahead, steps);

    let endpoint = visit.endpoint(Some(given.secret().expose()));
    let reply = open(&endpoint).await;
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

fn judge_token(
    visit: &Visit<'_>,
    login: &Login,
    given: &Token,
    needed: &[String],
    server_ahead: Option<Ahead>,
    steps: &mut Vec<Step>,
) {
    let shape = given.shape();
    let Shape::Jwt(jwt) = &shape else {
        steps.push(token::format(&shape, &[]));
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

    let rules = issuers(login, &accepted);
    let found = examine(given.secret().expose(), &rules, u64::try_from(now).unwrap_or_default());
    let faults = &found.faults;
    steps.push(token::format(&shape, faults));
    if !found.is_read {
        let checks = between(checks::TOKEN_ISSUER, checks::TOKEN_SCOPES);
        steps.extend(checks.map(|check| check.skipped("servers read no further")));
        return;
    }
    let iss = jwt.claim("iss");
    let is_own = |issuer: &&Issuer| Some(issuer.listed.as_str()) == iss || issuer.stated.as_deref() == iss;
    let own = login.issuers.iter().find(is_own).or(login.issuers.first());
    steps.push(token::issuer(jwt, &trusted, faults));
    steps.push(token::audience(jwt, &accepted, faults));
    steps.push(token::lifetime(jwt, now, faults));
    steps.push(token::key(jwt, own.and_then(|issuer| issuer.keys.as_deref()), faults));
    steps.push(token::scopes(jwt, needed, &found.scopes));
}

/// What an mcp-auth server with the usual settings would verify with, for each authorization server under both its names.
fn issuers(login: &Login, audiences: &[String]) -> Vec<(IssuerRules, Option<Value>)> {
    let named = login.issuers.iter().flat_map(|issuer| {
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
