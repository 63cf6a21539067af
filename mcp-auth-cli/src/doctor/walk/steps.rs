//! All requests and all checks, in order.

use super::authenticated;
use super::login::{self, Login};
use super::resource_metadata::ResourceMetadata;
use super::unauthenticated::Unauthenticated;
use super::visit::Visit;
use crate::doctor::checks::{self, ALL, between};
use crate::doctor::judge::unauthenticated::LoginSigns;
use crate::doctor::judge::{self, clock, cors};
use crate::doctor::mcp::{Endpoint, Reply};
use crate::doctor::step::Step;

/// Makes all requests; returns one step for every check.
pub(crate) async fn walk(visit: &Visit<'_>) -> Vec<Step> {
    let unauthenticated = Unauthenticated::connect(visit).await;
    let mut steps = vec![judge::reachability::reachability(visit.url, &unauthenticated.answers)];
    if steps[0].failed() {
        steps.extend(ALL.iter().skip(1).map(|check| check.skipped("the server was not reached at this URL")));
        return steps;
    }
    steps.push(judge::https::https(visit.url));
    steps.push(judge::protocol::protocol(&unauthenticated.answers));

    let metadata = ResourceMetadata::fetch(visit, unauthenticated.refusal()).await;
    let signs = LoginSigns { has_metadata: metadata.document().is_some(), ..unauthenticated.signs };
    steps.push(judge::unauthenticated::unauthenticated(&unauthenticated.answers, signs));
    let refusal = unauthenticated.refusal();
    let offers_no_login =
        refusal.is_some_and(judge::challenge::names_no_metadata) && metadata.places().are_absent();
    steps.push(match refusal {
        Some(_) if offers_no_login => judge::challenge::no_login(),
        Some(answer) => judge::challenge::challenge(
            visit.url,
            answer,
            &metadata.path.0,
            metadata.places().has_path_form(),
        ),
        None => checks::CHALLENGE.skipped("there was no 401"),
    });

    let challenged = refusal.and_then(judge::challenge::bearer);
    let challenged =
        challenged.map(|challenge| challenge.scopes().into_iter().map(str::to_owned).collect::<Vec<_>>());
    let is_open_to_all = refusal.is_none() && unauthenticated.is_open() && metadata.document().is_none();
    let login = if is_open_to_all || offers_no_login {
        let why = match is_open_to_all {
            true => "the server does not ask for a login",
            false => "the server offers no login",
        };
        steps.extend(between(checks::METADATA_CHALLENGE, checks::JWKS).map(|check| check.skipped(why)));
        Login::default()
    } else {
        steps.extend(metadata.places().steps());
        login::walk(visit, metadata.document(), challenged.as_deref(), &mut steps).await
    };

    steps.push(browser(visit, unauthenticated.most_informative()).await);
    let server = unauthenticated.most_informative().map(|reply| &reply.answer).and_then(clock::ahead);
    steps.push(clock::clock(server, login.issuer_ahead));
    authenticated::with_token(
        visit,
        &unauthenticated,
        &login,
        challenged.unwrap_or_default(),
        server,
        &mut steps,
    )
    .await;
    steps
}

async fn browser(visit: &Visit<'_>, first: Option<&Reply>) -> Step {
    use http::{HeaderMap, HeaderValue, Method, header};
    let Some(first) = first else {
        return checks::CORS.skipped("the server was not reached");
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::ORIGIN, HeaderValue::from_static(cors::ORIGIN));
    headers.insert(header::ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("POST"));
    headers.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_static(cors::ASKED));
    let preflight = visit.web.send(Method::OPTIONS, visit.url, headers, None).await;
    let page = Endpoint { origin: Some(cors::ORIGIN), ..visit.endpoint(None) };
    let answered = page.open(first.era).await;
    if let Ok(reply) = &answered
        && reply.result().is_some()
    {
        page.close(&page.proceed(reply).await).await;
    }
    cors::cors(&preflight, &answered.map(|reply| reply.answer))
}
