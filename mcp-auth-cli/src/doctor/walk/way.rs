//! The whole way, step by step.

use super::found::Found;
use super::login::{self, Login};
use super::openings::{self, Opened};
use super::visit::Visit;
use crate::doctor::checks::{self, ALL, between};
use crate::doctor::judge::{self, clock, cors, door};
use crate::doctor::mcp::{Endpoint, Reply};
use crate::doctor::step::Step;

/// Makes all requests; returns one step for every check.
pub(crate) async fn walk(visit: &Visit<'_>) -> Vec<Step> {
    let opened = Opened::without_token(visit).await;
    let mut steps = vec![door::reachability(visit.url, &opened.openings)];
    if steps[0].failed() {
        steps.extend(ALL.iter().skip(1).map(|check| check.skipped("the server was not reached at this URL")));
        return steps;
    }
    steps.push(door::https(visit.url));
    steps.push(judge::protocol::protocol(&opened.openings));

    let found = Found::fetch(visit, opened.refusal()).await;
    let inside = door::Inside { has_metadata: found.document().is_some(), ..opened.inside };
    steps.push(door::unauthenticated(&opened.openings, inside));
    let refusal = opened.refusal();
    steps.push(match refusal {
        Some(answer) => {
            judge::challenge::challenge(visit.url, answer, &found.path.0, found.places().has_path_form())
        }
        None => checks::CHALLENGE.skipped("there was no 401"),
    });

    let challenged = refusal.and_then(judge::challenge::bearer);
    let challenged =
        challenged.map(|challenge| challenge.scopes().into_iter().map(str::to_owned).collect::<Vec<_>>());
    let is_open_to_all = refusal.is_none() && opened.is_open() && found.document().is_none();
    let login = if is_open_to_all {
        let why = "the server asks nobody to log in";
        steps.extend(between(checks::METADATA_CHALLENGE, checks::JWKS).map(|check| check.skipped(why)));
        Login::default()
    } else {
        steps.extend(found.places().steps());
        login::walk(visit, found.document(), challenged.as_deref(), &mut steps).await
    };

    steps.push(browser(visit, opened.telling()).await);
    let server = opened.telling().map(|reply| &reply.answer).and_then(clock::ahead);
    steps.push(clock::clock(server, login.issuer_ahead));
    openings::with_token(visit, &opened, &login, challenged.unwrap_or_default(), server, &mut steps).await;
    steps
}

async fn browser(visit: &Visit<'_>, telling: Option<&Reply>) -> Step {
    use http::{HeaderMap, HeaderValue, Method, header};
    let Some(telling) = telling else {
        return checks::CORS.skipped("the server was not reached");
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::ORIGIN, HeaderValue::from_static(cors::ORIGIN));
    headers.insert(header::ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("POST"));
    headers.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_static(cors::ASKED));
    let preflight = visit.web.send(Method::OPTIONS, visit.url, headers, None).await;
    let page = Endpoint { origin: Some(cors::ORIGIN), ..visit.endpoint(None) };
    let answered = page.open(telling.era).await;
    if let Ok(reply) = &answered
        && reply.result().is_some()
    {
        page.close(&page.proceed(reply).await).await;
    }
    cors::cors(&preflight, &answered.map(|reply| reply.answer))
}
