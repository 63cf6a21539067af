//! Connects to the MCP endpoint: without a token, to see it refused, and with the token, to see it accepted.

use mcp_auth_core::Era;
use serde_json::Value;

use super::Visit;
use super::login::Login;
use crate::doctor::checks::{self, AUTHENTICATED, TOOL, between};
use crate::doctor::fetch::{Answer, Trouble};
use crate::doctor::judge::clock::Ahead;
use crate::doctor::judge::door::{Inside, Openings, asks_for_login, telling};
use crate::doctor::judge::{call, token};
use crate::doctor::mcp::{Endpoint, Reply};
use crate::doctor::step::Step;
use crate::doctor::token::Shape;

/// A tool name that servers do not have, so that calling it runs nothing.
const NO_SUCH_TOOL: &str = "mcp-auth-doctor-no-such-tool";

/// The server's answers to a caller without a token.
pub(super) struct Opened {
    pub(super) openings: Openings,
    pub(super) inside: Inside,
    /// The answer to a tool call, where connecting needed no token.
    called: Option<Result<Reply, Trouble>>,
}

impl Opened {
    pub(super) async fn without_token(visit: &Visit<'_>) -> Self {
        let endpoint = visit.endpoint(None);
        let stateless = endpoint.open(Era::Stateless).await;
        let legacy = match &stateless {
            Err(trouble) if !matches!(trouble, Trouble::Other(_)) => Err(trouble.clone()),
            _ => endpoint.open(Era::Sessions).await,
        };
        let openings = [stateless, legacy];
        let mut opened = Self { openings, inside: Inside::default(), called: None };
        opened.look_inside(visit, &endpoint).await;
        opened
    }

    /// If connecting needs no token, finds out whether calling a tool needs one.
    async fn look_inside(&mut self, visit: &Visit<'_>, endpoint: &Endpoint<'_>) {
        let used = self.telling().filter(|reply| reply.result().is_some()).cloned();
        for opening in self.openings.iter().flatten() {
            let is_used = used.as_ref().is_some_and(|used| used.era == opening.era);
            if opening.result().is_some() && !is_used {
                endpoint.close(&endpoint.proceed(opening).await).await;
            }
        }
        let Some(used) = used else { return };
        let talk = endpoint.proceed(&used).await;
        let tools = endpoint.list_tools(&talk).await;
        let name = visit.tool.filter(|_| visit.token.is_none()).unwrap_or(NO_SUCH_TOOL);
        let called = endpoint.call_tool(&talk, name).await;
        endpoint.close(&talk).await;
        self.inside.tools_ask = tools.is_ok_and(|tools| some_need_a_login(&tools));
        self.inside.calls_ask = asks_for_login(called.as_ref().ok());
        self.called = Some(called);
    }

    pub(super) fn telling(&self) -> Option<&Reply> {
        telling(&self.openings)
    }

    /// The 401 that a client sees first.
    pub(super) fn refusal(&self) -> Option<&Answer> {
        let called = self.called.as_ref().and_then(|called| called.as_ref().ok());
        [self.telling(), called]
            .into_iter()
            .flatten()
            .find(|reply| reply.status() == 401)
            .map(|reply| &reply.answer)
    }

    pub(super) fn is_open(&self) -> bool {
        self.called.is_some()
    }
}

/// Whether a tool has `securitySchemes` that name OAuth, as some servers with public and private tools declare it.
fn some_need_a_login(tools: &Reply) -> bool {
    let tools = tools.result().and_then(|result| result.get("tools")).and_then(Value::as_array);
    let schemes = |tool: &Value| {
        let stated = tool.get("securitySchemes").or_else(|| tool.pointer("/_meta/securitySchemes"))?;
        Some(stated.as_array()?.iter().any(|scheme| scheme["type"] == "oauth2"))
    };
    tools.is_some_and(|tools| tools.iter().any(|tool| schemes(tool) == Some(true)))
}

/// The checks of the token, the connection with it, and the call of one tool.
pub(super) async fn with_token(
    visit: &Visit<'_>,
    opened: &Opened,
    login: &Login,
    needed: Vec<String>,
    server_ahead: Option<Ahead>,
    steps: &mut Vec<Step>,
) {
    let Some(given) = visit.token else {
        let checks = between(checks::TOKEN_FORMAT, AUTHENTICATED);
        steps.extend(checks.map(|check| check.skipped("no --token was given")));
        steps.push(match (visit.tool, &opened.called) {
            (Some(name), Some(called)) => call::tool(name, called, true),
            (Some(_), None) => TOOL.skipped("no --token was given, and the server asks for one to connect"),
            (None, _) => TOOL.skipped("no --tool was given"),
        });
        return;
    };
    let before = steps.len();
    judge_token(visit, login, &given.shape(), &needed, server_ahead, steps);
    let wrong: Vec<Step> = steps[before..].iter().filter(|step| step.failed()).cloned().collect();
    let wrong: Vec<&Step> = wrong.iter().collect();

    let endpoint = visit.endpoint(Some(given.secret().expose()));
    let reply = open(&endpoint).await;
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
    shape: &Shape,
    needed: &[String],
    server_ahead: Option<Ahead>,
    steps: &mut Vec<Step>,
) {
    steps.push(token::format(shape));
    let Shape::Jwt(jwt) = shape else {
        let checks = between(checks::TOKEN_ISSUER, checks::TOKEN_SCOPES);
        steps.extend(checks.map(|check| check.skipped("the token cannot be read from outside")));
        return;
    };
    let mut trusted: Vec<String> = login.issuers.iter().map(|issuer| issuer.listed.clone()).collect();
    trusted.extend(login.issuers.iter().filter_map(|issuer| issuer.stated.clone()));
    trusted.dedup();
    let mut accepted: Vec<String> = login.resource.iter().cloned().collect();
    accepted.push(visit.given.to_owned());
    let ours = visit.web.now();
    let now = i64::try_from(ours).unwrap_or(i64::MAX).saturating_add(server_ahead.unwrap_or(0));
    let iss = jwt.claim("iss");
    let own = login
        .issuers
        .iter()
        .find(|issuer| Some(issuer.listed.as_str()) == iss || issuer.stated.as_deref() == iss);
    let keys = own.or(login.issuers.first()).and_then(|issuer| issuer.keys.as_deref());
    steps.push(token::issuer(jwt, &trusted));
    steps.push(token::audience(jwt, &accepted));
    steps.push(token::lifetime(jwt, now));
    steps.push(token::key(jwt, keys));
    steps.push(token::scopes(jwt, needed));
}
